# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Watches an upgraded site for a while before any other site is begun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..plugin_utils.cce import soak, steps
from ..plugin_utils.cce.appliance import Appliance
from ..plugin_utils.cce.exceptions import ConnectionLost, NoAnswer, OptionError, WorkFailed
from ..plugin_utils.cce.failure_classes import FailureClass
from ..plugin_utils.cce.progress import span
from ..plugin_utils.cce.reading import Unknown
from ..plugin_utils.cce.site import Observation, Place
from ..plugin_utils.cce.soak import Watch
from ..plugin_utils.cce.state import SUBSETS, Survey, appliance_survey
from ..plugin_utils.cce.versions import Version
from ..plugin_utils.operation.appliance import ApplianceOperation
from ..plugin_utils.operation.arguments import APPLIANCE, Arguments, common, target
from ..plugin_utils.operation.changes import Change
from ..plugin_utils.operation.predictions import run_id
from ..plugin_utils.operation.site_option import REQUIRED_SITE, SiteOption

WATCHED = tuple(subset for subset in SUBSETS if subset != "tenant")
"""What each look reads: nobody logs on to the tenant."""

TELL_SECONDS = 300.0
"""Between two lines that say that it is still watched."""


@dataclass(frozen=True, kw_only=True)
class SoakArguments(Arguments):
    """`duration`: seconds; 0: the site is not watched."""

    target: Version
    watched: SiteOption
    duration: float


class ActionModule(ApplianceOperation[SoakArguments, Appliance]):
    """Nothing is changed but the note that the site was watched to the end, so that a later run need not do it again."""

    HEEDS = False
    BESIDE_JOBS = True
    ARGUMENTS = {
        **APPLIANCE,
        **REQUIRED_SITE,
        "version": {"type": "str", "required": True},
        "duration": {"type": "int", "default": 900},
        "poll_interval": {"type": "int", "default": 60},
    }

    def validate(self, given: Mapping[str, Any]) -> SoakArguments:
        known = common(given, self.host.name)
        if given["duration"] < 0 or not known["site"].places:
            raise OptionError("duration must not be less than 0, and the site must have appliances.")
        return SoakArguments(**known, target=target(given), watched=known["site"], duration=given["duration"])

    def survey(self) -> Survey[Appliance]:
        return appliance_survey(self.arguments.place, ("slot", "ours", "versions", "snapshot"))

    def missing(self, state: Appliance) -> list[Change]:
        """A note that cannot be read is none: then the site is watched again."""
        wanted = self.arguments.target
        if not self.arguments.duration or state.soaked == wanted:
            return []
        before = None if isinstance(state.soaked, Unknown) else state.soaked
        what = f"watch site {self.arguments.watched.name} for {span(self.arguments.duration)}"
        return [Change(what, {"soaked": before}, {"soaked": wanted})]

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        begun = self.clock.now()
        self._watch()
        text = soak.note(self.arguments.target, begun, self.clock.now(), run_id())
        written = steps.write_file("soaked_written", soak.path(self.arguments.place.site_directory), text)
        self.host.run([written], "write down that the site was watched")

    def _watch(self) -> None:
        """Look at every appliance until the time is over. Raises WorkFailed at the first fault."""
        begun = told = self.clock.monotonic()
        watch = Watch()
        while True:
            found = self._look()
            passed = self.clock.monotonic() - begun
            faults = watch.faults(found)
            if faults:
                raise self._failed(faults, passed)
            if passed >= self.arguments.duration and not watch.silent:
                self._tell(f"was watched for {span(passed)} and is well")
                return
            if watch.looks == 1 or self.clock.monotonic() - told >= TELL_SECONDS:
                told = self.clock.monotonic()
                self._tell(f"is watched for {span(passed)} of {span(self.arguments.duration)} and is well")
            left = self.arguments.duration - passed
            self.host.pause(min(self.arguments.poll_interval, left) if left > 0 else self.arguments.poll_interval)

    def _look(self) -> dict[str, Observation]:
        """A small reading carries the sign of life of the site's lease."""
        with suppress(ConnectionLost, NoAnswer):
            self.host.exchange([steps.clock()])
        own = {self.host.name: self.host.connection}
        return self.site.reader.read(self.arguments.watched.places, _survey, own)

    def _failed(self, faults: Sequence[str], passed: float) -> WorkFailed:
        return WorkFailed(
            f"Site {self.arguments.watched.name} was well when it was validated, and after {span(passed)} it is not: "
            f"{'. '.join(faults)}.",
            failure=FailureClass.FAULT_IN_SOAK,
            faults=list(faults),
        )

    def _tell(self, text: str) -> None:
        self.host.tell(f"site {self.arguments.watched.name} {text}")


def _survey(place: Place) -> Survey[Appliance]:
    return appliance_survey(place, WATCHED)
