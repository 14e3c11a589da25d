# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lease of a site: a file in the site directory that names the run that works on the site (docs/how-it-works.md).

It is made and ended as a claim of the slot is (`slot.py`), and never changes while it is held, so that every act can carry it
as a fence, word by word: an owner that wakes up after another run has taken the site over is refused by the host itself.
Its sign of life is a second file, whose name holds the token of the lease. No clock of anybody is trusted: whoever wants a lease
that is held watches that file by its own clock for as long as the lease says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from . import site_file, slot, steps
from .appliance import Appliance, Lease
from .exceptions import NotReadError
from .reading import Unknown, need
from .site import Site, Unreadable
from .steps import Step

NAME = "sfb.cloud_connector.lease"
LOG = f"{NAME}.log"
"""The file that keeps who took over a lease by name, and why."""

FENCE, BEAT = "lease_unchanged", "lease_beat"

SECONDS = 180
"""After how long without a sign of life a lease may be taken over, where nobody says otherwise."""
MOST_SECONDS = 86_400
LOGGED = 20
"""How many takeovers by name are kept."""

READING_VERBS = frozenset({"Get", "Test", "Select"})
READING_CMDLETS = frozenset({"New-TimeSpan", "New-CsOnlineSession", "Import-PSSession", "Remove-PSSession"})
"""What only reads, beside the cmdlets of `READING_VERBS`: every other one counts as one that acts (`is_acting`)."""

_TEXTS = ("run", "who", "since", "token", "boot", "namespace", "pid", "started", "after", "by", "reason")


@dataclass(frozen=True)
class Machine:
    """The process that is a run, and the computer it runs on.

    Attributes:
        boot: the id of the boot of that computer; empty: not known.
        namespace: the id of the name space of its process ids, which a container has its own of.
        pid: its process id there.
        started: when it began, in ticks since that boot.
    """

    boot: str
    namespace: str
    pid: str
    started: str


@dataclass(frozen=True)
class TakeOver:
    """A person takes a lease over, and why."""

    by: str
    reason: str


def path(site_directory: str) -> str:
    """The file."""
    return site_file.path(site_directory, NAME)


def make(
    run: str,
    who: str,
    machine: Machine,
    since: datetime,
    seconds: float,
    token: str,
    found: Lease | None = None,
    take_over: TakeOver | None = None,
) -> Lease:
    """A lease; `token` must be like no other: 32 hexadecimal digits in small letters. `found`: the one it takes the place of."""
    named = take_over or TakeOver("", "")
    parts = {
        "run": run,
        "who": who,
        "since": site_file.moment(since),
        "token": token,
        "boot": machine.boot,
        "namespace": machine.namespace,
        "pid": machine.pid,
        "started": machine.started,
        "after": "" if found is None else found.run,
        "by": named.by,
        "reason": named.reason,
    }
    short = {name: _printable(text) for name, text in parts.items()}
    lasts = min(max(1, round(seconds)), MOST_SECONDS)
    return Lease(**short, seconds=lasts, text=json.dumps({**short, "seconds": lasts}))


def parse(text: str) -> Lease:
    """The lease that a file's text is.

    Raises:
        NotReadError: it is none, or not written to its end yet.
    """
    try:
        found = json.loads(text)
        parts = {part: site_file.part(found[part]) for part in _TEXTS}
        seconds = found["seconds"]
        if not isinstance(seconds, int) or isinstance(seconds, bool) or not 1 <= seconds <= MOST_SECONDS:
            raise ValueError("the time is none")
        site_file.require_token(parts["token"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise NotReadError(
            f"{NAME} in the site directory is not a lease of this collection: {text[:100]!r}. Where it stays so (a power cut may "
            "leave it empty), see that no run works on the site, and delete that file"
        ) from error
    return Lease(**parts, seconds=seconds, text=text)


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() else " " for one in text)[: site_file.MOST_CHARACTERS]


def is_acting(made: Step) -> bool:
    """Whether a step may change something, on the appliance or in a VM of it; what is not known to read counts as an act."""
    cmdlet = str(made["cmdlet"]).rpartition("\\")[2]
    if cmdlet == "Invoke-Command":
        return any(is_acting(one) for text in made["parameters"]["ArgumentList"] for one in json.loads(text)["steps"])
    return cmdlet not in READING_CMDLETS and cmdlet.partition("-")[0] not in READING_VERBS


# --- steps ------------------------------------------------------------------------------------------------------------


def fence(site_directory: str, held: Lease) -> Step:
    """Stops a list on the appliance where the lease is not held any more."""
    return steps.file_unchanged(FENCE, path(site_directory), [held.text])


def beat(site_directory: str, held: Lease, sign: str) -> Step:
    """Shows that the owner is alive: `sign` is like no other. That it cannot be written stops nothing."""
    return steps.overwrite_file(BEAT, beat_path(site_directory, held), sign)


def beat_path(site_directory: str, held: Lease) -> str:
    """The file of its signs of life."""
    return f"{path(site_directory)}.{held.token}.beat"


def log_text(name: str, site_directory: str) -> Step:
    """Reads who took leases over by name (`entries`)."""
    return steps.file_text(name, path(site_directory).removesuffix(NAME) + LOG)


def claim_steps(
    site_directory: str, made: Lease, sign: str, found: Lease | None = None, names: Collection[str] = (), log: str = ""
) -> list[Step]:
    """Takes the lease; of many who do it at once one gets to the end.

    Args:
        made: the lease.
        sign: the first sign of life.
        found: the one that is over and ended before; the list stops where it has been ended already.
        names: the names in the site directory.
        log: the text of `LOG` where that is to be written.
    """
    file = path(site_directory)
    ended = [] if found is None else end_steps(site_directory, found, names)
    logged = [steps.write_file("lease_log", file.removesuffix(NAME) + LOG, log)] if log else []
    return [*ended, steps.claim("lease_claimed", file, made.text), beat(site_directory, made, sign), *logged]


def end_steps(site_directory: str, found: Lease, names: Collection[str] = ()) -> list[Step]:
    """Ends this very lease, which stays as a record until a later one is ended; the list stops where it has been ended already.

    What earlier ones left is removed: their records and signs of life, by `names`, the names in the site directory.
    """
    file, own = path(site_directory), beat_path(site_directory, found)
    left = {own, *(file.removesuffix(NAME) + name for name in leftovers(found, names))}
    return [
        fence(site_directory, found),
        steps.place_file("lease_ended", file, f"{file}.{found.token}"),
        steps.remove_files("lease_records", sorted(left)),
    ]


def leftovers(found: Lease, names: Collection[str]) -> list[str]:
    """Of the names in the site directory those that may go with the end of `found`: all but its own record.

    That one stays: were it removed at once, a slow process that has found the lease unchanged could end a later one.
    """
    own = f"{NAME}.{found.token}"
    records = re.compile(rf"{re.escape(NAME)}\.{site_file.TOKEN.pattern}(\.beat)?")
    return sorted(name for name in names if name != own and records.fullmatch(name))


# --- who may have it --------------------------------------------------------------------------------------------------


def is_dead(found: Lease, here: Machine, started: Callable[[str], str | None]) -> bool:
    """Whether the owner is known to have ended: it was a process of this very computer, seen from here, that is gone.

    Args:
        here: what asks.
        started: when the process of an id began, by its `Machine.started`; None: there is none.
    """
    if not here.boot or (found.boot, found.namespace) != (here.boot, here.namespace):
        return False
    return started(found.pid) != found.started


def unfinished(own: str, site: Site, appliance: Appliance) -> str | None:
    """Why a lease whose owner is gone stays with it, a clause; None where the rest of the site is at rest.

    What is under way on the appliance `own` itself does not count: its operation collects that job, or refuses because of it.

    Raises:
        NotReadError: who holds the slot could not be read.
    """
    for name, other in site.appliances.items():
        if name == own:
            continue
        if isinstance(other, Unreadable):
            return f"{name} could not be read: {other.reason}"
        if isinstance(other.jobs, Unknown):
            return f"what is under way on {name} could not be read: {other.jobs.reason}"
        if other.jobs:
            return f"{', '.join(other.jobs)} is under way on {name}, or its answer was not fetched yet"
    need(appliance.slot)
    return slot.problem(appliance, site)


def describe(found: Lease) -> str:
    """Who holds it, for people."""
    named = f", taken over by {found.by}: {found.reason}" if found.by else ""
    return f"{found.who} (run {found.run}) since {found.since}{named}"


def logged(text: str, made: Lease, found: Lease) -> str:
    """The text of `LOG` with one more takeover by name, the latest last; what is no entry of ours is dropped."""
    entry = {"at": made.since, "by": made.by, "reason": made.reason, "run": made.run, "from": describe(found)}
    return "\n".join([*(json.dumps(one) for one in entries(text)), json.dumps(entry)][-LOGGED:]) + "\n"


def entries(text: str) -> list[dict[str, str]]:
    """The takeovers by name that a log holds, the latest last."""
    found: list[dict[str, str]] = []
    for line in text.splitlines():
        try:
            one = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(one, dict) and all(isinstance(value, str) and value.isprintable() for value in one.values()):
            most = site_file.MOST_CHARACTERS
            found.append({str(name)[:most]: value[: 3 * most] for name, value in one.items()})
    return found[-LOGGED:]
