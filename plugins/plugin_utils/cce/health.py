# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks of an appliance: is it at a version and well, and may its upgrade begin.

A check that could not be read is an ERROR and blocks as a FAIL does. Sources: cloud-connector.md 4.1 (services), 6.3
(troubles, T numbers), 9.3 (what an automation should ask); none of it but the two test calls is Microsoft's own list (6.1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from . import inference, signs
from .appliance import SERVICES, Appliance, Machine, Service
from .reading import NotReadError, Reading, Unknown, need
from .troubles import recognise
from .versions import is_upgrade, path_problem

PASS, FAIL, ERROR, MANUAL, NOT_APPLICABLE = "PASS", "FAIL", "ERROR", "MANUAL", "N/A"

CALLS = "calls"
"""Consequence: calls are lost, or are already."""
UPGRADE = "upgrade"
"""Consequence: a later step of the upgrade fails, and may leave the appliance between two versions."""

DOTNET_4_6_1 = 394254
"""The smallest release number of .NET 4.6.1; Windows Server 2012 R2 has a higher one."""

OPTIONAL_SERVICES = {"mediation": ("RTCSRV",)}
"""Documents disagree whether it is there (cloud-connector.md 9.1 no. 17)."""

CLOCK_SECONDS = 300
"""How far two clocks may be apart for Kerberos; certificates and jobs depend on the time, too."""

EXPIRES_SOON = timedelta(days=30)

MACHINES = 4

NAMED = 3
"""How many checks of one cause are named: that there are more is enough, they go with it."""

SERVICE_ACCOUNT = "CceService"

REGISTERED_SERVICE = Service(name="management service", state="Running", account=rf".\{SERVICE_ACCOUNT}")
"""What check mode says of the management service after a registration."""

UNREGISTERED_SERVICE = Service(name="management service", state="Running", account=r"NT AUTHORITY\NetworkService")
"""What check mode says of it after the registration is gone (cloud-connector.md 1.1 Unregister-CcAppliance)."""


@dataclass(frozen=True)
class Check:
    """`consequence` is what happens when one goes on all the same."""

    id: str
    status: str
    evidence: str
    remedy: str
    consequence: str
    trouble: str = ""
    """The class of the documented trouble it finds (`troubles.py`), where there is one."""

    @property
    def blocks(self) -> bool:
        return self.status in (FAIL, ERROR)

    def to_dict(self) -> dict[str, str]:
        return asdict(self)


Finding = tuple[str, str]
"""Status and evidence."""


@dataclass(frozen=True)
class Rule:
    """One check before it is made; `judge` gets the appliance and the version it is asked about."""

    id: str
    consequence: str
    remedy: str
    judge: Callable[[Appliance, str], Finding]
    trouble: str = ""

    def check(self, appliance: Appliance, version: str) -> Check:
        try:
            status, evidence = self.judge(appliance, version)
        except NotReadError as error:
            status, evidence = ERROR, f"could not be read: {error}"
        remedy = "" if status in (PASS, NOT_APPLICABLE) else self.remedy
        return Check(self.id, status, evidence, remedy, self.consequence, self._found(status, evidence))

    def _found(self, status: str, evidence: str) -> str:
        """The trouble: what could not be read has its own."""
        known = recognise("", evidence) if status == ERROR else None
        return known.name if known else self.trouble if status in (FAIL, MANUAL) else ""


def health(appliance: Appliance, target: str) -> list[Check]:
    """Every check of an appliance that is said to be in service at `target`."""
    return [rule.check(appliance, target) for rule in HEALTH]


def gates(appliance: Appliance, target: str) -> list[Check]:
    """What must hold before anything is changed on the way to `target`."""
    return [rule.check(appliance, target) for rule in GATES]


def blocking(checks: Iterable[Check]) -> list[Check]:
    """Those that say stop."""
    return [check for check in checks if check.blocks]


def healthy(checks: Iterable[Check]) -> bool:
    return not blocking(checks)


def as_failure(stopping: Sequence[Check], shown: Sequence[Check] | None = None) -> dict[str, object]:
    """The details of a failure for checks that say stop: its class is the trouble that the first of them names."""
    checks = [check.to_dict() for check in shown or stopping]
    return {"class": stopping[0].trouble or "check", "check": stopping[0].id, "retry": False, "checks": checks}


def own_health(appliance: Appliance) -> list[Check]:
    """Health at the version that runs, whichever it is: what a neighbour has to show."""
    if not isinstance(appliance.running, str):
        reason = appliance.running.reason if isinstance(appliance.running, Unknown) else "nothing is deployed"
        return [Check("running_version", ERROR, f"could not be read: {reason}", "Find out what runs on it.", CALLS)]
    return health(appliance, appliance.running)


def serves(appliance: Appliance) -> Reading[bool]:
    """Whether calls can live on it now, whatever its scripts are: VMs, networks and services of the running version."""
    if not isinstance(appliance.running, str):
        return appliance.running if isinstance(appliance.running, Unknown) else False
    checks = [rule.check(appliance, appliance.running) for rule in SERVING]
    if any(check.status == FAIL for check in checks):
        return False
    unread = next((check for check in checks if check.status == ERROR), None)
    return Unknown(unread.evidence) if unread else True


def seen(checks: Iterable[Check]) -> str:
    """Checks with their evidence, as clauses: those of one evidence, mostly of one cause, together."""
    return "; ".join(
        f"{', '.join(check.id for check in alike)}: {evidence}" for evidence, alike in _by_evidence(checks).items()
    )


def told(checks: Iterable[Check]) -> str:
    """The same with their remedies."""
    return "; ".join(dict.fromkeys(_cause(evidence, alike) for evidence, alike in _by_evidence(checks).items()))


def _by_evidence(checks: Iterable[Check]) -> dict[str, list[Check]]:
    found: dict[str, list[Check]] = {}
    for check in checks:
        found.setdefault(check.evidence.rstrip("."), []).append(check)
    return found


def _cause(evidence: str, checks: Sequence[Check]) -> str:
    """What stands behind the checks; a trouble that is known has the better remedy."""
    trouble = recognise("", evidence) if checks[0].status == ERROR else None
    remedy = checks[0].remedy if trouble is None else f"{trouble.meaning} {trouble.remedy}"
    ids = list(dict.fromkeys(check.id for check in checks))
    names = ", ".join(ids) if len(ids) <= NAMED else f"{', '.join(ids[:NAMED])} and {len(ids) - NAMED} more"
    return f"{names}: {evidence}. {remedy}".rstrip(". ")


def registered(appliance: Appliance) -> bool:
    """Whether the tenant knows it and the management service runs as the account a registration gives it."""
    rules = (_REGISTRATION, _MANAGEMENT_SERVICE)
    return healthy(rule.check(appliance, "") for rule in rules)


# --- in service at a version ------------------------------------------------------------------------------------------


def _verdict(good: bool, evidence: str) -> Finding:
    return (PASS if good else FAIL, evidence)


def _scripts(appliance: Appliance, target: str) -> Finding:
    scripts = need(appliance.scripts)
    return _verdict(scripts == target, f"the scripts are {scripts or 'not there'}, wanted {target}")


def _running(appliance: Appliance, target: str) -> Finding:
    running = need(appliance.running)
    return _verdict(running == target, f"{running or 'nothing'} runs, wanted {target}")


def _machines(appliance: Appliance, target: str) -> Finding:
    machines = appliance.machines_of(target)
    states = ", ".join(f"{machine.name} {machine.state}" for machine in machines) or "none"
    good = len(machines) == MACHINES and all(machine.is_running for machine in machines)
    return _verdict(good, f"VMs of {target}: {states}")


def _networks(appliance: Appliance, target: str) -> Finding:
    """Each VM is connected to something, and all together to both networks that the ini names."""
    connected = {machine.name: need(machine.switches) for machine in appliance.machines_of(target)}
    apart = [name for name, switches in connected.items() if not switches]
    there = {switch for switches in connected.values() for switch in switches}
    missing = [name for name in _switch_names(appliance) if name not in there]
    lacking = [f"{name} is not connected" for name in apart] + [f"no VM is on {name!r}" for name in missing]
    return _verdict(bool(connected) and not lacking, "; ".join(lacking) or f"connected to {', '.join(sorted(there))}")


def _switch_names(appliance: Appliance) -> list[str]:
    ini = need(appliance.ini)
    names = [ini.get("Network", key) for key in ("CorpnetSwitchName", "InternetSwitchName")]
    if not all(names):
        raise NotReadError("[Network] of the ini does not name both switches")
    return [name for name in names if name]


def _other_sets(appliance: Appliance, target: str) -> Finding:
    on = [machine for machine in need(appliance.machines) if machine.version != target and _belongs_to_a_set(machine)]
    names = ", ".join(f"{machine.name} {machine.state}" for machine in on if machine.state != "Off")
    return _verdict(not names, names or "the VMs of other versions are off")


def _belongs_to_a_set(machine: Machine) -> bool:
    return machine.version is not None


def _services(vm: str) -> Callable[[Appliance, str], Finding]:
    def judge(appliance: Appliance, target: str) -> Finding:
        found = need(appliance.services[vm])
        optional = [name for name in OPTIONAL_SERVICES.get(vm, ()) if name not in found]
        states = {name: found.get(name, "not there") for name in SERVICES[vm] if name not in optional}
        down = ", ".join(f"{name} {state}" for name, state in states.items() if state != "Running")
        return _verdict(not down, down or f"{', '.join(states)} are running")

    return judge


def _management_service(appliance: Appliance, target: str) -> Finding:
    service = need(appliance.management_service)
    if service is None:
        return FAIL, "there is no management service"
    good = service.state == "Running" and service.account.rpartition("\\")[2].lower() == SERVICE_ACCOUNT.lower()
    return _verdict(good, f"{service.name} is {service.state} as {service.account}")


def _registration(appliance: Appliance, target: str) -> Finding:
    registration = need(appliance.registration)
    return _verdict(registration == "full", f"the tenant knows {registration} of its identity")


def _counters(appliance: Appliance, target: str) -> Finding:
    calls = need(appliance.calls)
    return PASS, f"{calls.inbound} inbound and {calls.outbound} outbound calls are live"


def _tenant_maintenance(appliance: Appliance, target: str) -> Finding:
    maintenance = need(appliance.tenant_maintenance)
    return _verdict(not maintenance, f"MaintenanceMode is {maintenance}")


def _jobs(appliance: Appliance, target: str) -> Finding:
    jobs = need(appliance.jobs)
    return _verdict(not jobs, ", ".join(jobs) or "no job of ours is open")


def _known_version(appliance: Appliance, target: str) -> Finding:
    if isinstance(appliance.running, Unknown):
        return NOT_APPLICABLE, "whether a version is known could not be asked"
    machines = inference.unversioned_machines(appliance)
    return _verdict(
        not machines, f"no version is said to run, but on are {', '.join(machines)}" if machines else "known"
    )


def _recovery(appliance: Appliance, target: str) -> Finding:
    """What was logged in the last hour may be of before a repair, so a person looks at it."""
    reason = inference.recovery(appliance)
    if reason:
        return FAIL, reason
    events = [f"{event.id} at {event.time.isoformat()}" for event in inference.recent_events(appliance)]
    return (MANUAL, f"events of the last hour: {', '.join(events)}") if events else (PASS, "no sign of it")


def _recovery_status(appliance: Appliance, target: str) -> Finding:
    """Without a look into the VMs, which may be off: after a restart of the host a switch has to be finished all the same."""
    status = need(appliance.recovery_status)
    return _verdict(
        status != signs.AUTO_RECOVERY, f"AutoMaintenanceStatus is {'not there' if status is None else status}"
    )


def _external_certificate(appliance: Appliance, target: str) -> Finding:
    name, found = inference.external_name(appliance), inference.external_certificate(appliance)
    if found is None:
        return MANUAL, f"no certificate in the Edge VM has the name {name}"
    left = found.expires - need(appliance.clock)
    told = f"the certificate of {name} expires at {found.expires.isoformat()}"
    if left <= timedelta(0):
        return FAIL, told
    return (MANUAL if left < EXPIRES_SOON else PASS), told


def _internal_certificates(appliance: Appliance, target: str) -> Finding:
    """Which of them is in use is not known, so an expired one is left to a person."""
    soon, external = need(appliance.clock) + EXPIRES_SOON, inference.external_name(appliance).lower()
    newest = inference.newest_certificates(appliance)
    ending = [
        f"{name} at {one.expires.isoformat()}"
        for name, one in newest.items()
        if name != external and one.expires < soon
    ]
    return (MANUAL, f"expires: {', '.join(ending)}") if ending else (PASS, "none expires within 30 days")


def _clock(appliance: Appliance, target: str) -> Finding:
    skew = need(appliance.clock_skew)
    told = f"the host's clock is {skew.seconds:+g} s off the controller's, give or take {skew.tolerance:g} s"
    return _verdict(abs(skew.seconds) <= CLOCK_SECONDS + skew.tolerance, told)


def _pending_restart(appliance: Appliance, target: str) -> Finding:
    """Renames alone are left by many programs and stop no installer, so a person decides."""
    waiting = need(appliance.pending_restart)
    if not waiting:
        return PASS, "no restart is pending"
    status = MANUAL if waiting == (signs.FILE_RENAMES,) else FAIL
    return status, f"waiting for a restart of the host: {', '.join(waiting)}"


def _test_calls(appliance: Appliance, target: str) -> Finding:
    return MANUAL, "no reading proves that calls complete"


_REGISTRATION = Rule(
    "registration",
    UPGRADE,
    "Compare the ini with Get-CsHybridPSTNAppliance and Get-CsHybridPSTNSite; correct the ini or unregister the old "
    "appliance, then register (T6).",
    _registration,
    "T6-registration-conflict",
)
_MANAGEMENT_SERVICE = Rule(
    "management_service",
    CALLS,
    "Start the Cloud Connector management service; where it runs as another account, register the appliance again.",
    _management_service,
)
_TENANT_MAINTENANCE = Rule(
    "tenant_maintenance",
    UPGRADE,
    "Somebody set the appliance's MaintenanceMode in the tenant: ask who, and let them end it.",
    _tenant_maintenance,
)
_KNOWN_VERSION = Rule(
    "known_version",
    UPGRADE,
    r"Compare module.ini in C:\ProgramData\CloudConnector and in the profile's CloudConnector folder: delete the one in "
    "ProgramData and run Register-CcAppliance, or write the running and the backup version into it (T7).",
    _known_version,
    "T7-version-unknown",
)
_RECOVERY = Rule(
    "recovery",
    CALLS,
    "Wait until automatic recovery has settled, and repair what it could not: see the Application log of the host and "
    "CceManagementService.log. Services that are stopped and manual may also mean maintenance mode.",
    _recovery,
)
_EXTERNAL_CERTIFICATE = Rule(
    "external_certificate",
    CALLS,
    "Replace the certificate of the Access Edge in maintenance mode, with the certificate operation.",
    _external_certificate,
)
_CLOCK = Rule("clock", UPGRADE, "Correct the clock of the host or of the controller: see to their time source.", _clock)
_PENDING_RESTART = Rule(
    "pending_restart",
    UPGRADE,
    "Restart the host in maintenance mode before anything is installed on it (T16).",
    _pending_restart,
)
_JOBS = Rule("jobs", UPGRADE, "Run the operation that began the job again: it waits for it and collects it.", _jobs)

SERVING: Sequence[Rule] = (
    Rule(
        "machines",
        CALLS,
        "Look at the VMs in Hyper-V Manager; start AD, CMS, Mediation, Edge in this order.",
        _machines,
    ),
    Rule(
        "networks", CALLS, "Connect the VMs to the switches in Hyper-V Manager, or wait for auto recovery.", _networks
    ),
    Rule("cms_services", CALLS, "Start the services on the CMS VM, or wait for auto recovery.", _services("cms")),
    Rule(
        "mediation_services",
        CALLS,
        "Start the services on the Mediation VM, or wait for auto recovery.",
        _services("mediation"),
    ),
    Rule(
        "edge_services",
        CALLS,
        "Where RTCMRAUTH does not start, import the root and intermediate certificates on the Edge VM and restart it (T4).",
        _services("edge"),
    ),
)

HEALTH: Sequence[Rule] = (
    Rule(
        "scripts",
        UPGRADE,
        "Run the package operation; until scripts and VMs are of one version there is no HA (T8).",
        _scripts,
        "T8-no-high-availability",
    ),
    _KNOWN_VERSION,
    Rule(
        "running_version",
        UPGRADE,
        "Run the version operation; until then there is no HA (T8).",
        _running,
        "T8-no-high-availability",
    ),
    *SERVING,
    _RECOVERY,
    _EXTERNAL_CERTIFICATE,
    Rule(
        "internal_certificates",
        CALLS,
        "Renew them with the certification_authority operation (T9); one that is not in use any more may be removed.",
        _internal_certificates,
        "T9-internal-certificates",
    ),
    Rule("other_sets", CALLS, "Turn the VMs of the other version off: two sets have the same addresses.", _other_sets),
    Rule(
        "counters",
        CALLS,
        "Find out why the Mediation VM gives no call counters; it may not let this account in.",
        _counters,
    ),
    _MANAGEMENT_SERVICE,
    _REGISTRATION,
    _TENANT_MAINTENANCE,
    _JOBS,
    Rule(
        "test_calls",
        CALLS,
        "Log in to the client, call a PSTN number from it, and call it from a phone (cloud-connector.md 6.1).",
        _test_calls,
    ),
)


# --- before an upgrade ------------------------------------------------------------------------------------------------


def _path(appliance: Appliance, target: str) -> Finding:
    scripts, running = need(appliance.scripts), need(appliance.running)
    if scripts is None or running is None:
        return FAIL, "the module is not there" if scripts is None else "nothing is deployed"
    problem = path_problem(scripts, target) or path_problem(running, target)
    return _verdict(problem is None, problem or f"from scripts {scripts}, running {running} to {target}")


def _deployment_account(appliance: Appliance, target: str) -> Finding:
    """Default directories lie in the profile of the account, so another account sees other ones (9.3 no. 1)."""
    there = need(appliance.ini_appliance) is not None
    return _verdict(there, f"CloudConnector.ini is {'' if there else 'not '}in the appliance directory")


def _credential_cache(appliance: Appliance, target: str) -> Finding:
    missing = [account for account, readable in appliance.credentials.items() if not need(readable)]
    return _verdict(not missing, f"not cached: {', '.join(missing)}" if missing else "all accounts are readable")


def _site_share(appliance: Appliance, target: str) -> Finding:
    return PASS, f"{len(need(appliance.site_files))} entries in the site directory"


def _tenant_logon(appliance: Appliance, target: str) -> Finding:
    return _verdict(need(appliance.tenant_logon), "logged on to the tenant")


def _dotnet(appliance: Appliance, target: str) -> Finding:
    if is_upgrade(target, "2.1"):
        return NOT_APPLICABLE, f"{target} does not need .NET 4.6.1"
    release = need(appliance.dotnet_release)
    return _verdict((release or 0) >= DOTNET_4_6_1, f"the .NET release is {release}, wanted {DOTNET_4_6_1} (4.6.1)")


def _management_switch(appliance: Appliance, target: str) -> Finding:
    left = appliance.left_over_switches
    return _verdict(not left, ", ".join(left) or "no management switch is left over")


def _auto_update(appliance: Appliance, target: str) -> Finding:
    enabled = need(appliance.auto_update)
    return _verdict(not enabled, f"EnableAutoUpdate of the site is {enabled}")


def _disk(appliance: Appliance, target: str) -> Finding:
    """How much a second set of VMs needs is not documented, so nobody but a person can judge."""
    space = need(appliance.disk)
    return MANUAL, f"{_gib(space.free)} of {_gib(space.total)} GiB are free; the need of a second set is not documented"


def _memory(appliance: Appliance, target: str) -> Finding:
    space = need(appliance.memory)
    return MANUAL, f"{_gib(space.free)} of {_gib(space.total)} GiB are free; the need of a second set is not documented"


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f}"


GATES: Sequence[Rule] = (
    _KNOWN_VERSION,
    Rule(
        "path", UPGRADE, "Check cloud_connector_target_version; only upgrades between known releases are done.", _path
    ),
    Rule("deployment_account", UPGRADE, "Log on as the account that deployed the appliance.", _deployment_account),
    Rule(
        "credential_cache",
        UPGRADE,
        "Log on as the account that entered the passwords, with a full logon. After a change of its password: restart the "
        "host, delete credentials.<user>.xml, run Register-CcAppliance -Local and enter the same passwords (T11).",
        _credential_cache,
    ),
    Rule(
        "site_share",
        UPGRADE,
        "Give the account access to the site directory, and log on with CredSSP: a network logon reaches no share.",
        _site_share,
    ),
    Rule(
        "tenant_logon",
        UPGRADE,
        "Set-CcCredential -AccountType TenantAdmin with an account without multi-factor authentication (T10).",
        _tenant_logon,
    ),
    _REGISTRATION,
    _TENANT_MAINTENANCE,
    Rule("auto_update", CALLS, "Set EnableAutoUpdate of the site to false for the time of the upgrade.", _auto_update),
    Rule("dotnet", UPGRADE, "Install .NET Framework 4.6.1 or later on the host (T12).", _dotnet, "T12-dotnet"),
    _CLOCK,
    _PENDING_RESTART,
    Rule("recovery", CALLS, _RECOVERY.remedy, _recovery_status),
    Rule(
        "management_switch",
        UPGRADE,
        "Disconnect left-over VMs from the switch and delete it; where that fails restart the host (T3).",
        _management_switch,
        "T3-management-switch-in-use",
    ),
    _JOBS,
    Rule(
        "disk",
        UPGRADE,
        "See that a second set of four VMs fits; remove an old backup with Uninstall-CcAppliance -Version <old>, never "
        "without -Version.",
        _disk,
    ),
    Rule("memory", UPGRADE, "See that four more VMs can run beside the running ones.", _memory),
)
