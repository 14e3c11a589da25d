# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Puts a site on hold before it goes back to an older release, or clears that hold."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..plugin_utils.cce import hold, site_file, versions
from ..plugin_utils.cce.appliance import Appliance, Hold
from ..plugin_utils.cce.codec import encode
from ..plugin_utils.cce.exceptions import OptionError, Refused, WorkFailed
from ..plugin_utils.cce.failure_classes import FailureClass
from ..plugin_utils.cce.reading import Unknown, need
from ..plugin_utils.cce.versions import Version
from ..plugin_utils.operation.appliance import ApplianceOperation
from ..plugin_utils.operation.arguments import APPLIANCE, Arguments, common, version
from ..plugin_utils.operation.changes import Change
from ..plugin_utils.operation.options import BY_NAME
from ..plugin_utils.operation.site_option import REQUIRED_SITE

PREDICTED = "0" * 32
"""The token of a hold that is not made yet."""


@dataclass(frozen=True, kw_only=True)
class HoldArguments(Arguments):
    """`goes_to`: the release that the site goes back to; None where that was not said. `by`: who answers for it."""

    present: bool
    goes_to: Version | None
    by: str
    reason: str


class ActionModule(ApplianceOperation[HoldArguments, Appliance]):
    """A file in the site directory, made by the first who says so and never written over."""

    BESIDE_JOBS = True
    """It stops what would begin, and nothing that is under way."""
    ARGUMENTS = {
        **APPLIANCE,
        **REQUIRED_SITE,
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "version": {"type": "str"},
        **BY_NAME,
    }
    RULES = {"required_if": [("state", "present", ("version",))]}

    def validate(self, given: Mapping[str, Any]) -> HoldArguments:
        for name in ("by", "reason"):
            if not hold.is_part(given[name]):
                raise OptionError(f"{name} must be one line of at most {site_file.MOST_CHARACTERS} characters.")
        return HoldArguments(
            **common(given, self.host.name),
            present=given["state"] == "present",
            goes_to=version(given) if given["version"] else None,
            by=given["by"].strip(),
            reason=given["reason"].strip(),
        )

    def missing(self, state: Appliance) -> list[Change]:
        found = need(state.hold)
        if not self.arguments.present:
            what = f"clear the hold of {found.site}" if found else ""
            return [Change(what, {"hold": found}, {"hold": None})] if found else []
        if found is not None and found.goes_to == self.arguments.goes_to:
            return []
        made = self._made(state, state.read_at, PREDICTED)
        shown = {name: value for name, value in encode(made).items() if name not in ("token", "text", "since")}
        what = f"put {made.site} on hold, which goes back to {made.goes_to}"
        return [Change(what, {"hold": found}, {"hold": shown}, becomes={"hold": made})]

    def guard(self, state: Appliance, changes: Sequence[Change]) -> None:
        found = need(state.hold)
        if self.arguments.present and found is not None:
            raise Refused(
                f"{hold.sentence(found)} Another one is not put in its place.",
                failure=FailureClass.SITE_ON_HOLD,
            )

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        given, directory, found = self.arguments, self.arguments.place.site_directory, need(state.hold)
        if given.present:
            made = self._made(state, self.clock.now(), uuid.uuid4().hex)
            self._do(hold.place_steps(directory, made), f"put {self._site} on hold")
        elif found is not None:
            cleared = hold.clear_steps(directory, found, given.by, given.reason, self.clock.now())
            self._do(cleared, f"clear the hold of {found.site}")

    def result(self, state: Appliance) -> dict[str, Any]:
        """The hold; once it is cleared, what is left to do before the site has high availability again."""
        if not self.arguments.present and not isinstance(state.scripts, Unknown) and state.scripts != state.running:
            self.host.warn(
                f"{self.host.name} has scripts {state.scripts}, but {_said(state.running)} runs: Microsoft gives no high "
                "availability until both are of one version."
            )
        return {"hold": encode(state.hold)}

    @property
    def _site(self) -> str:
        return self.arguments.site.name if self.arguments.site else ""

    def _made(self, state: Appliance, since: datetime, token: str) -> Hold:
        """The hold as it would be made at that time."""
        given, goes_to = self.arguments, self.arguments.goes_to or Version("")
        return hold.make(self._site, given.by, given.reason, _newest(state, goes_to), goes_to, since, token)

    def _do(self, asked: Sequence[Any], doing: str) -> None:
        """Another run may have done the same meanwhile, which is as good. Raises WorkFailed."""
        try:
            self.host.run(asked, doing)
        except WorkFailed:
            after = self._after_failure()
            if after is None or isinstance(after.hold, Unknown) or self.missing(after):
                raise


def _newest(state: Appliance, goes_to: Version) -> Version:
    """The release that is left: the newest one that the appliance shows."""
    shown = (state.running, state.scripts, state.backup)
    known = [Version(one) for one in shown if isinstance(one, str)]
    return max([*known, goes_to], key=versions.key)


def _said(found: Any) -> str:
    return "an unknown version" if isinstance(found, Unknown) else str(found or "nothing")
