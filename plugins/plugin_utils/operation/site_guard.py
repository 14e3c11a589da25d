# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Guards the site: may this appliance leave service now, and until when does that hold.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from ..cce import capacity, health, slot
from ..cce.answers import Answer
from ..cce.appliance import Appliance
from ..cce.capacity import FRESH_SECONDS
from ..cce.exceptions import NotReadError, Refused
from ..cce.failure_classes import FailureClass
from ..cce.reading import Unknown, need
from ..cce.site import Observation, Place, Site, Unreadable, site_directory_problem
from ..cce.state import SERVICE_SUBSET, Survey, appliance_survey
from .host import Host
from .site_option import SiteOption
from .site_reader import SiteReader

ROUNDS = 3
"""How often what has grown old meanwhile is read again: a slow appliance makes the readings of the others old."""


def fresh_until(own: Appliance, read_at: datetime) -> datetime:
    """Until when, by the host's own clock, something that the controller read then may be acted on.

    Raises NotReadError.
    """
    skew = need(own.clock_skew)
    slack = min(2 * skew.tolerance, FRESH_SECONDS)
    return read_at + timedelta(seconds=FRESH_SECONDS + skew.seconds + slack)


@dataclass
class SiteGuard:
    """What is asked before an appliance leaves service. The neighbours are read by the guard itself, right before.

    Attributes:
        host, place: the appliance itself, and where it is.
        option: the option `site`; None where it was not given.
        check_mode: then the state of the appliance itself is predicted and does not age.
    """

    host: Host
    place: Place
    option: SiteOption | None
    reader: SiteReader
    check_mode: bool

    _site: Site | None = None
    """The site as it was judged last."""
    _for_switch: bool = False
    _broken: bool = False
    _silent: bool = False

    def require_way_out(self, own: Appliance, *, for_switch: bool = False, broken: bool = False) -> None:
        """The appliance may leave service: the slot is to be had, and the others carry the calls.

        Args:
            own: its state.
            for_switch: it is to be switched (`capacity.problem`).
            broken: it may be one that does not serve, whose counters cannot be read for that: what is left on it is drained,
                not counted.

        Raises:
            Refused, NotReadError.
        """
        self._for_switch, self._broken = for_switch, broken
        self._silent = _is_off(own) or (broken and isinstance(own.calls, Unknown) and health.serves(own) is False)
        self._require_one_directory(own)
        own, site = self._marked(own, self._read(own))
        problem = slot.problem(own, site)
        if problem:
            kind = FailureClass.SITE_DIRECTORY if site.elsewhere(own) else FailureClass.SLOT_HELD
            raise Refused(f"{self.host.name} stays in service: {problem}", failure=kind)
        self._require_room(site)

    def require_way_out_again(self, own: Appliance) -> None:
        """The same question as before, with a newer state of the appliance. Raises Refused, NotReadError."""
        self.require_way_out(own, for_switch=self._for_switch, broken=self._broken)

    def require_spare(self, own: Appliance, *, silent: bool = False) -> None:
        """The rest of the site carries the calls, or its owner consented to an outage.

        Args:
            own: the state of the appliance.
            silent: no call can live on it any more, so that it does not matter when it was read.

        Raises:
            Refused, NotReadError.
        """
        self._for_switch, self._silent = False, silent or _is_off(own)
        self._require_room(self._read(own))

    def needs_consent(self) -> bool:
        """Whether nobody takes over the calls of the appliance, by what was read last."""
        return self._site is not None and capacity.needs_consent(self._site, self.host.name)

    def deadline(self, own: Appliance) -> datetime:
        """Until when, by the host's own clock, the act may begin that was let through on what was read last.

        As far off as the line to the host is slow, up to a minute: a start is not to be refused for that.
        """
        site = self._judged()
        counted = [
            one.read_at
            for name, one in site.appliances.items()
            if isinstance(one, Appliance) and self._counts(name, one)
        ]
        oldest = min(counted, default=self.host.clock.now())
        return fresh_until(own, oldest)

    def is_stale(self) -> bool:
        """Whether what was read last is too old to act on."""
        return bool(self._old(self._judged()))

    @property
    def site_name(self) -> str:
        """The site, for people."""
        return self.option.name if self.option else "the site"

    @property
    def directory(self) -> str:
        """The site directory, as it was given for the appliance."""
        return self.place.site_directory

    @property
    def is_alone(self) -> bool:
        """Whether the site has no other appliance."""
        return self.option is not None and len(self.option.places) == 1

    def calls_sentence(self, own: Appliance | None) -> str:
        """Who carries the calls now; `own` is the fresh state of the appliance, or None where it does not answer."""
        observed: Observation = Unreadable("it does not answer") if own is None else own
        site = None if self.option is None else self._observe(observed)
        return capacity.calls_sentence(site, self.host.name, observed)

    def observe(self, own: Appliance) -> Site:
        """The neighbours read now, beside the appliance as it is given; the option `site` was given."""
        return self._observe(own)

    # --- reading ------------------------------------------------------------------------------------------------------

    def _read(self, own: Appliance) -> Site:
        """The site, no reading older than a minute. Raises Refused."""
        if self.option is None:
            raise Refused(
                f"{self.host.name} stays as it is: its site was not given.",
                "Give the option site with all its appliances.",
                failure=FailureClass.CAPACITY,
            )
        site = self._observe(own)
        for _attempt in range(ROUNDS):
            old = self._old(site)
            if not old:
                break
            site = site.with_observations(self._reread(list(old)))
        if self.check_mode:
            site = site.with_observations({self.host.name: replace(own, read_at=self.host.clock.now())})
        self._site = self._without_old(site)
        return self._site

    def _old(self, site: Site) -> dict[str, float]:
        """The appliances that have to be read again, with the age of what was read of them."""
        ages = site.stale(self.host.clock.now(), FRESH_SECONDS)
        return {name: age for name, age in ages.items() if self._counts(name, site.appliances[name])}

    def _counts(self, name: str, found: Observation) -> bool:
        """Whether it matters how old this observation is.

        Not where the appliance carries nothing in any case, nor where its state is predicted.
        """
        if isinstance(found, Unreadable):
            return False
        if name == self.host.name:
            return not (self.check_mode or self._silent)
        return not health.blocking(health.carrying(found)) or capacity.differs_in_scripts(found)

    def _reread(self, names: list[str]) -> dict[str, Observation]:
        """These appliances read now. Raises Refused where that fails for the appliance itself, which was read before."""
        found = self._survey(names)
        own = found.get(self.host.name)
        if isinstance(own, Unreadable):
            raise Refused(f"{self.host.name} stays as it is: what was read of it grew old, and then {own.reason}")
        return found

    def _marked(self, own: Appliance, site: Site) -> tuple[Appliance, Site]:
        """The same, where some saw the marker of the site directory and others did not: these are read once more.

        Another run may have written it between the readings, which is no other folder. The appliance itself may have been read
        again with its site, since its own reading had grown old.
        """
        own = _with_shared_files(own, site.appliances[self.host.name])
        markers = {name: one.site_marker for name, one in site.appliances.items() if isinstance(one, Appliance)}
        without = [name for name, marker in markers.items() if marker is None]
        if not without or len(without) == len(markers):
            return own, site
        found = self._reread(without)
        own = _with_shared_files(own, found.pop(self.host.name, own))
        self._site = site.with_observations(found)
        return own, self._site

    def _judged(self) -> Site:
        if self._site is None:
            raise Refused(f"{self.host.name} stays as it is: its site was not read.", failure=FailureClass.CAPACITY)
        return self._site

    def _observe(self, own: Observation) -> Site:
        """The neighbours read now, beside the appliance as it is given."""
        option = self.option
        if option is None:
            raise ValueError("the option site was not given")
        others = [place.name for place in option.places if place.name != self.host.name]
        return Site(option.name, option.policy, {self.host.name: own, **self._survey(others)})

    def _survey(self, names: list[str]) -> dict[str, Observation]:
        """A short reading of each: it logs on to no tenant, since that does not change who carries calls."""
        option = self.option
        places = [place for place in option.places if place.name in names] if option else []
        own = {self.host.name: self.host.connection}
        return self.reader.read(places, self._short_survey, own)

    def _short_survey(self, place: Place) -> Survey[Appliance]:
        """What a neighbour shows that is too old when it comes counts as nothing: another reading would be no newer."""
        survey = appliance_survey(place, SERVICE_SUBSET)

        def parse(answer: Answer) -> Appliance:
            found = survey.parse(answer)
            age = (answer.ended - found.read_at).total_seconds()
            if age > FRESH_SECONDS and place.name != self.host.name and self._counts(place.name, found):
                raise NotReadError(f"its readings were {age:.0f} seconds old when they came")
            return found

        return replace(survey, parse=parse)

    def _without_old(self, site: Site) -> Site:
        """Readings of neighbours that could not be had in time count as none; that of the appliance itself keeps its age."""
        old = self._old(site)
        old.pop(self.host.name, None)
        return site.with_observations(
            {name: Unreadable(f"its readings were {age:.0f} seconds old each time") for name, age in old.items()}
        )

    # --- refusing -----------------------------------------------------------------------------------------------------

    def _require_room(self, site: Site) -> None:
        now = self.host.clock.now().astimezone(UTC)
        age = site.stale(now, FRESH_SECONDS).get(self.host.name)
        if age is not None and not self._silent:
            raise Refused(
                f"{self.host.name} stays as it is: its readings were {age:.0f} seconds old each time, more than "
                f"{FRESH_SECONDS:.0f}.",
                "Find out what makes it, or the line to it, slow, then run the same command again.",
                failure=FailureClass.UNREAD,
            )
        problem = capacity.problem(site, self.host.name, now, silent=self._silent, for_switch=self._for_switch)
        if problem:
            what = problem.removeprefix(f"{site.name}: ")
            kind = FailureClass.WRONG_HOST if site.twins() else FailureClass.CAPACITY
            raise Refused(f"{self.host.name} stays as it is: {what}", failure=kind)

    def _require_one_directory(self, own: Appliance) -> None:
        """In another folder than the product's own, or in one that is not shared, the slot would be where nobody else looks."""
        if self.option is None:
            return
        given = self.directory
        problem = site_directory_problem(given, len(self.option.places))
        if problem:
            raise Refused(f"The site directory {problem}.", failure=FailureClass.SITE_DIRECTORY)
        if not need(own.module_present):
            return
        product = need(own.site_directory)
        if product.rstrip("\\").lower() != given.rstrip("\\").lower():
            raise Refused(
                f"The site directory of {self.host.name} is {product} for the product, and {given} was given.",
                failure=FailureClass.SITE_DIRECTORY,
            )


def _with_shared_files(own: Appliance, newer: Observation) -> Appliance:
    """The state of the appliance with what a newer reading of it saw in the site directory."""
    return replace(own, site_marker=newer.site_marker, slot=newer.slot) if isinstance(newer, Appliance) else own


def _is_off(own: Appliance) -> bool:
    """Whether no VM of it is on: no call can live on it then, whenever it was read."""
    return not isinstance(own.machines, Unknown) and not any(machine.is_running for machine in own.machines)
