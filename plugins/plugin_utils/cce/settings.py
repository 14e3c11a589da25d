# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the inventory says of a run beside its sites: order, pace, windows, waivers, and what an approval is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from . import commissioning
from .intent import Approved
from .pace import APPLIANCE_SECONDS, WAY_BACK_SECONDS, Pace
from .site import Site
from .waivers import Waiver
from .windows import ALWAYS, Calendar


@dataclass(frozen=True)
class Settings:
    """What is declared for a run.

    Attributes:
        canary: the site that comes first, and alone.
        priorities: site -> its place among the others, the lowest first; those without one come after them.
        sites_at_once: how many sites are worked on side by side, after the first.
        calendars: site -> when it may be worked on; always where it is not there.
        way_back: the seconds that have to be left of a window beside the expected work.
        approved: the variables that an approval is about.
    """

    canary: str | None = None
    priorities: Mapping[str, int] = field(default_factory=dict)
    sites_at_once: int = 1
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    pace: Pace = Pace(APPLIANCE_SECONDS, APPLIANCE_SECONDS)
    way_back: float = WAY_BACK_SECONDS
    waivers: tuple[Waiver, ...] = ()
    approved: Approved = Approved()
    commissioning: float = commissioning.AGE_DAYS
    """After how many days the commissioning of a host counts as old."""
    restarts_first: bool = False
    """Whether a host that waits for a restart is restarted before step 1, in maintenance mode."""

    def ordered(self, sites: Iterable[Site]) -> list[Site]:
        """The sites, given in the order of the inventory, in that of a run."""
        return sorted(sites, key=self._rank)

    def calendar_of(self, site: str) -> Calendar:
        """When it may be worked on."""
        return self.calendars.get(site, ALWAYS)

    def _rank(self, site: Site) -> tuple[bool, bool, int]:
        return site.name != self.canary, site.name not in self.priorities, self.priorities.get(site.name, 0)


NOTHING_DECLARED = Settings()
