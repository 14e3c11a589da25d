# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What has to hold before work on an appliance begins. Each refusal says what to do.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..cce import health, hold, waivers
from ..cce.appliance import Appliance
from ..cce.exceptions import Refused
from ..cce.failure_classes import FailureClass
from ..cce.ini_document import Ini, identity_problem
from ..cce.reading import Unknown, need
from ..cce.versions import Version
from . import failures
from .host import Host
from .site_option import SiteOption


@dataclass(frozen=True)
class Gates:
    """The gates of one appliance.

    Attributes:
        site: the option `site`, whose waivers count; None where it was not given.
    """

    host: Host
    site: SiteOption | None

    def require(
        self,
        state: Appliance,
        target: Version,
        gates: Callable[[Appliance, Version], list[health.Check]] = health.gates,
    ) -> None:
        """Nothing begins that could not be finished, or that calls would notice in a bad moment.

        See docs/how-it-works.md, Checks. Raises Refused.
        """
        site = self.site
        own = waivers.of(site.waivers, self.host.name, site.name) if site else ()
        self._require(health.blocking(waivers.applied(gates(state, target), own, self.host.clock.now())), target)

    def require_not_updated(self, state: Appliance, target: Version) -> None:
        """The product does not update itself, where no other gate can be asked. Raises Refused."""
        self._require([check for check in [health.update_under_way(state)] if check.status == health.FAIL], target)

    def require_scripts(self, state: Appliance, target: Version) -> None:
        """The cmdlets have to be those of `target`. Raises Refused, NotReadError."""
        if need(state.scripts) != target:
            raise Refused(
                f"The scripts on {self.host.name} are {state.scripts}, not {target}.",
                "Run the package operation first.",
                failure=FailureClass.MODULE_MISSING if state.scripts is None else None,
            )

    def require_no_hold(self, state: Appliance) -> None:
        """Nothing goes forward in a site that was rolled back, until that is cleared. Raises Refused.

        One that could not be read is left to `need(state.hold)`, behind the gates, which say why the site directory is not read.
        """
        if not isinstance(state.hold, Unknown) and (problem := hold.problem(state)):
            raise Refused(f"{self.host.name} stays as it is. {problem}", failure=FailureClass.SITE_ON_HOLD)

    def require_own_ini(self, content: str, in_force: str | None) -> None:
        """The address may be that of another appliance: an ini goes only where its like is in force. Raises Refused."""
        problem = None if in_force is None else identity_problem(Ini.parse(content), Ini.parse(in_force))
        if problem:
            raise Refused(f"{self.host.name} {problem}.", failure=FailureClass.WRONG_HOST)

    def _require(self, stopping: Sequence[health.Check], target: Version) -> None:
        if stopping:
            raise failures.checks_failed(Refused, f"{self.host.name} is not ready for {target}", stopping)
