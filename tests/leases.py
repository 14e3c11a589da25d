"""The lease of a site: held by the run of the tests, by other runs, or looked at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import lease
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Lease
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.owner import Owner

from lab.inprocess import Lab
from lab.world.record import READING


def hold(lab: Lab, owner: Owner | None = None, seconds: int = lease.SECONDS, token: str = "1ea5e" + "0" * 27) -> None:
    """Every site is held by a run, that of the tests by default, as an operation before would have left it.

    So a test of anything else meets the exchanges of that alone, each act with its fence.
    """
    held = owner or Owner.current({})
    for site in lab.world.sites.values():
        made = lease.make(held.run, held.who, held.machine, lab.world.now(), seconds, token)
        lab.world.network.files.write_text(lease.path(site.directory), made.text)


def other(name: str, **machine: str) -> Owner:
    """Another run, on another computer unless `machine` says where."""
    here = replace(Owner.current({}).machine, boot=f"boot of {name}", pid="1", started="1")
    return Owner(name, f"{name}@controller", replace(here, **machine))


def holder(lab: Lab, folder: str) -> Lease | None:
    """Who has the lease of a site directory."""
    files = lab.world.network.files
    return lease.parse(files.read_text(lease.path(folder))) if files.exists(lease.path(folder)) else None


def files(lab: Lab, folder: str) -> list[str]:
    """The names of the lease's files in a site directory."""
    return [one.name for one in lab.world.network.files.list(folder) if one.name.startswith(lease.NAME)]


def owned(action: Any, owner: Owner) -> Any:
    """The action as one of that run."""
    action.owner = owner
    return action


def may_change(step: Mapping[str, Any]) -> bool:
    """Whether the lab counts the cmdlet of a step as one that may change something."""
    name = str(step["cmdlet"]).rpartition("\\")[2]
    return not {name, name.partition("-")[0]} & READING


def is_fenced(request: Mapping[str, Any]) -> bool:
    """Whether a request of a module begins with the fence, is of the lease itself or of the tenant's records, or only reads.

    A search for updates of Windows reads, too, though a task does it.
    """
    names = [str(step["name"]) for step in request["steps"]]
    of_tenant = any(name.startswith("tenant_session") for name in names)
    of_lease = all(name.startswith("lease_") for name in names)
    of_search = "windows-search-" in json.dumps(request["steps"])
    return (
        of_tenant or of_lease or of_search or names[:1] == [lease.FENCE] or not any(map(may_change, request["steps"]))
    )


def free(lab: Lab) -> None:
    """No run has the lease of any site."""
    for site in lab.world.sites.values():
        for name in files(lab, site.directory):
            lab.world.network.files.remove(rf"{site.directory}\{name}")
