# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All that is known of one appliance at one moment; what could not be read is `Unknown` and never a default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Self

from .codec import decode, encode
from .ini_document import Ini
from .reading import Reading, Unknown, need
from .versions import Version

ACCOUNTS = ("TenantAdmin", "ExternalCert", "CceService", "CABackupFile")
"""What Register-CcAppliance asks for from 2.0 on when it is not cached (cloud-connector.md 1.1)."""

EARLY_ACCOUNTS = ("TenantAdmin", "ExternalCert", "SafeModeAdmin", "DomainAdmin", "VmAdmin")
"""The same up to 1.4.2."""

SERVICES: Mapping[str, tuple[str, ...]] = {
    "cms": ("REPLICA", "MASTER"),
    "mediation": ("REPLICA", "RTCMEDSRV", "RTCSRV"),
    "edge": ("REPLICA", "RTCSRV", "RTCDATAPROXY", "RTCMRAUTH", "RTCMEDIARELAY"),
}
"""The monitored services of each VM (cloud-connector.md 4.1)."""

TARGETS = ("EdgeServer", "MediationServer")
"""What external certificates are for (cloud-connector.md 1.2)."""

MANAGEMENT_SWITCHES = ("SfB CCE Management Switch", "Cloud Connector Management Switch")
"""The names documents know; the ini may hold another (cloud-connector.md 9.1 no. 18)."""

NEVER = datetime.min.replace(tzinfo=UTC)
"""Older than any reading."""


@dataclass(frozen=True)
class Service:
    """A Windows service of the host; `account` is what it logs on as."""

    name: str
    state: str
    account: str


@dataclass(frozen=True)
class Machine:
    """A VM. `version` is the one in its name, None where it names none; `switches` are those it is connected to."""

    name: str
    state: str
    version: Version | None
    switches: Reading[tuple[str, ...]]

    @property
    def is_running(self) -> bool:
        return self.state == "Running"


@dataclass(frozen=True)
class Calls:
    """Live calls of the Mediation Server."""

    inbound: int
    outbound: int

    @property
    def total(self) -> int:
        return self.inbound + self.outbound


@dataclass(frozen=True)
class Slot:
    """Who holds the site's one out-of-service slot (`slot.py`)."""

    appliance: str
    """Its name in the inventory of the run that claimed it."""
    computer: str
    """Its Windows name: what tells appliances apart whichever inventory is used."""
    operation: str
    since: str
    token: str
    """Of this very claim."""
    text: str
    """The file word by word: what a fence expects."""


@dataclass(frozen=True)
class Process:
    """A process of the host."""

    id: int
    name: str
    since: datetime


@dataclass(frozen=True)
class Suspension:
    """Automatic update of a site that was on, and is off for the time of our work (`suspended.py`)."""

    site: str
    """Its name in the tenant."""
    since: str
    by: str
    """The run that wrote it down."""
    text: str
    """The file word by word: what a fence expects."""


@dataclass(frozen=True)
class Hold:
    """Why no appliance of the site goes forward (`hold.py`)."""

    site: str
    by: str
    """The person who answers for it."""
    reason: str
    leaves: Version
    """The release that is left."""
    goes_to: Version
    """The release that is gone back to."""
    since: str
    token: str
    """Of this very hold."""
    text: str
    """The file word by word: what a fence expects."""


@dataclass(frozen=True)
class Lease:
    """Which run works on the site (`lease.py`)."""

    run: str
    """Names one run of ansible-playbook."""
    who: str
    """The person or the job that runs it, and on which controller."""
    since: str
    """By the clock of that controller."""
    token: str
    """Of this very lease."""
    seconds: int
    """After how long without a sign of life it may be taken over."""
    boot: str
    namespace: str
    pid: str
    started: str
    """The process, and the boot of the computer it runs on: what shows that it has ended."""
    after: str
    """The run that it was taken over from; empty: from none."""
    by: str
    reason: str
    """Who took it over by name, and why; empty: nobody did."""
    text: str
    """The file word by word: what a fence expects."""


@dataclass(frozen=True)
class Certificate:
    """A certificate in the store of a computer."""

    subject: str
    issuer: str
    expires: datetime
    thumbprint: str


@dataclass(frozen=True)
class Event:
    """An entry of a Windows event log."""

    id: int
    time: datetime
    message: str


@dataclass(frozen=True)
class Proof:
    """That the appliance was seen to carry calls (`proof.py`).

    Attributes:
        version: what ran then.
        way: counters, probe, command or signoff.
        at: when; of a sign-off the time that the person gave.
        by: the person, or the run.
        evidence: what was seen, for people.
    """

    version: Version
    way: str
    at: datetime
    by: str
    evidence: str


@dataclass(frozen=True)
class Commissioned:
    """What the last commissioning of a host found (`commissioning.py`).

    Attributes:
        at: when.
        collection: the version of the collection that did it.
        results: check -> its status.
    """

    at: datetime
    collection: str
    results: Mapping[str, str]


@dataclass(frozen=True)
class Skew:
    """Seconds that the host's clock is ahead of the controller's, give or take `tolerance`: half of what the exchange took."""

    seconds: float
    tolerance: float


@dataclass(frozen=True)
class Space:
    """Bytes."""

    free: int
    total: int


@dataclass(frozen=True)
class Appliance:
    """An appliance as a survey found it, or as check mode says it would be."""

    read_at: datetime
    """When the readings that say who carries calls were begun: the controller's time at the answer's end, less what they took."""
    computer_name: Reading[str]
    module_present: Reading[bool]
    scripts: Reading[Version | None]
    """The version of the CloudConnector module; None: the module is not there."""
    running: Reading[Version | None]
    """The version of the VM set in production; None: nothing is deployed."""
    backup: Reading[Version | None]
    raw_versions: Mapping[str, tuple[str, ...]]
    """What the product answered for scripts, running and backup, word by word: what a fence expects."""
    programs: Reading[tuple[Mapping[str, str | None], ...]]
    """DisplayName, DisplayVersion and PSChildName of the programs whose name matches *Cloud Connector*."""
    appliance_directory: Reading[str]
    """As the product has it, like the site directory."""
    site_directory: Reading[str]
    ini_appliance: Reading[str | None]
    """Text of the ini in the appliance directory; None: no such file."""
    ini_imported: Reading[str | None]
    """Text of the ini in force."""
    management_service: Reading[Service | None]
    machines: Reading[tuple[Machine, ...]]
    switches: Reading[tuple[str, ...]]
    """The virtual switches of the host."""
    services: Mapping[str, Reading[Mapping[str, str]]]
    """VM (cms, mediation, edge) -> service -> its state."""
    calls: Reading[Calls]
    registration: Reading[str]
    """full, half or none: how the tenant's records match the name of the host and the ini."""
    tenant_logon: Reading[str]
    """The appliance of the site through which the tenant's records were read; a refused logon is unknown with its reason."""
    auto_update: Reading[bool]
    """EnableAutoUpdate of the site."""
    tenant_maintenance: Reading[bool]
    credentials: Mapping[str, Reading[bool]]
    """Account type -> True: readable, False: not in the cache."""
    disk: Reading[Space]
    """Of the drive that has the appliance directory, where the VMs are."""
    memory: Reading[Space]
    dotnet_release: Reading[int | None]
    """The release number of the .NET Framework; None: no 4.5 or later."""
    elevated: Reading[bool]
    """Whether this logon has the full token of an administrator."""
    trusted_hosts: Reading[str]
    """To which computers the host's WinRM client sends a credential: names and addresses with wildcards, between commas."""
    stores_passwords: Reading[bool]
    """Whether Windows may keep the password of a scheduled task; a policy can forbid it."""
    strong_crypto: Reading[bool]
    """Whether .NET of the host offers TLS 1.2 by itself (SchUseStrongCrypto)."""
    clock: Reading[datetime]
    clock_skew: Reading[Skew]
    boot_time: Reading[datetime]
    zone_minutes: Reading[int]
    """How many minutes the host's own time is ahead of UTC."""
    pending_restart: Reading[tuple[str, ...]]
    """What of Windows waits for a restart of the host: servicing, windows_update, file_renames."""
    certificate_files: Mapping[str, Reading[str | None]]
    """EdgeServer, MediationServer -> path of its external certificate; None: none was set."""
    certificates: Reading[tuple[Certificate, ...]]
    """In the Edge VM's own store: the external one and those of the appliance's own authority."""
    recovery_status: Reading[int | None]
    """AutoMaintenanceStatus in CceSevicePersistent, 3: automatic recovery; None: no such file, or no such line."""
    recovery_events: Reading[tuple[Event, ...]]
    """Events 304 and 20006 of the host's Application log that speak of recovery, the newest first."""
    start_modes: Mapping[str, Reading[Mapping[str, str]]]
    """VM (cms, mediation, edge) -> service -> Auto, Manual or Disabled."""
    firewall_rules: Reading[Mapping[str, bool | None]]
    """The inbound rules of calls in the Mediation and Edge VMs, and whether each is enabled; None: there is no such rule."""
    call_events: Reading[tuple[Event, ...]]
    """What Mediation and Edge VMs logged of calls that cannot be carried (25062, 25064, 14353), the newest first of each."""
    update_action: Reading[str | None]
    """The tenant's record of the appliance's last action and its status, such as `BitsUpdate Started`; None: it shows none."""
    update_lock: Reading[datetime | None]
    """When CcLockFile in the site directory was written; None: it is not there."""
    slot: Reading[Slot | None]
    """Who holds the out-of-service slot of the site; None: nobody."""
    suspended: Reading[Suspension | None]
    """What is written down of the site's automatic update while it is suspended; None: nothing is."""
    hold: Reading[Hold | None]
    """Why no appliance of the site goes forward; None: there is no such hold."""
    lease: Reading[Lease | None]
    """Which run works on the site; None: none does."""
    site_files: Reading[tuple[str, ...]]
    """The names in the site directory; known means that the share is readable."""
    site_versions: Reading[tuple[Version, ...]]
    """The versions named in the version info files of the site directory."""
    jobs: Reading[tuple[str, ...]]
    """Our jobs that are claimed and not yet collected: one of them may be running now."""
    jobs_since: Reading[Mapping[str, datetime]]
    """When each of them was claimed, by the clock of the host."""
    console_work: Reading[tuple[Process, ...]]
    """Processes that somebody has started with a cmdlet that takes the appliance out of service.

    What was typed into a console that was open already is not among them: its command line does not show it.
    """
    saved: Reading[Mapping[str, Any] | None]
    """The record that `package` writes before it removes anything; None: no exchange of the MSI is under way."""
    saved_last: Reading[Mapping[str, Any] | None]
    """The same record of the last exchange that is finished: where the MSI lies that a way back needs; None: there is none."""
    deployed_by: Reading[Mapping[str, Any] | None]
    """What our job wrote down of the last deployment: its `version`, `ini`, the SHA-256 of the ini that was in force, and
    `ended`, False as long as it has not come to its end."""
    snapshot: Reading[Mapping[str, Any] | None]
    """Of the snapshot that was taken before an upgrade: its `target`, what was `running`, when it was `taken` and `compared`."""
    soaked: Reading[str | None]
    """The version at which the site was watched to the end after its upgrade; None: it was not."""
    proof: Reading[Proof | None]
    """The last proof that it carries calls, of whichever version; None: there is none."""
    proof_due: Reading[datetime | None]
    """Since when a proof is due because its Windows was changed, by our clock; None: that is not so."""
    commissioned: Reading[Commissioned | None]
    """What the last commissioning of the host found; None: there was none."""
    site_marker: Reading[str | None]
    """The random text that the first operation wrote into the site directory: who reads another one is in another folder."""

    def to_dict(self) -> dict[str, Any]:
        encoded: dict[str, Any] = encode(self)
        return encoded

    @classmethod
    def from_dict(cls, encoded: Mapping[str, Any]) -> Appliance:
        """The appliance that `to_dict` gave.

        Raises:
            ValueError: it is not what `to_dict` gives.
        """
        try:
            return decode(encoded, cls)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"this is not the state of an appliance: {error!r}") from error

    @classmethod
    def unread(cls, reason: str, read_at: datetime = NEVER) -> Appliance:
        """An appliance of which nothing could be read."""
        readings: dict[str, Any] = {field.name: Unknown(reason) for field in fields(cls)}
        readings["services"] = {name: Unknown(reason) for name in SERVICES}
        readings["start_modes"] = {name: Unknown(reason) for name in SERVICES}
        readings["certificate_files"] = {name: Unknown(reason) for name in TARGETS}
        readings["credentials"] = {name: Unknown(reason) for name in ACCOUNTS}
        return cls(**(readings | {"raw_versions": {}, "read_at": read_at}))

    def with_changes(self, **changes: Any) -> Self:
        """The same appliance with other readings: what check mode predicts."""
        return replace(self, **changes)

    def parts(self) -> Mapping[str, Mapping[str, Any]]:
        """The parts of the state that check mode hands on."""
        return {"appliance": self.to_dict()}

    def inherit(self, parts: Mapping[str, Mapping[str, Any]]) -> Self:
        """The appliance as operations before this one would have left it, from what `parts` gave."""
        if "appliance" not in parts:
            return self
        earlier = Appliance.from_dict(parts["appliance"])
        return replace(self, **{field.name: getattr(earlier, field.name) for field in fields(Appliance)})

    @cached_property
    def ini(self) -> Reading[Ini]:
        """The ini in force, else the one in the appliance directory."""
        for text in (self.ini_imported, self.ini_appliance):
            if isinstance(text, str):
                return Ini.parse(text)
        return Unknown("no CloudConnector.ini could be read")

    def machines_of(self, version: str) -> list[Machine]:
        """The VMs of that version.

        Raises:
            NotReadError: the VMs could not be read.
        """
        return [machine for machine in need(self.machines) if machine.version == version]

    @property
    def left_over_switches(self) -> list[str]:
        """Management switches, which a deployment makes and deletes again (cloud-connector.md 6.3 T3).

        Raises:
            NotReadError: the switches could not be read.
        """
        named = None if isinstance(self.ini, Unknown) else self.ini.get("Network", "ManagementSwitchName")
        names = {name.lower() for name in (*MANAGEMENT_SWITCHES, named) if name}
        return [switch for switch in need(self.switches) if switch.lower() in names]
