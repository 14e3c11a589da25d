# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the whole state of one appliance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.facts.collector import get_collector_names
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import APPLIANCE, Change, Refused
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._reporting import REPORT, ReportingOperation
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import inference, maintenance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.answers import attempt
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.codec import encode
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.ini_document import Ini
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Reading, need
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.state import SUBSETS

MINIMUM = frozenset({"versions", "host"})
"""What C(min) is."""


class ActionModule(ReportingOperation):
    """Changes nothing, so there is nothing to decide."""

    ARGUMENTS = {**APPLIANCE, **REPORT, "gather_subset": {"type": "list", "elements": "str", "default": ["all"]}}

    @property
    def subset(self) -> Sequence[str]:
        """As Ansible's own setup module understands it, but a name that is not known is never passed over."""
        asked = self.arguments["gather_subset"]
        strange = sorted({name.removeprefix("!") for name in asked} - {*SUBSETS, "all", "min"})
        wanted = set() if strange else get_collector_names(frozenset(SUBSETS), MINIMUM, asked)
        if not wanted:
            what = f"{', '.join(strange)} is not known" if strange else "nothing is left to read"
            raise Refused(f"gather_subset: {what}.", f"Write some of all, min, {', '.join(SUBSETS)}, or !name.")
        return sorted(wanted)

    def decide(self, state: Appliance) -> list[Change]:
        return []

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        """Nothing to do."""

    def extra(self, state: Appliance) -> dict[str, Any]:
        return {
            "configuration": {"appliance": _sections(state.ini_appliance), "in_force": _sections(state.ini_imported)},
            "inferred": encode(_inferred(state)),
        }

    def _report(self, state: Appliance, changes: Sequence[Change]) -> dict[str, Any]:
        """In check mode nothing is handed on: a reading that was narrowed would hide the rest from the operations after it."""
        report = super()._report(state, changes)
        report.pop("ansible_facts", None)
        return report

    def reported(self, reason: str, result: Mapping[str, Any]) -> dict[str, Any]:
        return {"changed": False, "appliance": {"name": self._host, "unreadable": reason}}


def _sections(text: Reading[str | None]) -> Any:
    """Section -> key -> value of an ini; what is not known of its text is not known of it."""
    if not isinstance(text, str):
        return encode(text)
    ini = Ini.parse(text)
    return {name: ini.section(name) for name in ini.sections}


def _inferred(state: Appliance) -> dict[str, Any]:
    return {
        "mode": attempt(_mode, state),
        "recovery": attempt(inference.recovery, state),
        "management_switches": attempt(_management_switches, state),
        "external_certificate_expires": attempt(_expiry, state),
    }


def _mode(state: Appliance) -> str:
    return maintenance.mode(state).name.lower()


def _management_switches(state: Appliance) -> list[str]:
    need(state.ini)
    return state.left_over_switches


def _expiry(state: Appliance) -> Any:
    found = inference.external_certificate(state)
    return None if found is None else found.expires
