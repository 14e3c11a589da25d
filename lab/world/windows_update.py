"""Updates of Windows and the agent that finds, downloads and installs them, as far as the collection can tell.

What an update does is data: it needs a restart or not, is found only after another one is in, fails with a code, or hangs. The
agent refuses to download or install for a logon that came over the network, as Windows does (cloud-connector.md 10).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from lab.world.network import Logon

REMOTE = frozenset({"remote", "basic", "ntlm", "credssp"})
"""Methods of a logon that comes over the network."""

ACCESS_DENIED = 0x80070005
BUSY = 0x80240016
"""An installation is under way, or a restart is waited for (WU_E_INSTALL_NOT_ALLOWED)."""

MIB = 1024**2


class AgentError(Exception):
    """What the agent refuses or fails with."""

    def __init__(self, hresult: int) -> None:
        super().__init__(f"Exception from HRESULT: 0x{hresult:08X}")
        self.hresult = hresult


@dataclass(frozen=True)
class Update:
    """One update of a computer."""

    kb: str
    title: str = ""
    categories: tuple[str, ...] = ("Security Updates",)
    size: int = 50 * MIB
    restart: bool = True
    """Whether a restart has to end its installation."""
    after: str = ""
    """The KB that has to be in, restart and all, before this one is found."""
    exclusive: bool = False
    """It has to be installed alone."""
    optional: bool = False
    """It is offered only (`BrowseOnly`)."""
    asks: bool = False
    """Its installation would ask a person."""
    download_fails: int = 0
    install_fails: int = 0
    """The HRESULT it fails with; 0: it does not."""
    fails_times: int = 1000
    """How often it fails before it works."""
    hangs: bool = False
    """Its installation never ends."""
    seconds: float = 300.0
    """What its installation takes; no source."""

    @property
    def id(self) -> str:
        """Like no other update's."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, self.kb))

    @property
    def shown(self) -> str:
        """Its title."""
        return self.title or f"Update for Windows Server 2012 R2 ({self.kb}) (simulated)"


def update(described: Mapping[str, Any] | str) -> Update:
    """An update from data, or from its KB. Raises ValueError that names what is unknown."""
    known: dict[str, Any] = {"kb": described} if isinstance(described, str) else dict(described)
    unknown = sorted(set(known) - {one.name for one in fields(Update)})
    if unknown or "kb" not in known:
        raise ValueError(f"windows_updates: {'unknown ' + ', '.join(unknown) if unknown else 'kb is lacking'}")
    if "categories" in known:
        known["categories"] = tuple(known["categories"])
    return Update(**known)


class UpdateAgent:
    """The updates of one computer. Everything public may be changed while the world runs."""

    def __init__(self) -> None:
        self.available: list[Update] = []
        """Those that are not in, found just now or later."""
        self.awaiting: list[Update] = []
        """Those that are in as soon as the computer was restarted."""
        self.installed: list[str] = []
        """The KBs of those that are in, in their order."""
        self.downloaded: set[str] = set()
        self.search_fails = 0
        """The HRESULT that every search ends with; 0: none."""
        self.search_warns: list[str] = []
        """What a search says that succeeded with errors only."""
        self.search_seconds = 60.0
        self.pending_is_found = False
        """Whether a search also finds what only waits for a restart."""
        self.server = ""
        """The update server that policy names; empty: Windows Update itself."""
        self.busy = False
        self.searches = 0
        self._failed: dict[str, int] = {}

    @property
    def rounds(self) -> int:
        """How many times it has to be installed and restarted until nothing is found any more."""
        waiting = {one.kb: one for one in (*self.available, *self.awaiting)}
        return max((_depth(one, waiting) for one in waiting.values()), default=0)

    def wait(self, rounds: int) -> None:
        """From now on that many rounds wait, of one update each, which needs a restart."""
        kbs = [f"KB50{number:05d}" for number in range(1, rounds + 1)]
        self.available = [Update(kb, after=before) for kb, before in zip(kbs, ["", *kbs], strict=False)]
        self.awaiting, self.downloaded = [], set()

    def found(self) -> list[Update]:
        """What a search finds now. Raises AgentError."""
        self.searches += 1
        if self.search_fails:
            raise AgentError(self.search_fails)
        waiting = {one.kb for one in (*self.available, *self.awaiting)}
        fitting = [one for one in self.available if one.after not in waiting]
        return [*(self.awaiting if self.pending_is_found else []), *fitting]

    def require_local(self, logon: Logon) -> None:
        """Raises AgentError for a logon that came over the network."""
        if getattr(logon, "method", "batch") in REMOTE:
            raise AgentError(ACCESS_DENIED)

    def download(self, one: Update) -> int:
        """Fetches an update; returns an HRESULT, 0 for success."""
        failed = self._failing(one, one.download_fails)
        if not failed:
            self.downloaded.add(one.kb)
        return failed

    def install(self, one: Update) -> int:
        """Installs an update at once; returns an HRESULT, 0 for success."""
        if one in self.awaiting:
            return 0
        failed = self._failing(one, one.install_fails)
        if not failed:
            self._take(one)
        return failed

    def install_all(self) -> None:
        """Installs what is found now: a round of the automatic update."""
        for one in self.found():
            self._take(one)

    def restarted(self) -> None:
        """What waited for a restart is in."""
        self.installed += [one.kb for one in self.awaiting]
        self.awaiting, self.busy = [], False

    @property
    def wants_restart(self) -> bool:
        """Whether something waits for a restart."""
        return bool(self.awaiting)

    def _failing(self, one: Update, code: int) -> int:
        if not code:
            return 0
        self._failed[one.kb] = self._failed.get(one.kb, 0) + 1
        return code if self._failed[one.kb] <= one.fails_times else 0

    def _take(self, one: Update) -> None:
        if one not in self.available:
            return
        self.available.remove(one)
        if one.restart:
            self.awaiting.append(one)
        else:
            self.installed.append(one.kb)


def described(updates: Iterable[Mapping[str, Any] | str]) -> list[Update]:
    """Updates from data. Raises ValueError."""
    return [update(one) for one in updates]


def _depth(one: Update, waiting: Mapping[str, Update]) -> int:
    before = waiting.get(one.after)
    return 1 if before is None else 1 + _depth(before, waiting)
