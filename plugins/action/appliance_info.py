# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the whole state of one appliance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..plugin_utils.cce import derived, maintenance
from ..plugin_utils.cce.answers import attempt
from ..plugin_utils.cce.appliance import Appliance
from ..plugin_utils.cce.codec import encode
from ..plugin_utils.cce.ini_document import Ini
from ..plugin_utils.cce.reading import Reading, need
from ..plugin_utils.cce.state import Survey, appliance_survey
from ..plugin_utils.operation.appliance_reading import ApplianceReading
from ..plugin_utils.operation.arguments import APPLIANCE, REPORT, SUBSET, Arguments, common, subset


@dataclass(frozen=True, kw_only=True)
class InfoArguments(Arguments):
    """`subset`: what is read."""

    subset: tuple[str, ...]


class ActionModule(ApplianceReading[InfoArguments, Appliance]):
    """The one module of an appliance that returns all of its state."""

    WHOLE = True
    NEEDS_TENANT = staticmethod(lambda arguments, state: "tenant" in arguments.subset)
    """Where it is asked for."""
    ARGUMENTS = {**APPLIANCE, **REPORT, **SUBSET}

    def validate(self, given: Mapping[str, Any]) -> InfoArguments:
        return InfoArguments(**common(given, self.host.name), subset=subset(given["gather_subset"]))

    def survey(self) -> Survey[Appliance]:
        return appliance_survey(self.arguments.place, self.arguments.subset)

    def result(self, state: Appliance) -> dict[str, Any]:
        return {
            "configuration": {"appliance": _sections(state.ini_appliance), "in_force": _sections(state.ini_imported)},
            "inferred": encode(_inferred(state)),
        }


def _sections(text: Reading[str | None]) -> Any:
    """Section -> key -> value of an ini; what is not known of its text is not known of it."""
    if not isinstance(text, str):
        return encode(text)
    ini = Ini.parse(text)
    return {name: ini.section(name) for name in ini.sections}


def _inferred(state: Appliance) -> dict[str, Any]:
    return {
        "mode": attempt(_mode, state),
        "recovery": attempt(derived.recovery, state),
        "management_switches": attempt(_management_switches, state),
        "external_certificate_expires": attempt(_expiry, state),
    }


def _mode(state: Appliance) -> str:
    return maintenance.mode(state).name.lower()


def _management_switches(state: Appliance) -> list[str]:
    need(state.ini)
    return state.left_over_switches


def _expiry(state: Appliance) -> Any:
    found = derived.external_certificate(state)
    return None if found is None else found.expires
