# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The computers of an appliance as Windows: its host and the VMs of the running set, their starts, and what waits for a restart.

Microsoft's update procedure takes the VMs one by one and the host last (cloud-connector.md 5.4); that a VM needs those before it
in `ORDER` is inferred from the order in which they are deployed (4). With which account the AD VM lets the host in is inferred,
too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, Self

from . import maintenance, paths, steps, windows_readings, windows_update
from .answers import ABSENT, Answer, attempt
from .appliance import SERVICES, Appliance
from .codec import encode
from .exceptions import NotReadError
from .reading import Reading, Unknown
from .site import Place
from .state import VM_ACCOUNTS, Survey, appliance_survey
from .steps import Step

HOST = "host"
ORDER = ("ad", "cms", "mediation", "edge")
"""The VMs in the order they need each other, in which they are restarted and waited for."""
TARGETS = (HOST, *ORDER)

ACCOUNTS: Mapping[str, str] = {"ad": "DomainAdmin", **VM_ACCOUNTS}
"""The cached account that is tried inside each VM: a domain controller has no local ones (inferred)."""

WAITED_FOR: Mapping[str, tuple[str, ...]] = {"ad": ("NTDS", "DNS"), **SERVICES}
"""The services of each VM that a restart waits for, as far as they are installed and start by themselves."""

STEP = "windows"
CREDENTIAL = "windows_credential"

SAME_BOOT = timedelta(seconds=30)
"""The time of a start is computed from the clock, so it moves a little where that is set."""


@dataclass(frozen=True)
class Begun:
    """The note of a restart that was begun: what its claim holds.

    Attributes:
        boot: when Windows had been started before.
        at: when it was asked to restart.
        token: of this very restart.
        text: the file word by word.
    """

    boot: datetime
    at: datetime
    token: str
    text: str


def begun(boot: datetime, at: datetime, token: str) -> Begun:
    """A new note; `token` must be like no other."""
    return Begun(boot, at, token, json.dumps({"boot": boot.isoformat(), "at": at.isoformat(), "token": token}))


@dataclass(frozen=True)
class WithWindows(Appliance):
    """An appliance, and the Windows of the one computer that is worked on.

    Attributes:
        target: which computer: a member of `TARGETS`.
        boot: when its Windows was started.
        boot_text: the same as WMI wrote it, what a fence expects.
        waiting: what of it waits for a restart: servicing, windows_update, file_renames.
        target_jobs: our jobs on it that are claimed.
        restart: the restart of it that was begun and not ended; None: there is none.
        updates: what its update agent reports, where it was asked.
        done: ids of updates that check mode takes for installed.
    """

    target: str
    boot: Reading[datetime]
    boot_text: Reading[str]
    waiting: Reading[tuple[str, ...]]
    target_jobs: Reading[tuple[str, ...]]
    restart: Reading[Begun | None]
    updates: Reading[windows_update.Report]
    done: tuple[str, ...] = ()

    def parts(self) -> Mapping[str, Mapping[str, Any]]:
        """The appliance, and what is predicted of this computer."""
        appliance = Appliance(**{field.name: getattr(self, field.name) for field in fields(Appliance)})
        waiting = None if isinstance(self.waiting, Unknown) else list(self.waiting)
        return {**appliance.parts(), self._part: {"waiting": waiting, "done": list(self.done)}}

    def inherit(self, parts: Mapping[str, Mapping[str, Any]]) -> Self:
        """The state as operations before this one would have left it."""
        state = super().inherit(parts)
        found = parts.get(self._part)
        if found is None:
            return state
        waiting = state.waiting if found["waiting"] is None else tuple(found["waiting"])
        return replace(state, waiting=waiting, done=tuple(found["done"]))

    @property
    def _part(self) -> str:
        return f"windows of {self.target}"


def survey(place: Place, target: str) -> Survey[WithWindows]:
    """The appliance, and the Windows of one of its computers.

    Raises:
        ValueError: the address of that VM is not known.
    """
    base = appliance_survey(place)
    own = [*_asked(), steps.file_text("restart_claim", claim_path(target))]
    more = own if target == HOST else [own[-1], *_inside(place, target, _asked())]
    wanted = {step["name"]: step for step in (*base.steps, *more)}

    def parse(answer: Answer) -> WithWindows:
        found = base.parse(answer)
        windows = answer if target == HOST else attempt(answer.inside, STEP)

        def read(reading: Any) -> Any:
            return windows if isinstance(windows, Unknown) else attempt(reading, windows)

        return WithWindows(
            **{field.name: getattr(found, field.name) for field in fields(Appliance)},
            target=target,
            boot=read(lambda one: one.time("boot", "LastBootUpTime")),
            boot_text=read(lambda one: one.text("boot", "LastBootUpTime")),
            waiting=read(windows_readings.pending_restart),
            target_jobs=read(_jobs),
            restart=attempt(_begun, answer),
            updates=Unknown("the update agent was not asked"),
        )

    return Survey(list(wanted.values()), parse)


def boot_survey(place: Place, target: str) -> Survey[datetime]:
    """When the Windows of a computer was started; NotReadError where it does not say."""
    asked = [steps.boot("boot")]
    if target == HOST:
        return Survey(asked, lambda answer: answer.time("boot", "LastBootUpTime"))
    return Survey(_inside(place, target, asked), lambda answer: answer.inside(STEP).time("boot", "LastBootUpTime"))


def services_survey(place: Place, target: str) -> Survey[tuple[str, ...]]:
    """The services of a VM that start by themselves and do not run; NotReadError where it does not say."""
    names = windows_readings.with_aliases(WAITED_FOR[target])
    return Survey(_inside(place, target, [steps.service_states(names)]), lambda answer: _late(answer.inside(STEP)))


def machines_survey() -> Survey[tuple[str, ...]]:
    """The VMs that are not on, by their names in Hyper-V."""
    off = ("Running",)
    return Survey(
        [steps.machines()],
        lambda answer: tuple(str(one["Name"]) for one in answer.objects("machines") if one["State"] not in off),
    )


def claim_path(target: str) -> str:
    """The file that says that a restart was begun; on the host, as our jobs are, so that every operation sees it."""
    return rf"{paths.JOBS}\{job(target)}{paths.CLAIM}"


def job(target: str) -> str:
    """The name under which a restart stands among our jobs."""
    return f"restart-{target}"


def update_job(target: str) -> str:
    """The name of the job that downloads and installs."""
    return f"windows-update-{target}"


def search_job(target: str) -> str:
    """The name of the job that searches."""
    return f"windows-search-{target}"


def was_restarted(before: datetime, now: datetime) -> bool:
    """Whether Windows was started since, by the times of its start then and now."""
    return now - before > SAME_BOOT


def calls_can_live(appliance: Appliance) -> bool:
    """Whether calls can live on the appliance: it is neither in maintenance mode nor are its services stopped.

    Raises NotReadError.
    """
    return not maintenance.is_silent(appliance)


def names(targets: Iterable[str]) -> str:
    """Computers, for people."""
    return ", ".join(name(one) for one in targets)


def name(target: str) -> str:
    """A computer, for people."""
    short = {"ad": "AD", "cms": "CMS", "mediation": "Mediation", "edge": "Edge"}
    return "the host" if target == HOST else f"the {short[target]} VM"


def _asked() -> list[Step]:
    return [steps.boot("boot"), steps.restart_keys(), steps.file_renames(), steps.folder("jobs", paths.JOBS)]


def _inside(place: Place, target: str, asked: Sequence[Step]) -> list[Step]:
    if target not in place.vms:
        raise ValueError(f"vms: the address of {name(target)} is not given")
    credential = steps.credential(ACCOUNTS[target], CREDENTIAL)
    return [credential, steps.inside(STEP, place.vms[target], CREDENTIAL, asked)]


def _jobs(answer: Answer) -> tuple[str, ...]:
    found = answer.names("jobs", absent=ABSENT)
    return tuple(sorted(one.removesuffix(paths.CLAIM) for one in found if one.endswith(paths.CLAIM)))


def _begun(answer: Answer) -> Begun | None:
    text = answer.file("restart_claim")
    if text is None:
        return None
    try:
        found = json.loads(text)
        moments = [datetime.fromisoformat(found[key]) for key in ("boot", "at")]
        return Begun(moments[0], moments[1], str(found["token"]), text)
    except (KeyError, TypeError, ValueError) as error:
        raise NotReadError(f"the note of a restart is not readable: {text[:100]!r}") from error


def _late(answer: Answer) -> tuple[str, ...]:
    found = answer.objects("service_states", of=("Name", "StartMode", "State"))
    return tuple(str(one["Name"]) for one in found if one["StartMode"] == "Auto" and one["State"] != "Running")


def as_data(state: WithWindows) -> dict[str, Any]:
    """What results show of the computer."""
    shown = {"boot_time": state.boot, "pending_restart": state.waiting}
    encoded: dict[str, Any] = encode(shown)
    return {"target": state.target, **encoded}
