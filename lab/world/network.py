"""What the simulated computers reach over the network: shares on file servers, and files behind web addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from lab.world.files import Clock, Files, Folder, split

DEFAULT_RATE = 10_000_000
"""Bytes a second of a download whose resource says no duration of its own."""


class Logon(Protocol):
    """Who runs a command, and whether the logon reaches further computers (CredSSP, Basic, a task's password: yes)."""

    @property
    def user(self) -> str: ...

    @property
    def delegates(self) -> bool: ...


@dataclass(frozen=True)
class LocalLogon:
    """A logon on this very computer (a scheduled task, a service, a program); with a password it reaches shares."""

    user: str
    method: str = "batch"
    delegates: bool = True


@dataclass
class Share:
    """A network share: its folder (of a file server, or one of a computer's drives) and who may use it."""

    folder: Folder
    accounts: frozenset[str] | None = None
    """Account names without domain, in lower case; None lets everybody in who really logs on."""
    online: bool = True
    """False: the file server does not answer, the path is not found."""

    def admits(self, logon: Logon) -> bool:
        """Whether this logon may read and write: a network logon arrives here as nobody (the double hop)."""
        return logon.delegates and (self.accounts is None or account(logon.user) in self.accounts)


@dataclass
class Resource:
    """What a web address answers."""

    data: bytes
    status: int = 200
    seconds: float | None = None
    """Simulated seconds of the transfer; None: by the size, at `Network.rate`."""


class Network:
    """One network for all computers of a world; everything in it may be changed while the world runs."""

    def __init__(self, clock: Clock) -> None:
        self.shares: dict[str, Share] = {}
        self.urls: dict[str, Resource] = {}
        self.hosts: set[str] = set()
        self.down: set[str] = set()
        self.listening: set[tuple[str, int]] = set()
        """Addresses and ports at which the gateways of the sites take connections over TCP."""
        self.rate = DEFAULT_RATE
        self.clock = clock
        self._reached: set[int] = set()
        self.files = Files(lambda drive: self.share(drive).folder, clock)
        """All shares as their administrator sees them, without any check: for whoever builds or judges a world."""

    def add_share(self, path: str, accounts: frozenset[str] | None = None, folder: Folder | None = None) -> Share:
        """Publishes `\\\\server\\share`, empty or upon a folder that is there already."""
        now = self.clock()
        share = Share(folder or Folder(path, now, now), accounts and frozenset(map(account, accounts)))
        self.shares[path.casefold()] = share
        return share

    def share(self, drive: str) -> Share:
        """The share. Raises FileNotFoundError where there is none or its server does not answer."""
        share = self.shares.get(drive.casefold())
        if share is None or not share.online:
            raise FileNotFoundError(drive)
        return share

    def root(self, drive: str, logon: Logon) -> Folder:
        """The top of a share for this logon. Raises FileNotFoundError, PermissionError."""
        self._reached.add(id(logon))
        share = self.share(drive)
        if not share.admits(logon):
            raise PermissionError(drive)
        return share.folder

    def was_reached(self, logon: Logon) -> bool:
        """Whether this logon has touched a share since it was last asked."""
        touched = id(logon) in self._reached
        self._reached.discard(id(logon))
        return touched

    def add_url(self, url: str, data: bytes, *, status: int = 200, seconds: float | None = None) -> Resource:
        """Publishes a file at a web address; its host is known from then on, and other paths of it are 404."""
        resource = Resource(data, status, seconds)
        self.urls[url] = resource
        self.hosts.add(host(url))
        return resource

    def request(self, url: str) -> Resource:
        """What the address answers. Raises LookupError for an unknown host, ConnectionError for one that is down."""
        if host(url) in self.down:
            raise ConnectionError(host(url))
        if host(url) not in self.hosts:
            raise LookupError(host(url))
        return self.urls.get(url, Resource(b"", 404))

    def transfer_seconds(self, resource: Resource) -> float:
        """Simulated seconds a computer needs to fetch it."""
        return len(resource.data) / self.rate if resource.seconds is None else resource.seconds


def account(user: str) -> str:
    """The bare account name, in lower case: shares of a workgroup know an account of the same name and password."""
    return user.rpartition("\\")[2].partition("@")[0].casefold()


def host(url: str) -> str:
    """The host of a web address, in lower case."""
    return urlsplit(url).hostname or ""


def is_unc(path: str) -> bool:
    """Whether the path is on a share."""
    return split(path).drive.startswith("\\\\")
