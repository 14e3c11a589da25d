"""One appliance: the host, what of the product is on it, its sets of VMs, and whether calls can live on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lab.powershell.objects import Credential
from lab.world.calls import Line, cut
from lab.world.certificates import put_in_store
from lab.world.computer import Activity, Computer, Service
from lab.world.configuration import Ini, addresses
from lab.world.faults import Faults
from lab.world.machines import Role, VirtualMachine, VmSet, booted, guest
from lab.world.network import account
from lab.world.record import Outage
from lab.world.tenant import TenantAppliance

if TYPE_CHECKING:
    from lab.world.site import Site
    from lab.world.world import World

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
    """One appliance. Every change of what calls depend on ends in `settle`."""

    world: World
    site: Site
    computer: Computer
    line: Line
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
    registered: bool = False
    """Register-CcAppliance was run since the MSI was installed."""
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
    outage: Outage | None = None
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
        name = self.world.switches.vm_name.format(server=server, version=version)
        machine = VirtualMachine(name, role, computer, address, switches)
        if role == "Edge":
            put_in_store(self, computer, ini)
        self.sets.setdefault(version, VmSet(version)).machines[role] = machine
        return machine

    def drop_set(self, version: str) -> None:
        """Removes a set with all its VMs."""
        for machine in self.sets.pop(version):
            machine.turn_off()
        self.settle()

    def machine_at(self, address: str) -> VirtualMachine | None:
        """The VM that answers to an address, server name or FQDN on the corporate network."""
        wanted = address.casefold()
        for machine in self.machines:
            server = machine.computer.name.casefold()
            named = wanted in (machine.address, server) or wanted.startswith(f"{server}.")
            if named and machine.on and machine.connected:
                return machine
        return None

    # --- in service or not

    @contextmanager
    def because(self, cause: str) -> Iterator[None]:
        """What changes meanwhile is put down to `cause`."""
        before, self._cause = self._cause, cause
        try:
            yield
        finally:
            self._cause = before

    def settle(self) -> None:
        """Draws the consequences of the present state: calls that cannot live are cut, service begins or ends."""
        carries = self.carrying is not None
        if not carries and self.line.alive:
            cut(self.line, self.world.record, self.world.now(), self.cause)
        if carries and self.computer.files.exists(self.recovery_file):
            self.computer.files.remove(self.recovery_file)
        taking = carries and not self.draining
        if taking != self.line.taking:
            self.line.taking = taking
            self._note_service()

    @property
    def cause(self) -> str:
        """Why something changes just now, for the record."""
        return self._cause or "VMs, services or networks of the running set"

    @property
    def recovery_file(self) -> str:
        """Where the management service notes what it is about (4.2); not there while nothing is wrong, which is inferred."""
        roots = [known.appliance for user, known in self.directories.items() if user == account(self.owner)]
        return rf"{roots[0] if roots else PROGRAM_DATA}\CceSevicePersistent"

    def give_up(self, failed: list[Service]) -> None:
        """The signs that the management service leaves when it cannot bring services back (4.2); its tries are not simulated."""
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
        if not self.line.taking:
            self.outage = Outage(self.name, self.site.name, self.world.now(), self.cause)
            self.world.record.begin(self.outage)
        self.site.weigh(f"{self.name}: {self.cause}")

    def _service_changed(self, _: Service) -> None:
        self.settle()

    # --- power

    def power_changed(self, computer: Computer) -> None:
        """The host went down or came up: its VMs follow, as Hyper-V does by default."""
        if computer.up:
            machines = [machine for machine in self.machines if machine.saved_on]
            self.world.env.process(self._boot_machines(machines))
        else:
            self._lose_power()

    def _lose_power(self) -> None:
        self.draining = False
        with self.because("host down"):
            for machine in self.machines:
                machine.saved_on = machine.on
                machine.turn_off()
            self.settle()

    def _boot_machines(self, machines: list[VirtualMachine]) -> Activity:
        yield from booted(self.world.env, machines, VM_BOOT_SECONDS)
        self.settle()

    def restart(self) -> None:
        """The host goes down now and comes back by itself; whatever runs on it ends."""
        self.world.record.event("host restarts", self.name)
        self.computer.reboot()

    def repair(self) -> None:
        """As if put right by hand: no fault waits, broken services can start, and the running set carries calls again."""
        self.faults.clear()
        self.draining = False
        for service in (service for one in self.sets.values() for service in one.services):
            service.broken = False
        running = self.running_set
        if running is not None and not self.maintenance:
            running.engage()
        self.settle()

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
            "in_service": self.line.taking,
            "draining": self.draining,
            "maintenance": self.maintenance,
            "registered": self.registered,
            "calls": len(self.line.alive),
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
