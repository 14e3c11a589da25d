"""The steps of the operations beside an upgrade fit the syntax of their cmdlets."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import credentials, steps

from lab.powershell.binding import bind
from lab.powershell.syntax import known
from lab.powershell.wire import from_wire

ROLES = ["Cms", "MS", "Edge"]
STEPS: list[steps.Step] = [
    *(steps.set_credential(kind) for kind in credentials.SETTABLE),
    *(steps.credential(kind, "it") for kind in credentials.ACCOUNT_TYPES),
    steps.restore_credentials(),
    steps.register_locally(),
    steps.certificate_path("it", "MediationServer"),
    steps.set_certificate("EdgeServer", r"C:\a.pfx", apply=True),
    steps.hash_of("it", r"C:\a.pfx"),
    steps.backup_authority(),
    steps.remove_authority_backup(),
    steps.export_root(r"C:\export"),
    steps.reset_authority(),
    *(steps.renew_root(before_2=old) for old in (True, False)),
    *(steps.renew_servers(ROLES, before_2=old) for old in (True, False)),
    steps.remove_legacy_certificates(ROLES),
    steps.set_appliance_directory(r"C:\a"),
    steps.set_site_directory(r"\\files\a"),
    steps.publish(),
    steps.start_logging(),
    *(steps.stop_logging(remove_cache=flag) for flag in (True, False)),
    steps.search_log("2026-01-31T04:00:00", "2026-01-31T05:00:00", r"C:\a.txt"),
]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step["cmdlet"].rpartition("\\")[2])
def test_the_step_binds(step: dict[str, Any]) -> None:
    syntax = known()[step["cmdlet"].rpartition("\\")[2].lower()]
    bound, _ = bind(syntax, from_wire(step["parameters"], {}))
    assert set(bound) == set(step["parameters"])
