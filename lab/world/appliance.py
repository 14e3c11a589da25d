"""One appliance: the host, what of the product is on it, its sets of VMs, and whether calls can live on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lab.powershell.objects import Credential
from lab.world.activity import Activity
from lab.world.calls import CallCapacity, Failure, cut
from lab.world.certificates import put_in_store
from lab.world.computer import Computer, Service
from lab.world.configuration import Ini, addresses
from lab.world.context import WorldContext
from lab.world.faults import Faults
from lab.world.machines import Role, VirtualMachine, VmSet, booted, guest
from lab.world.network import account
from lab.world.obstacles import Obstacle, Way, close_firewall, log, obstacle_of, open_firewall
from lab.world.record import Outage
from lab.world.site import Site
from lab.world.switches import own_text
from lab.world.tenant import TenantAppliance

PROGRAM_DATA = r"C:\ProgramData\CloudConnector"
MODULE_INI = rf"{PROGRAM_DATA}\module.ini"
VM_BOOT_SECONDS = 120.0


@dataclass
class Directories:
    """The appliance directory and the site directory."""

    appliance: str
    site: str


@dataclass(eq=False)
class Appliance:
    """One appliance. Every change of what calls depend on ends in `recompute_service`."""

    world: WorldContext
    site: Site[Appliance]
    computer: Computer
    calls: CallCapacity
    owner: str
    """The account that deployed it."""
    address: str = ""
    """The loopback address of its wire."""
    sets: dict[str, VmSet] = field(default_factory=dict)
    """All sets in Hyper-V by version, finished or not."""
    running: str | None = None
    backup: str | None = None
    msi: str | None = None
    """The version of the installed MSI, and so of the module a new session loads."""
    maintenance: bool = False
    """In manual maintenance mode (Enter-CcUpdate)."""
    draining: bool = False
    updating: str | None = None
    """The action of the automatic update that is under way: OsUpdate, BitsUpdate or Deploy."""
    registered: bool = False
    """Register-CcAppliance was run since the MSI was installed."""
    kept: tuple[str, bool] = ("", False)
    """What the last MSI had when it was removed: account of the management service, and whether it was registered."""
    management_switch_name: str = "SfB CCE Management Switch"
    management_switch: bool = False
    """The temporary switch of a deployment is there."""
    unreachable: bool = False
    """The wire does not answer, whatever else goes on."""
    directories: dict[str, Directories] = field(default_factory=dict)
    """What an account has set; by account name in lower case."""
    caches: dict[str, dict[str, Credential]] = field(default_factory=dict)
    """Cached credentials by account name, then by account type."""
    sealed: set[str] = field(default_factory=set)
    """Accounts whose cache cannot be decrypted any more: their Windows password was changed (T11)."""
    certificates: dict[str, str] = field(default_factory=dict)
    """Paths of the external certificates by target."""
    imported: dict[str, bytes] = field(default_factory=dict)
    """The external certificates that were applied to the deployed VMs, by target."""
    published: dict[str, str] = field(default_factory=dict)
    """The Mediation Servers of the site, name and address, as they were published to the VMs."""
    logging_until: float = 0.0
    """Call logging goes on until this simulated second."""
    faults: Faults = field(default_factory=Faults)
    no_calls: dict[str, set[Way]] = field(default_factory=dict)
    """Version -> the ways in which its set, deployed or not, carries no call though everything reads well."""
    obstacle: Obstacle | None = None
    """What keeps calls from the set in production just now."""
    outage: Outage | None = None
    furnish: Callable[[VirtualMachine], object] = bool
    """What puts programs into a new VM."""
    _cause: str = ""

    @property
    def name(self) -> str:
        return self.computer.name

    @property
    def carrying(self) -> VmSet | None:
        """The set in which calls can live, if there is one."""
        if not self.computer.up:
            return None
        return next((one for one in self.sets.values() if one.carries), None)

    @property
    def running_set(self) -> VmSet | None:
        """The set that is said to run."""
        return self.sets.get(self.running or "")

    @property
    def logging(self) -> bool:
        """Whether calls are logged now."""
        return self.world.env.now < self.logging_until

    @property
    def machines(self) -> list[VirtualMachine]:
        """All VMs of the host."""
        return [machine for one in self.sets.values() for machine in one]

    @property
    def edges(self) -> list[Computer]:
        """The Edge VMs of all sets."""
        return [machine.computer for machine in self.machines if machine.role == "Edge"]

    @property
    def in_tenant(self) -> TenantAppliance | None:
        """What the tenant knows of it."""
        known = self.world.tenant.appliances.values()
        return next((one for one in known if (one.name, one.site) == (self.name, self.site.name)), None)

    @property
    def switches(self) -> list[str]:
        """The Hyper-V switches of the host: those its VMs belong to, and the management switch while it is there."""
        names = dict.fromkeys(name for machine in self.machines for name in machine.switches)
        return [*names, *([self.management_switch_name] if self.management_switch else [])]

    def add_machine(self, version: str, role: Role, ini: Ini) -> VirtualMachine:
        """Creates a VM of a set as the ini says: off, not connected."""
        server, address = addresses(ini)[role]
        network = ini["Network"]
        switches = (network["CorpnetSwitchName"], *([network["InternetSwitchName"]] if role == "Edge" else []))
        computer = guest(self.world.env, server, role, self._service_changed)
        name = self.world.switches.vm_name.format(server=server, version=self.own_text(version))
        machine = VirtualMachine(name, role, computer, address, switches)
        if role == "Edge":
            put_in_store(computer, ini, self.world.start)
        made = self.sets.setdefault(version, VmSet(version))
        machine.join(made.machines)
        self.furnish(machine)
        close_firewall(self.no_calls.get(version, set()), made, self.world.switches.blocking_rule)
        return machine

    def own_text(self, version: str) -> str:
        """A version as the product writes it: in the names of VMs, and for those who name a version to it."""
        return own_text(version, self.world.switches)

    def drop_set(self, version: str) -> None:
        """Removes a set with all its VMs."""
        for machine in self.sets.pop(version):
            machine.turn_off()
        self.recompute_service()

    # --- in service or not

    @contextmanager
    def cause(self, cause: str) -> Iterator[None]:
        """Records `cause` as the reason of what changes in the block."""
        before, self._cause = self._cause, cause
        try:
            yield
        finally:
            self._cause = before

    def recompute_service(self) -> None:
        """Cuts the calls that cannot live in the present state, and begins or ends service."""
        carries = self.carrying is not None
        if not carries and self.calls.live_calls:
            cut(self.calls, self.world.record, self.world.now(), self.current_cause)
        if carries and self.computer.files.exists(self.recovery_file):
            self.computer.files.remove(self.recovery_file)
        self._meet_obstacle()
        taking = carries and not self.draining and self.obstacle is None
        if taking != self.calls.taking:
            self.calls.taking = taking
            self._note_service()

    def carry_no_calls(self, version: str, way: Way) -> None:
        """From now on the set of a version, deployed or not, carries no call in this way; all that lives on goes on."""
        self.no_calls.setdefault(version, set()).add(way)
        if version in self.sets:
            close_firewall({way}, self.sets[version], self.world.switches.blocking_rule)
        with self.cause(f"{version} carries no call: {way}"):
            self.recompute_service()

    def mend(self, way: Way) -> None:
        """This way keeps calls from no deployed set any more."""
        for version in self.sets:
            self.no_calls.get(version, set()).discard(way)
        self.recompute_service()

    def failure(self) -> Failure | None:
        """Why a call that reaches the set in production fails, if it does; its event is logged."""
        if self.obstacle is None or self.carrying is None or self.draining:
            return None
        if not self.obstacle.at_once:
            log(self.obstacle, self.carrying)
        return Failure(f"{self.name}: {self.obstacle.why}", self.obstacle.answered, self.obstacle.rings)

    def _meet_obstacle(self) -> None:
        """Notes what keeps calls from the set in production; some of it is logged as soon as it is met."""
        carrying, before = self.carrying, self.obstacle
        self.obstacle = obstacle_of(self.no_calls.get(carrying.version, set()) if carrying else set(), carrying)
        if self.obstacle is not None and carrying is not None and self.obstacle.at_once and self.obstacle != before:
            log(self.obstacle, carrying)

    @property
    def acting(self) -> bool:
        """Whether a cmdlet, or the management service, is just now at work on what calls depend on."""
        return bool(self._cause)

    @property
    def current_cause(self) -> str:
        """Why something changes just now, for the record."""
        return self._cause or "VMs, services or networks of the running set"

    @property
    def recovery_file(self) -> str:
        """Where the management service notes what it is about (4.2); not there while nothing is wrong, which is inferred."""
        roots = [known.appliance for user, known in self.directories.items() if user == account(self.owner)]
        return rf"{roots[0] if roots else PROGRAM_DATA}\CceSevicePersistent"

    def mark_unrecoverable(self, failed: list[Service]) -> None:
        """Leaves the signs of the management service that could not bring services back (4.2)."""
        for service in failed:
            service.start_mode = "Manual"
        source = "Cloud Connector Management Service"
        result = "Completed recovery of the appliance, recover result: CannotRecover"
        self.computer.log(source, 304, "Error", result)
        self.computer.log(
            source, 20006, "Error", "Appliance cannot be recovered automatically, please recover manually"
        )
        self.computer.files.write_text(self.recovery_file, "AutoMaintenanceStatus=3\r\n")

    def _note_service(self) -> None:
        if self.outage is not None:
            self.outage.end = self.world.now()
            self.world.record.end(self.outage)
            self.outage = None
        if not self.calls.taking:
            self.outage = Outage(self.name, self.site.name, self.world.now(), self.current_cause)
            self.world.record.begin(self.outage)
        self.site.check_shortage(f"{self.name}: {self.current_cause}")

    def _service_changed(self, _: Service) -> None:
        self.recompute_service()

    # --- power

    def power_changed(self, computer: Computer) -> None:
        """The host went down or came up: its VMs follow, as Hyper-V does by default."""
        if computer.up:
            machines = [machine for machine in self.machines if machine.saved_on]
            self.computer.run(self._boot_machines(machines))
        else:
            self._lose_power()

    def _lose_power(self) -> None:
        self.draining = False
        with self.cause("host down"):
            for machine in self.machines:
                saved_on = machine.on or machine.saved_on
                machine.turn_off()
                machine.saved_on, machine.restarting = saved_on, False
            self.recompute_service()

    def _boot_machines(self, machines: list[VirtualMachine]) -> Activity:
        switches = self.world.switches
        yield from booted(
            self.world.env,
            machines,
            VM_BOOT_SECONDS,
            in_order=switches.vms_start_in_order,
            service_seconds=switches.boot_services_seconds,
        )
        self.recompute_service()

    def restart(self) -> None:
        """The host goes down now and comes back by itself; whatever runs on it ends."""
        self.world.record.event("host restarts", self.name)
        self.computer.reboot()

    def restart_machine(self, machine: VirtualMachine) -> None:
        """The Windows of a VM restarts now; what runs in it ends."""
        self.world.record.event(f"VM restarts: {machine.role}", self.name)
        self.computer.run(self.restarting(machine))

    def restarting(self, machine: VirtualMachine) -> Activity:
        """The restart of a VM; where the host goes down meanwhile the VM comes back with it."""
        if not machine.on:
            return
        with self.cause(self._cause or f"restart of {machine.name}"):
            machine.turn_off()
            machine.restarting = machine.saved_on = True
            self.recompute_service()
        yield self.world.env.timeout(VM_BOOT_SECONDS)
        if self.computer.up and machine.restarting:
            machine.turn_on(self.world.switches.boot_services_seconds)
        self.recompute_service()

    def repair(self) -> None:
        """As if put right by hand: no fault waits, nothing keeps calls off, broken services can start, and the running set
        carries calls again."""
        self.faults.clear()
        self.no_calls.clear()
        self.draining = False
        for one in self.sets.values():
            open_firewall(one)
        for service in (service for one in self.sets.values() for service in one.services):
            service.broken = False
        running = self.running_set
        if running is not None and not self.maintenance:
            running.engage()
        self.recompute_service()

    # --- files of the product

    def write_versions(self) -> None:
        """Writes running and backup version to module.ini, whose keys are not documented: these are the lab's."""
        text = f"; simulated\r\nRunningVersion={self.running or ''}\r\nBackupVersion={self.backup or ''}\r\n"
        self.computer.files.write_text(MODULE_INI, text)

    @property
    def knows_versions(self) -> bool:
        """Whether module.ini names what runs; T7 is that it does not."""
        files = self.computer.files
        return files.exists(MODULE_INI) and "RunningVersion=\r" not in files.read_text(MODULE_INI)

    def state(self) -> dict[str, Any]:
        """The whole state as data, for assertions and the control API."""
        service = self.computer.services.find(self.world.switches.service_name)
        return {
            "name": self.name,
            "site": self.site.name,
            "up": self.computer.up,
            "unreachable": self.unreachable,
            "scripts": self.msi,
            "running": self.running,
            "backup": self.backup,
            "in_service": self.calls.taking,
            "draining": self.draining,
            "updating": self.updating,
            "maintenance": self.maintenance,
            "registered": self.registered,
            "calls": len(self.calls.live_calls),
            "no_calls": {version: sorted(ways) for version, ways in self.no_calls.items()},
            "management_service": service and {"state": service.state, "account": service.account},
            "management_switch": self.management_switch,
            "sets": {
                version: {
                    "complete": one.complete,
                    "machines": {machine.name: self._machine_state(machine) for machine in one},
                }
                for version, one in self.sets.items()
            },
        }

    @staticmethod
    def _machine_state(machine: VirtualMachine) -> dict[str, Any]:
        services = {service.name: service.state for service in machine.computer.services.values()}
        return {"on": machine.on, "connected": machine.connected, "services": services}
