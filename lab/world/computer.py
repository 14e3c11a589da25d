"""A simulated Windows computer: drives, registry, services, scheduled tasks, programs, power. It knows no product.

Whoever composes one into an appliance sets what is on it (`files`, `registry`, `services`, `modules`, `executables`)
and is told of changes by `Service.watchers` and `Computer.watchers`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

import simpy

from lab.world.activity import KILLED, Activity
from lab.world.files import Files, Folder
from lab.world.network import Logon, Network, account, is_unc
from lab.world.policy import STRONG_CRYPTO, STRONG_CRYPTO_KEY, HostPolicy
from lab.world.tasks import Scheduler
from lab.world.windows_update import UpdateAgent

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
"""When a world begins unless it says otherwise."""

GIB = 1024**3


@dataclass(eq=False)
class Service:
    """One Windows service.

    `state`: Running, Stopped, StartPending or StopPending; `start_mode`: Auto, Manual or Disabled.
    """

    name: str
    display_name: str = ""
    state: str = "Stopped"
    start_mode: str = "Auto"
    account: str = "LocalSystem"
    image: str = ""
    start_seconds: float = 2.0
    stop_seconds: float = 2.0
    draining: bool = False
    """It carries what it has and takes no more, and Windows shows it as paused."""
    broken: bool = False
    """A service that does not start: Start-Service fails, and so does the automatic start of a boot."""
    watchers: list[Callable[[Service], None]] = field(default_factory=list)
    """Called after every change of `state`."""
    blocked: Callable[[], bool] = bool
    """Whether something outside of this computer keeps it from starting; by default nothing does."""

    @property
    def shown(self) -> str:
        """The state that Windows shows."""
        return "Paused" if self.draining and self.state == "Running" else self.state

    @property
    def startable(self) -> bool:
        """Whether it would start now."""
        return not self.broken and not self.blocked()

    def become(self, state: str) -> None:
        """Changes the state at once and tells the watchers."""
        if state != self.state:
            self.state = state
            for watcher in self.watchers:
                watcher(self)


class Services(dict[str, Service]):
    """The services of a computer by name, in whatever case."""

    def add(self, service: Service) -> Service:
        """Installs a service."""
        self[service.name] = service
        return service

    def find(self, name: str) -> Service | None:
        """The service of that name or display name."""
        wanted = name.casefold()
        return next((s for s in self.values() if wanted in (s.name.casefold(), s.display_name.casefold())), None)


class WindowsRegistry:
    """Registry keys with their values; a key is written `HKLM:\\SOFTWARE\\...`, in whatever case."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[str, dict[str, Any]]] = {}

    def set(self, key: str, values: dict[str, Any]) -> None:
        """Makes a key with these values, in place of one that was there."""
        self._keys[registry_path(key).casefold()] = (registry_path(key), dict(values))

    def remove(self, key: str) -> None:
        """Removes a key and all below it; a missing one is no error."""
        gone = registry_path(key).casefold()
        self._keys = {k: v for k, v in self._keys.items() if k != gone and not k.startswith(gone + "\\")}

    def get(self, key: str) -> dict[str, Any] | None:
        """The values of a key; None when there is no such key (a key above an existing one exists, without values)."""
        wanted = registry_path(key).casefold()
        if wanted in self._keys:
            return self._keys[wanted][1]
        return {} if any(k.startswith(wanted + "\\") for k in self._keys) else None

    def find(self, pattern: str) -> list[str]:
        """The keys that match, as many levels deep as the pattern; `*` and `?` do not cross a backslash."""
        wanted = registry_path(pattern).casefold().split("\\")
        found: dict[str, str] = {}
        for name, _ in self._keys.values():
            parts = name.split("\\")[: len(wanted)]
            if len(parts) == len(wanted) and all(map(fnmatchcase, map(str.casefold, parts), wanted)):
                found.setdefault("\\".join(parts).casefold(), "\\".join(parts))
        return [found[key] for key in sorted(found)]


@dataclass
class Disk:
    """A logical disk; `size` and `free` in bytes."""

    root: Folder
    size: int = 1000 * GIB
    free: int = 600 * GIB


@dataclass(frozen=True)
class Module:
    """An installed PowerShell module."""

    name: str
    base: str
    version: str = "1.0"


@dataclass(frozen=True)
class EventEntry:
    """One entry of a Windows event log. `kind`: Information, Warning, Error, SuccessAudit or FailureAudit."""

    source: str
    event_id: int
    kind: str
    message: str
    time: datetime


@dataclass(frozen=True)
class StoredCertificate:
    """A certificate in the computer's own store (`Cert:\\LocalMachine\\My`)."""

    subject: str
    issuer: str
    begins: datetime
    expires: datetime

    @property
    def thumbprint(self) -> str:
        """Like no other certificate's."""
        text = f"{self.subject} {self.issuer} {self.begins.isoformat()} {self.expires.isoformat()}"
        return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest().upper()


@dataclass(frozen=True)
class ProcessEntry:
    """A process as the process table has it. Its number is given to another one when it has ended; its start is its own."""

    id: int
    name: str
    started: datetime


@dataclass(frozen=True)
class Launch:
    """One start of a program: what it is called with, by whom, and on which computer."""

    computer: Computer
    program: str
    """File name without folder, in lower case: `msiexec.exe`."""
    arguments: str
    """The rest of the command line as it was typed."""
    logon: Logon


Executable = Callable[[Launch], Activity]
"""What a program does: a process body that returns its exit code."""


@dataclass(frozen=True)
class Program:
    """A program that somebody has started at the console, as Windows lists it."""

    number: int
    name: str
    command_line: str
    begun: datetime


@dataclass
class Memory:
    """Physical memory, in bytes."""

    size: int = 64 * GIB
    free: int = 16 * GIB


class Computer:
    """One computer. Everything public may be changed while the world runs.

    `up` is False between a power cut or the beginning of a reboot and the end of the boot; whoever carries the wire
    refuses connections then. `watchers` are called after each change of `up`.
    """

    def __init__(self, env: simpy.Environment, name: str, network: Network | None = None, start: datetime = START):
        self.env = env
        self.name = name
        self.start = start
        self.clock_offset = timedelta(0)
        self.wall: Callable[[], datetime] | None = None
        """The clock of whoever asks, where simulated time does not run as fast (`shown_time`)."""
        self.network = network or Network(self.now)
        self.disks = {"C:": Disk(Folder("C:\\", start, start))}
        self.files = Files(self._local_root, self.now)
        self.registry = WindowsRegistry()
        self.registry.set(SESSION_MANAGER, {})
        self.services = Services()
        self.accounts: dict[str, str] = {}
        self.executables: dict[str, Executable] = {}
        self.permissions: dict[str, tuple[str, ...]] = {}
        self.modules: list[Module] = []
        self.events: dict[str, list[EventEntry]] = {"Application": [], "System": []}
        self.firewall: dict[str, bool] = {}
        """Inbound firewall rules by display name, and whether each is enabled."""
        self.certificates: list[StoredCertificate] = []
        self.programs: list[Program] = []
        self.memory = Memory()
        self.os_version = "6.3.9600"
        self.zone_minutes = 0
        """How far its own time is ahead of UTC, as Windows says it."""
        self.updates = UpdateAgent()
        self.shutdown_hangs = False
        """Windows does not go down though it was asked to restart."""
        self.policy = HostPolicy()
        self.set_strong_crypto(True)
        self.tasks = Scheduler(self)
        self.up = True
        self.boot_time = start
        self.boot_seconds = 120.0
        self.watchers: list[Callable[[Computer], None]] = []
        self.processes: dict[int, ProcessEntry] = {}
        """The PowerShell processes by their numbers; other programs are not in it."""
        self._last_process_id = 1000
        self._running: set[simpy.Process] = set()

    # --- settings

    def set_policy(self, **changes: object) -> None:
        """Changes how Windows is set up. Raises ValueError for what is no field of `HostPolicy`."""
        unknown = sorted(set(changes) - {one.name for one in fields(HostPolicy)})
        if unknown:
            raise ValueError(f"windows: unknown {', '.join(unknown)}")
        self.policy = replace(self.policy, **changes)  # type: ignore[arg-type]
        if "strong_crypto" in changes:
            self.set_strong_crypto(self.policy.strong_crypto)

    def set_strong_crypto(self, wanted: bool) -> None:
        """Whether .NET offers more than TLS 1.0: a value in the registry, which is read at each request."""
        self.registry.set(STRONG_CRYPTO_KEY, {STRONG_CRYPTO: 1} if wanted else {})

    @property
    def strong_crypto(self) -> bool:
        """What the registry says now."""
        return (self.registry.get(STRONG_CRYPTO_KEY) or {}).get(STRONG_CRYPTO) == 1

    @property
    def windows_updates(self) -> int:
        """Rounds of Windows updates that wait: each is installed and followed by a restart."""
        return self.updates.rounds

    @windows_updates.setter
    def windows_updates(self, rounds: int) -> None:
        self.updates.wait(rounds)

    # --- time and logons

    def now(self) -> datetime:
        """The time this computer shows: the world's, plus its own error; aware UTC."""
        return self.start + timedelta(seconds=self.env.now) + self.clock_offset

    def shown_time(self) -> datetime:
        """What `Get-Date` shows. In a world that runs faster than the wall clock every clock would be wrong for whoever asks,
        so there it is the wall's time plus this computer's own error.
        """
        return self.now() if self.wall is None else self.wall() + self.clock_offset

    def accepts(self, user: str, password: str) -> bool:
        """Whether the account exists here with that password; `HOST\\name` and `name` are the same account."""
        return self.accounts.get(account(user)) == password

    def add_account(self, user: str, password: str) -> None:
        """Makes a local account or changes its password."""
        self.accounts[account(user)] = password

    # --- files

    def files_for(self, logon: Logon) -> Files:
        """The files as this logon reaches them: all local drives, and the shares that admit it."""
        return Files(lambda drive: self._root(drive, logon), self.now)

    def _root(self, drive: str, logon: Logon) -> Folder:
        return self.network.root(drive, logon) if is_unc(drive) else self._local_root(drive)

    def _local_root(self, drive: str) -> Folder:
        disk = self.disks.get(drive.upper())
        if disk is None:
            raise FileNotFoundError(drive)
        return disk.root

    # --- programs

    def run(self, body: Activity) -> simpy.Process:
        """Starts something that ends when this computer goes down.

        `body` gets a `simpy.Interrupt` then, and the process's value is `KILLED`, else what `body` returns.
        """
        process = self.env.process(_killable(body))
        self._running = {running for running in self._running if running.is_alive} | {process}
        return process

    def launch(self, program: str, arguments: str, logon: Logon) -> simpy.Process:
        """Starts a program; the process's value is the exit code. Raises FileNotFoundError: no such program."""
        name = program.rpartition("\\")[2].casefold()
        name = name if "." in name else f"{name}.exe"
        if name not in self.executables:
            raise FileNotFoundError(program)
        return self.run(self.executables[name](Launch(self, name, arguments, logon)))

    def begin_process(self, name: str) -> ProcessEntry:
        """Puts a process into the table that begins now."""
        self._last_process_id += 4
        entry = ProcessEntry(self._last_process_id, name, self.now())
        self.processes[entry.id] = entry
        return entry

    def end_process(self, entry: ProcessEntry) -> None:
        """Takes it out of the table, where it still is in it."""
        if self.processes.get(entry.id) == entry:
            del self.processes[entry.id]

    # --- services

    def start_service(self, service: Service) -> Activity:
        """Starts a stopped service; raises OSError when it does not start."""
        if service.state == "Running":
            return
        if not service.startable or service.start_mode == "Disabled":
            raise OSError(f"Cannot start service {service.name} on computer '.'.")
        service.become("StartPending")
        yield self.env.timeout(service.start_seconds)
        service.become("Running")

    def stop_service(self, service: Service) -> Activity:
        """Stops a running service."""
        if service.state == "Stopped":
            return
        service.become("StopPending")
        yield self.env.timeout(service.stop_seconds)
        service.become("Stopped")

    # --- power

    def power_off(self) -> None:
        """Cuts the power: whatever runs ends at once, without a trace of its own."""
        self.up = False
        doomed, self._running = self._running, set()
        self.programs.clear()
        self.processes.clear()
        self.env.process(self._kill(doomed))
        for service in self.services.values():
            service.become("Stopped")
        self._tell()

    def power_on(self) -> simpy.Process:
        """Boots: after `boot_seconds`, unless the power is cut again, it is up and its automatic services run."""
        return self.run(self._boot())

    def reboot(self) -> simpy.Process:
        """Off and on again; the process ends when the computer is up."""
        self.power_off()
        return self.power_on()

    def _kill(self, doomed: set[simpy.Process]) -> Activity:
        """A process of its own, since one that cuts its own power cannot interrupt itself."""
        for process in doomed:
            if process.is_alive:
                process.interrupt(KILLED)
        yield self.env.timeout(0)

    def _boot(self) -> Activity:
        yield self.env.timeout(self.boot_seconds)
        self.up, self.boot_time = True, self.now()
        self.forget_restart()
        for service in self.services.values():
            if service.start_mode == "Auto" and service.startable:
                service.become("Running")
        self._tell()

    def want_restart(self) -> None:
        """What Windows Update has installed is ended by a restart."""
        self.registry.set(RESTART_KEYS[1], {})

    def forget_restart(self) -> None:
        """What waited for this restart is done."""
        self.updates.restarted()
        self.registry.set(SESSION_MANAGER, {})
        for key in RESTART_KEYS:
            self.registry.remove(key)

    def _tell(self) -> None:
        for watcher in self.watchers:
            watcher(self)

    # --- event log

    def log(self, source: str, event_id: int, kind: str, message: str, log: str = "Application") -> None:
        """Adds an entry to an event log, at the present time."""
        self.events.setdefault(log, []).append(EventEntry(source, event_id, kind, message, self.now()))


def _killable(body: Activity) -> Activity:
    try:
        return (yield from body)
    except simpy.Interrupt as interrupt:
        return interrupt.cause


SESSION_MANAGER = r"HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager"
REBOOT_PENDING = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending"
RESTART_KEYS = (
    REBOOT_PENDING,
    r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired",
)
"""Keys that are there while servicing, or Windows Update, waits for a restart."""

HIVES = {"HKEY_LOCAL_MACHINE": "HKLM:", "HKEY_CURRENT_USER": "HKCU:", "HKLM": "HKLM:", "HKCU": "HKCU:"}


def registry_path(key: str) -> str:
    """The key as `HKLM:\\...`, without the provider's prefix and without a backslash at its end."""
    bare = key.rpartition("::")[2].strip("\\")
    hive, _, rest = bare.partition("\\")
    short = HIVES.get(hive.upper(), hive)
    return f"{short}\\{rest}" if rest else short


def is_registry(path: str) -> bool:
    """Whether a path is the registry provider's."""
    return registry_path(path).upper().startswith(("HKLM:", "HKCU:"))
