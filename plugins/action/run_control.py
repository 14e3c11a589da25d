# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Takes up what a person says about a run, at the turn of an appliance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..plugin_utils.cce.appliance import Appliance
from ..plugin_utils.cce.control import Word
from ..plugin_utils.cce.exceptions import OperationError, Refused
from ..plugin_utils.cce.failure_classes import FailureClass
from ..plugin_utils.cce.state import Survey, appliance_survey
from ..plugin_utils.operation.appliance_reading import ApplianceReading
from ..plugin_utils.operation.arguments import APPLIANCE, Arguments, common
from ..plugin_utils.operation.control import is_begun
from ..plugin_utils.operation.site_option import SITE

WHERE_IT_STANDS = ("slot", "ours", "versions")
"""What tells whether an upgrade was begun, and whose the lease of the site is, which is kept while the run is held."""


class ActionModule(ApplianceReading[Arguments, Appliance]):
    """A hold is waited for, a stop ends the run, and whether the appliance is left out is returned."""

    HEEDS = True
    ARGUMENTS = {**APPLIANCE, **SITE}

    def validate(self, given: Mapping[str, Any]) -> Arguments:
        return Arguments(**common(given, self.host.name))

    def survey(self) -> Survey[Appliance]:
        return appliance_survey(self.arguments.place, WHERE_IT_STANDS)

    def problem(self, state: Appliance) -> OperationError | None:
        self.control.take_stop()
        word = self._left_out()
        if word is None or not is_begun(state):
            return None
        return Refused(
            f"{self.host.name} is to be left out {word}, but its upgrade or its way back has begun.",
            failure=FailureClass.LEFT_OUT,
        )

    def result(self, state: Appliance) -> dict[str, Any]:
        word = self._left_out()
        said = [] if word is None else [f"{self.host.name} is left out {word}"]
        return {"left_out": None if word is None else word.to_dict(), "control": [*self.control.heeded, *said]}

    def _left_out(self) -> Word | None:
        """Also in check mode, which predicts that it is."""
        file = self.arguments.control
        return None if file is None else file.read().left_out.get(self.host.name)
