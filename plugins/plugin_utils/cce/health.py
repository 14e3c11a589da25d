# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks of an appliance: is it at a version and well, and may its upgrade begin.

A check that could not be read is an ERROR and blocks as a FAIL does. What a check finds is a class of `failure_classes.py`, which
says what it means and what to do. Sources: cloud-connector.md 4.1 (services), 6.3 (troubles), 9.3 (what an automation should
ask); none of it but the two test calls is Microsoft's own list (6.1).

Right before the switch most gates are asked again, and what the set is like that is switched to (`SWITCH`).

A new check is one function with the decorator `_rule`. The order in which they stand is the order in which they are reported.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple, TypeAlias

from . import derived, proof, suspended, windows_readings
from .appliance import SERVICES, Appliance, Event, Machine, Service
from .exceptions import NotReadError
from .failure_classes import FAILURES, FailureClass, recognise
from .reading import Reading, Unknown, need
from .tenant_records import NOT_ASKED
from .versions import Version, is_upgrade, path_problem

PASS, FAIL, ERROR, MANUAL, NOT_APPLICABLE = "PASS", "FAIL", "ERROR", "MANUAL", "N/A"
STOPPING = (FAIL, ERROR)
"""The results that say stop."""
WAIVED = "WAIVED"
"""What a person answers for (`waivers`)."""

CALLS = "calls"
"""Consequence: calls are lost, or are already."""
UPGRADE = "upgrade"
"""Consequence: a later step of the upgrade fails, and may leave the appliance between two versions."""

DOTNET_VERSION = Version("2.1")
"""The first release that needs .NET 4.6.1."""
DOTNET_4_6_1 = 394254
"""The smallest release number of .NET 4.6.1; Windows Server 2012 R2 has a higher one."""

OPTIONAL_SERVICES = {"mediation": ("RTCSRV",)}
"""Documents disagree whether it is there (cloud-connector.md 9.1 no. 17)."""

EDGE_AUTHENTICATION = "RTCMRAUTH"

CLOCK_SECONDS = 300
"""How far two clocks may be apart for Kerberos; certificates and jobs depend on the time, too."""

EXPIRES_SOON = timedelta(days=30)

MACHINES = 4

STARTABLE = ("Off", "Running")
"""The states of a VM from which a switch can take it into production; what it makes of a saved or a paused one is not known."""

LOCK_HOURS = 24
"""How long a lock file that nobody writes again counts as one in use: an update takes hours (cloud-connector.md 5.4)."""

NAMED = 3
"""How many checks of one cause are named: that there are more is enough, they go with it."""

SERVICE_ACCOUNT = "CceService"

TEST_CALLS = "test_calls"
"""The check that asks for a proof of calls."""

REGISTERED_SERVICE = Service(name="management service", state="Running", account=rf".\{SERVICE_ACCOUNT}")
"""What check mode says of the management service after a registration."""

UNREGISTERED_SERVICE = Service(name="management service", state="Running", account=r"NT AUTHORITY\NetworkService")
"""What check mode says of it after the registration is gone (cloud-connector.md 1.1 Unregister-CcAppliance)."""

NEIGHBOUR_MAY_LACK = frozenset(
    {
        "registration",
        "tenant_maintenance",
        "external_certificate",
        "internal_certificates",
        "firewall_rules",
        "call_events",
        "suspension",
    }
)
"""Checks that do not keep a neighbour from counting where they could not be *read*.

Leaving service is local and needs no tenant. A reading that is only about who carries calls does not ask for certificates,
firewall rules and events, which take long; where a VM that has them cannot be asked, the check of its services says so.
"""


class Check(NamedTuple):
    """A check that was made.

    Attributes:
        id: its name.
        status: PASS, FAIL, ERROR (could not be read), MANUAL (only a person can judge), N/A or WAIVED (a person answers for it).
        evidence: what was read, a clause.
        consequence: what happens when one goes on all the same: CALLS or UPGRADE.
        failure: the class of what it found; None where it found nothing wrong.
    """

    id: str
    status: str
    evidence: str
    consequence: str
    failure: FailureClass | None = None

    @property
    def blocks(self) -> bool:
        """Whether it says stop."""
        return self.status in STOPPING

    @property
    def remedy(self) -> str:
        """What to do; empty where nothing is wrong."""
        return FAILURES[self.failure].remedy if self.failure else ""

    def to_dict(self) -> dict[str, str]:
        """The check as JSON can carry it."""
        return {
            "id": self.id,
            "status": self.status,
            "evidence": self.evidence,
            "remedy": self.remedy,
            "consequence": self.consequence,
            "failure": self.failure.value if self.failure else "",
        }


Finding: TypeAlias = tuple[str, str, FailureClass | None]
"""What a rule found: status, evidence, and its class where it is not the one of the rule."""


class Asked(enum.Flag):
    """When a rule is asked."""

    HEALTH = enum.auto()
    """Of an appliance that is said to be in service at a version."""
    SERVING = enum.auto()
    """Whether calls can live on it."""
    GATES = enum.auto()
    """Before anything is changed on the way to a version."""
    SWITCH = enum.auto()
    """Right before the VMs of that version go into production."""


BEFORE = Asked.GATES | Asked.SWITCH
"""At the beginning of an upgrade, and again hours later, before its switch."""


Judge: TypeAlias = Callable[[Appliance, Version], Finding]
"""Gets the appliance and the version it is asked about. Raises NotReadError where it could not be read."""


@dataclass(frozen=True)
class Rule:
    """One check before it is made. `failure` is what it finds, `unread` what it is not to be readable."""

    id: str
    asked: Asked
    consequence: str
    failure: FailureClass
    judge: Judge
    unread: FailureClass = FailureClass.UNREAD

    def check(self, appliance: Appliance, version: Version) -> Check:
        """The check of this appliance."""
        try:
            status, evidence, failure = self.judge(appliance, version)
        except NotReadError as error:
            return unreadable(self.id, str(error), self.consequence, self.unread)
        if status in (PASS, NOT_APPLICABLE):
            return Check(self.id, status, evidence, self.consequence)
        return Check(self.id, status, evidence, self.consequence, failure or self.failure)


_RULES: list[Rule] = []


def _rule(
    name: str, asked: Asked, consequence: str, failure: FailureClass, *, unread: FailureClass = FailureClass.UNREAD
) -> Callable[[Judge], Rule]:
    """Makes a rule of a judge."""

    def decorate(judge: Judge) -> Rule:
        rule = Rule(name, asked, consequence, failure, judge, unread)
        _RULES.append(rule)
        return rule

    return decorate


def unreadable(name: str, reason: str, consequence: str, failure: FailureClass = FailureClass.UNREAD) -> Check:
    """The check for what could not be read: the reason may show a class of its own."""
    return Check(name, ERROR, f"could not be read: {reason}", consequence, recognise("", reason) or failure)


# --- in service at a version ------------------------------------------------------------------------------------------


def _found(status: str, evidence: str, failure: FailureClass | None = None) -> Finding:
    return status, evidence, failure


def _verdict(good: bool, evidence: str, failure: FailureClass | None = None) -> Finding:
    return PASS if good else FAIL, evidence, failure


@_rule("scripts", Asked.HEALTH, UPGRADE, FailureClass.NO_HIGH_AVAILABILITY)
def _scripts(appliance: Appliance, target: Version) -> Finding:
    scripts = need(appliance.scripts)
    return _verdict(scripts == target, f"the scripts are {scripts or 'not there'}, wanted {target}")


@_rule("known_version", Asked.HEALTH | BEFORE, UPGRADE, FailureClass.VERSION_UNKNOWN)
def _known_version(appliance: Appliance, target: Version) -> Finding:
    if isinstance(appliance.running, Unknown):
        return _found(NOT_APPLICABLE, "whether a version is known could not be asked")
    machines = derived.unversioned_machines(appliance)
    return _verdict(
        not machines, f"no version is said to run, but on are {', '.join(machines)}" if machines else "known"
    )


@_rule("running_version", Asked.HEALTH, UPGRADE, FailureClass.NO_HIGH_AVAILABILITY)
def _running(appliance: Appliance, target: Version) -> Finding:
    running = need(appliance.running)
    return _verdict(running == target, f"{running or 'nothing'} runs, wanted {target}")


@_rule("machines", Asked.HEALTH | Asked.SERVING, CALLS, FailureClass.VMS_DOWN)
def _machines(appliance: Appliance, target: Version) -> Finding:
    machines = appliance.machines_of(target)
    states = ", ".join(f"{machine.name} {machine.state}" for machine in machines) or "none"
    good = len(machines) == MACHINES and all(machine.is_running for machine in machines)
    return _verdict(good, f"VMs of {target}: {states}")


@_rule("networks", Asked.HEALTH | Asked.SERVING, CALLS, FailureClass.VMS_DISCONNECTED)
def _networks(appliance: Appliance, target: Version) -> Finding:
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


@_rule("cms_services", Asked.HEALTH | Asked.SERVING, CALLS, FailureClass.SERVICES_DOWN)
def _cms_services(appliance: Appliance, target: Version) -> Finding:
    return _services(appliance, "cms")


@_rule("mediation_services", Asked.HEALTH | Asked.SERVING, CALLS, FailureClass.SERVICES_DOWN)
def _mediation_services(appliance: Appliance, target: Version) -> Finding:
    return _services(appliance, "mediation")


@_rule("edge_services", Asked.HEALTH | Asked.SERVING, CALLS, FailureClass.SERVICES_DOWN)
def _edge_services(appliance: Appliance, target: Version) -> Finding:
    """One service that does not start though others run is the sign of an untrusted certificate."""
    status, evidence, failure = _services(appliance, "edge")
    if status == FAIL:
        down = _down(_expected(appliance, "edge"))
        if EDGE_AUTHENTICATION in down and len(down) < len(SERVICES["edge"]):
            failure = FailureClass.EDGE_AUTHENTICATION_SERVICE
    return status, evidence, failure


def _services(appliance: Appliance, vm: str) -> Finding:
    expected = _expected(appliance, vm)
    down = _down(expected)
    evidence = ", ".join(f"{name} {state}" for name, state in down.items())
    return _verdict(not down, evidence or f"{', '.join(expected)} are running")


def _down(expected: Mapping[str, str]) -> dict[str, str]:
    """Those of the services of a VM that do not run, with their states."""
    return {name: state for name, state in expected.items() if state != "Running"}


def _expected(appliance: Appliance, vm: str) -> dict[str, str]:
    """The services that a VM should run, with their states."""
    found, optional = need(appliance.services[vm]), OPTIONAL_SERVICES.get(vm, ())
    states = ((name, windows_readings.service_state(found, name)) for name in SERVICES[vm])
    return {name: state or "not there" for name, state in states if state or name not in optional}


@_rule("recovery", Asked.HEALTH, CALLS, FailureClass.AUTOMATIC_RECOVERY)
def _recovery(appliance: Appliance, target: Version) -> Finding:
    """Events alone are left to a person: they may be older than a repair."""
    reason = derived.recovery(appliance)
    if reason:
        return _found(FAIL, reason)
    events = _named(derived.recent_events(appliance))
    return _found(MANUAL, f"events of the last hour: {events}") if events else _found(PASS, "no sign of it")


def _named(events: Iterable[Event]) -> str:
    """Events by number and time; of one without a text it is not known what it says."""
    return ", ".join(
        f"{event.id} at {event.time.isoformat()}{'' if event.message.strip() else ' (its text could not be read)'}"
        for event in events
    )


@_rule("external_certificate", Asked.HEALTH, CALLS, FailureClass.EXTERNAL_CERTIFICATE)
def _external_certificate(appliance: Appliance, target: Version) -> Finding:
    name, found = derived.external_name(appliance), derived.external_certificate(appliance)
    if found is None:
        return _found(MANUAL, f"no certificate in the Edge VM has the name {name}")
    left = found.expires - need(appliance.clock)
    evidence = f"the certificate of {name} expires at {found.expires.isoformat()}"
    if left <= timedelta(0):
        return _found(FAIL, evidence)
    return _found(MANUAL if left < EXPIRES_SOON else PASS, evidence)


@_rule("internal_certificates", Asked.HEALTH, CALLS, FailureClass.INTERNAL_CERTIFICATES)
def _internal_certificates(appliance: Appliance, target: Version) -> Finding:
    """Which of them is in use is not known, so an expired one is left to a person."""
    soon, external = need(appliance.clock) + EXPIRES_SOON, derived.external_name(appliance).lower()
    if all(one.expires >= soon for one in need(appliance.certificates)):
        return _found(PASS, f"none expires within {EXPIRES_SOON.days} days")
    newest = derived.newest_certificates(appliance)
    ending = [
        f"{name} at {one.expires.isoformat()}"
        for name, one in newest.items()
        if name != external and one.expires < soon
    ]
    if ending:
        return _found(MANUAL, f"expires: {', '.join(ending)}")
    return _found(PASS, f"none expires within {EXPIRES_SOON.days} days")


@_rule("other_sets", Asked.HEALTH, CALLS, FailureClass.TWO_SETS_ON)
def _other_sets(appliance: Appliance, target: Version) -> Finding:
    on = [machine for machine in need(appliance.machines) if machine.version != target and _belongs_to_a_set(machine)]
    names = ", ".join(f"{machine.name} {machine.state}" for machine in on if machine.state != "Off")
    return _verdict(not names, names or "the VMs of other versions are off")


def _belongs_to_a_set(machine: Machine) -> bool:
    return machine.version is not None


@_rule("counters", Asked.HEALTH, CALLS, FailureClass.CALL_COUNTERS, unread=FailureClass.CALL_COUNTERS)
def _counters(appliance: Appliance, target: Version) -> Finding:
    calls = need(appliance.calls)
    return _found(PASS, f"{calls.inbound} inbound and {calls.outbound} outbound calls are live")


@_rule("firewall_rules", Asked.HEALTH, CALLS, FailureClass.FIREWALL_RULE)
def _firewall_rules(appliance: Appliance, target: Version) -> Finding:
    """One that is not found may have another name on this release, so a person looks."""
    rules = need(appliance.firewall_rules)
    disabled = [name for name, enabled in rules.items() if enabled is False]
    missing = [name for name, enabled in rules.items() if enabled is None]
    if disabled:
        return _found(FAIL, f"disabled: {', '.join(disabled)}")
    return _found(MANUAL, f"not found: {', '.join(missing)}") if missing else _found(PASS, "calls are let in")


@_rule("call_events", Asked.HEALTH, CALLS, FailureClass.CALL_EVENTS)
def _call_events(appliance: Appliance, target: Version) -> Finding:
    """Events are left to a person: they may be older than a repair, or of one gateway of several."""
    events = _named(derived.recent_call_events(appliance))
    return _found(MANUAL, f"events of the last hour: {events}") if events else _found(PASS, "no sign of failed calls")


@_rule("management_service", Asked.HEALTH, CALLS, FailureClass.MANAGEMENT_SERVICE)
def _management_service(appliance: Appliance, target: Version) -> Finding:
    service = need(appliance.management_service)
    if service is None:
        return _found(FAIL, "there is no management service")
    good = service.state == "Running" and service.account.rpartition("\\")[2].lower() == SERVICE_ACCOUNT.lower()
    return _verdict(good, f"{service.name} is {service.state} as {service.account}")


# --- before an upgrade ------------------------------------------------------------------------------------------------


@_rule("path", BEFORE, UPGRADE, FailureClass.NO_UPGRADE_PATH)
def _path(appliance: Appliance, target: Version) -> Finding:
    scripts, running = need(appliance.scripts), need(appliance.running)
    if scripts is None:
        return _found(FAIL, "the module is not there", FailureClass.MODULE_MISSING)
    if running is None:
        return _found(FAIL, "nothing is deployed", FailureClass.NOTHING_DEPLOYED)
    problem = path_problem(scripts, target) or path_problem(running, target)
    return _verdict(problem is None, problem or f"from scripts {scripts}, running {running} to {target}")


@_rule("elevation", BEFORE, UPGRADE, FailureClass.NOT_ELEVATED)
def _elevation(appliance: Appliance, target: Version) -> Finding:
    """Before what a logon that is not elevated cannot read either."""
    elevated = need(appliance.elevated)
    return _verdict(elevated, f"the logon is {'' if elevated else 'not '}elevated")


@_rule("deployment_account", BEFORE, UPGRADE, FailureClass.OTHER_ACCOUNT)
def _deployment_account(appliance: Appliance, target: Version) -> Finding:
    """Default directories lie in the profile of the account, so another account sees other ones (9.3 no. 1)."""
    there = need(appliance.ini_appliance) is not None
    return _verdict(there, f"CloudConnector.ini is {'' if there else 'not '}in the appliance directory")


@_rule(
    "credential_cache",
    BEFORE,
    UPGRADE,
    FailureClass.CREDENTIAL_NOT_CACHED,
    unread=FailureClass.CREDENTIAL_CACHE,
)
def _credential_cache(appliance: Appliance, target: Version) -> Finding:
    missing = [account for account, readable in appliance.credentials.items() if not need(readable)]
    return _verdict(not missing, f"not cached: {', '.join(missing)}" if missing else "all accounts are readable")


@_rule("site_share", BEFORE, UPGRADE, FailureClass.NETWORK_LOGON, unread=FailureClass.NETWORK_LOGON)
def _site_share(appliance: Appliance, target: Version) -> Finding:
    return _found(PASS, f"{len(need(appliance.site_files))} entries in the site directory")


@_rule("tenant_logon", BEFORE, UPGRADE, FailureClass.TENANT_LOGON, unread=FailureClass.TENANT_LOGON)
def _tenant_logon(appliance: Appliance, target: Version) -> Finding:
    return _found(PASS, f"logged on to the tenant through {need(appliance.tenant_logon)}")


@_rule("registration", Asked.HEALTH | BEFORE, UPGRADE, FailureClass.REGISTRATION_CONFLICT)
def _registration(appliance: Appliance, target: Version) -> Finding:
    registration = need(appliance.registration)
    evidence = f"the tenant knows {registration} of its identity"
    return _verdict(registration == "full", evidence, FailureClass.NOT_REGISTERED if registration == "none" else None)


@_rule("tenant_maintenance", Asked.HEALTH | BEFORE, UPGRADE, FailureClass.TENANT_MAINTENANCE)
def _tenant_maintenance(appliance: Appliance, target: Version) -> Finding:
    maintenance = need(appliance.tenant_maintenance)
    return _verdict(not maintenance, f"MaintenanceMode is {maintenance}")


@_rule("auto_update", BEFORE, CALLS, FailureClass.AUTO_UPDATE_ON)
def _auto_update(appliance: Appliance, target: Version) -> Finding:
    enabled = need(appliance.auto_update)
    return _verdict(not enabled, f"EnableAutoUpdate of the site is {enabled}")


@_rule("suspension", Asked.HEALTH, UPGRADE, FailureClass.AUTO_UPDATE_SUSPENDED)
def _suspension(appliance: Appliance, target: Version) -> Finding:
    """While a run is at work it has to be; whether one is, a person knows."""
    found = need(appliance.suspended)
    if found is None:
        return _found(PASS, "no setting of the site waits to be put back")
    return _found(MANUAL, suspended.clause(found))


@_rule("update_under_way", BEFORE, CALLS, FailureClass.UPDATE_UNDER_WAY)
def _update_under_way(appliance: Appliance, target: Version) -> Finding:
    """Switched off or not: an update that began before goes on to its end.

    The tenant's record shows the action by properties that are inferred, and a lock file may have been left, so what these say
    beside a clear yes or no is left to a person.
    """
    action = appliance.update_action
    if isinstance(action, str) and "Started" in action.split():
        return _found(FAIL, f"the tenant says {action}")
    lock = need(appliance.update_lock)
    age = None if lock is None else need(appliance.clock) - lock
    if age is not None and age < timedelta(hours=LOCK_HOURS):
        return _found(FAIL, f"CcLockFile is in the site directory, of {lock.isoformat() if lock else ''}")
    if age is not None:
        return _found(MANUAL, f"CcLockFile is in the site directory, more than {LOCK_HOURS} hours old")
    found = need(action)
    return _found(PASS, f"the tenant says {found}") if found else _found(MANUAL, "the tenant shows no action")


@_rule("trusted_hosts", BEFORE, UPGRADE, FailureClass.VM_NOT_TRUSTED)
def _trusted_hosts(appliance: Appliance, target: Version) -> Finding:
    missing = derived.untrusted(appliance)
    return _verdict(not missing, f"not in TrustedHosts: {', '.join(missing)}" if missing else "the VMs are in it")


@_rule("stored_passwords", BEFORE, UPGRADE, FailureClass.PASSWORD_NOT_STORED)
def _stored_passwords(appliance: Appliance, target: Version) -> Finding:
    stores = need(appliance.stores_passwords)
    return _verdict(stores, f"Windows may {'' if stores else 'not '}store the password of a task")


@_rule("strong_crypto", Asked.GATES, UPGRADE, FailureClass.SECURE_CHANNEL)
def _strong_crypto(appliance: Appliance, target: Version) -> Finding:
    """Where the MSI comes from a share, nobody needs it."""
    if need(appliance.strong_crypto):
        return _found(PASS, "SchUseStrongCrypto is 1")
    return _found(MANUAL, "SchUseStrongCrypto is not set: an MSI or bits from an https address may not be had")


@_rule("dotnet", BEFORE, UPGRADE, FailureClass.DOTNET)
def _dotnet(appliance: Appliance, target: Version) -> Finding:
    if is_upgrade(target, DOTNET_VERSION):
        return _found(NOT_APPLICABLE, f"{target} does not need .NET 4.6.1")
    release = need(appliance.dotnet_release)
    return _verdict((release or 0) >= DOTNET_4_6_1, f"the .NET release is {release}, wanted {DOTNET_4_6_1} (4.6.1)")


@_rule("clock", BEFORE, UPGRADE, FailureClass.CLOCK_OFF)
def _clock(appliance: Appliance, target: Version) -> Finding:
    skew = need(appliance.clock_skew)
    evidence = f"the host's clock is {skew.seconds:+g} s off the controller's, give or take {skew.tolerance:g} s"
    return _verdict(abs(skew.seconds) <= CLOCK_SECONDS + skew.tolerance, evidence)


@_rule("pending_restart", Asked.GATES, UPGRADE, FailureClass.PENDING_RESTART)
def _pending_restart(appliance: Appliance, target: Version) -> Finding:
    """Renames alone are left by many programs and stop no installer, so a person decides."""
    waiting = need(appliance.pending_restart)
    if not waiting:
        return _found(PASS, "no restart is pending")
    status = MANUAL if waiting == (windows_readings.FILE_RENAMES,) else FAIL
    return _found(status, f"waiting for a restart of the host: {', '.join(waiting)}")


@_rule("pending_restart", Asked.SWITCH, CALLS, FailureClass.PENDING_RESTART_AT_SWITCH)
def _pending_restart_at_switch(appliance: Appliance, target: Version) -> Finding:
    """What the deployment itself leaves pending must not keep an appliance between two versions: a person decides."""
    waiting = need(appliance.pending_restart)
    if not waiting:
        return _found(PASS, "no restart is pending")
    return _found(MANUAL, f"waiting for a restart of the host: {', '.join(waiting)}")


@_rule("recovery", BEFORE, CALLS, FailureClass.AUTOMATIC_RECOVERY)
def _recovery_status(appliance: Appliance, target: Version) -> Finding:
    """Without a look into the VMs, which may be off: after a restart of the host a switch has to be finished all the same."""
    status = need(appliance.recovery_status)
    return _verdict(
        status != windows_readings.AUTO_RECOVERY,
        f"AutoMaintenanceStatus is {'not there' if status is None else status}",
    )


@_rule("console_work", Asked.HEALTH | BEFORE, CALLS, FailureClass.WORK_BY_HAND)
def _console_work(appliance: Appliance, target: Version) -> Finding:
    """What was typed into a console that was open before does not show: a PASS proves nothing."""
    found = need(appliance.console_work)
    names = ", ".join(f"{one.name} ({one.id}) since {one.since.isoformat()}" for one in found)
    return _verdict(not found, names or "no process shows that somebody takes it out of service by hand")


@_rule("management_switch", BEFORE, UPGRADE, FailureClass.MANAGEMENT_SWITCH_IN_USE)
def _management_switch(appliance: Appliance, target: Version) -> Finding:
    left = appliance.left_over_switches
    return _verdict(not left, ", ".join(left) or "no management switch is left over")


@_rule("backup_version", Asked.SWITCH, CALLS, FailureClass.SET_INCOMPLETE)
def _backup_version(appliance: Appliance, target: Version) -> Finding:
    backup = need(appliance.backup)
    return _verdict(backup == target, f"the backup version is {backup or 'none'}, wanted {target}")


@_rule("new_set", Asked.SWITCH, CALLS, FailureClass.SET_INCOMPLETE)
def _new_set(appliance: Appliance, target: Version) -> Finding:
    """The VMs that are switched to: four in their four roles, as far as names tell them, each of which can be started."""
    machines = appliance.machines_of(target)
    states = ", ".join(f"{machine.name} {machine.state}" for machine in machines) or "none"
    known = [name for machine in machines if (name := derived.role(appliance, machine))]
    wrong = [
        *([f"{len(machines)} of {MACHINES}"] if len(machines) != MACHINES else []),
        *(f"{name} twice" for name in dict.fromkeys(known) if known.count(name) > 1),
        *(f"{one.name} cannot be started" for one in machines if one.state not in STARTABLE),
        *(["their deployment did not end"] if derived.deployment_is_open(appliance, target) else []),
    ]
    return _verdict(not wrong, "; ".join([*wrong, f"VMs of {target}: {states}"]))


@_rule("jobs", Asked.HEALTH | BEFORE, UPGRADE, FailureClass.JOB_OPEN)
def _jobs(appliance: Appliance, target: Version) -> Finding:
    jobs = need(appliance.jobs)
    return _verdict(not jobs, ", ".join(jobs) or "no job of ours is open")


@_rule("disk", Asked.GATES, UPGRADE, FailureClass.ROOM_FOR_SECOND_SET)
def _disk(appliance: Appliance, target: Version) -> Finding:
    space = need(appliance.disk)
    return _found(MANUAL, _room(space.free, space.total))


@_rule("memory", Asked.GATES, UPGRADE, FailureClass.ROOM_FOR_SECOND_SET)
def _memory(appliance: Appliance, target: Version) -> Finding:
    space = need(appliance.memory)
    return _found(MANUAL, _room(space.free, space.total))


def _room(free: int, total: int) -> str:
    return f"{free / 2**30:.1f} of {total / 2**30:.1f} GiB are free; the need of a second set is not documented"


@_rule(TEST_CALLS, Asked.HEALTH, CALLS, FailureClass.CALLS_NOT_PROVEN)
def _test_calls(appliance: Appliance, target: Version) -> Finding:
    """By the record of a proof. An appliance that was never proven may carry calls all the same: a person decides."""
    found = appliance.proof
    if isinstance(found, Unknown):
        return _found(MANUAL, f"whether its calls were proven could not be read: {found.reason}")
    if found is not None and found.version == target:
        return _found(PASS, f"proven by {proof.told(found)}")
    return _found(MANUAL, f"no call was proven at {target}")


HEALTH: Sequence[Rule] = tuple(rule for rule in _RULES if Asked.HEALTH in rule.asked)
SERVING: Sequence[Rule] = tuple(rule for rule in _RULES if Asked.SERVING in rule.asked)
_SERVING_IDS = frozenset(rule.id for rule in SERVING)
GATES: Sequence[Rule] = tuple(rule for rule in _RULES if Asked.GATES in rule.asked)
SWITCH: Sequence[Rule] = tuple(rule for rule in _RULES if Asked.SWITCH in rule.asked)
SET: Sequence[Rule] = (_backup_version, _management_switch, _new_set)
"""What a set of VMs has to be to be switched to."""
SET_TO_COME: Sequence[Rule] = (_backup_version, _new_set)
"""Those of them that are about the set that is not in production yet."""


# --- asking them ------------------------------------------------------------------------------------------------------


def health(appliance: Appliance, target: Version) -> list[Check]:
    """Every check of an appliance that is said to be in service at `target`."""
    return [rule.check(appliance, target) for rule in HEALTH]


def with_proof(checks: Sequence[Check]) -> list[Check]:
    """The checks, of which the one that asks for a proof of calls says stop where a person would have to judge."""
    return [one._replace(status=FAIL) if (one.id, one.status) == (TEST_CALLS, MANUAL) else one for one in checks]


def gates(appliance: Appliance, target: Version) -> list[Check]:
    """What must hold before anything is changed on the way to `target`."""
    return [rule.check(appliance, target) for rule in GATES]


def switch_gates(appliance: Appliance, target: Version) -> list[Check]:
    """What must hold right before the VMs of `target` go into production: the gates of that moment, and a whole set of VMs."""
    return [rule.check(appliance, target) for rule in SWITCH]


def rollback_gates(appliance: Appliance, target: Version) -> list[Check]:
    """The same right before the VMs of an older release go into production again: all but that the way leads forward."""
    return [rule.check(appliance, target) for rule in SWITCH if rule is not _path]


def scripts_back_gates(appliance: Appliance, target: Version) -> list[Check]:
    """What must hold before the MSI of an older release is put back: of that moment, without those of a set of VMs."""
    return [rule.check(appliance, target) for rule in SWITCH if rule is not _path and rule not in SET_TO_COME]


def set_complete(appliance: Appliance, version: Version) -> Check:
    """Whether the deployment of `version` beside the running set is done: the first thing that is lacking, or PASS.

    What no reading shows: whether the inside of the VMs is as it should be.
    """
    checks = [rule.check(appliance, version) for rule in SET]
    lacking = next(iter(blocking(checks)), None)
    if lacking is None:
        return Check("set_complete", PASS, checks[-1].evidence, CALLS)
    return Check("set_complete", lacking.status, lacking.evidence, CALLS, lacking.failure)


def update_under_way(appliance: Appliance) -> Check:
    """Whether the product updates itself on this appliance or in its site now."""
    return _update_under_way.check(appliance, Version(""))


def chosen(names: Sequence[str], appliance: Appliance, target: Version | None = None) -> list[Check]:
    """Checks by their names, gates before others; most of them need no version."""
    rules = {rule.id: rule for rule in (*HEALTH, *GATES)}
    return [rules[name].check(appliance, target or Version("")) for name in names]


def own_health(appliance: Appliance) -> list[Check]:
    """Health at the version that runs, whichever it is."""
    if isinstance(appliance.running, Unknown):
        return [unreadable("running_version", appliance.running.reason, CALLS)]
    if appliance.running is None:
        return [Check("running_version", FAIL, "nothing is deployed", CALLS, FailureClass.NOTHING_DEPLOYED)]
    return health(appliance, appliance.running)


def carrying(appliance: Appliance, made: Sequence[Check] | None = None) -> list[Check]:
    """What a neighbour has to show to count as one that carries calls, without what it may lack (`NEIGHBOUR_MAY_LACK`).

    Args:
        made: its `own_health`, or what of it says stop, where that is known already.
    """
    checks = own_health(appliance) if made is None else made
    return [check for check in checks if not (check.status == ERROR and check.id in NEIGHBOUR_MAY_LACK)]


def serves(appliance: Appliance, made: Sequence[Check] | None = None) -> Reading[bool]:
    """Whether calls can live on it now, whatever its scripts are: VMs, networks and services of the running version.

    Args:
        made: its `own_health`, or what of it says stop, where that is known already.
    """
    if not isinstance(appliance.running, str):
        return appliance.running if isinstance(appliance.running, Unknown) else False
    if made is None:
        checks = [rule.check(appliance, appliance.running) for rule in SERVING]
    else:
        checks = [check for check in made if check.id in _SERVING_IDS]
    if any(check.status == FAIL for check in checks):
        return False
    unread = next((check for check in checks if check.status == ERROR), None)
    return Unknown(unread.evidence) if unread else True


def registered(appliance: Appliance) -> bool:
    """Whether the tenant knows it and the management service runs as the account a registration gives it."""
    return healthy(rule.check(appliance, Version("")) for rule in (_registration, _management_service))


# --- what they say ----------------------------------------------------------------------------------------------------


def blocking(checks: Iterable[Check]) -> list[Check]:
    """Those that say stop."""
    return [check for check in checks if check.status in STOPPING]


def asked(checks: Iterable[Check]) -> list[Check]:
    """Those that were made: without those that only the tenant's records answer, which nobody has read yet."""
    return [check for check in checks if not (check.status == ERROR and check.evidence.endswith(NOT_ASKED))]


def healthy(checks: Iterable[Check]) -> bool:
    """Whether none of them says stop."""
    return not blocking(checks)


def as_failure(stopping: Sequence[Check], shown: Sequence[Check] | None = None) -> dict[str, Any]:
    """The keyword arguments of an OperationError for checks that say stop, the first of which gives it its class.

    Args:
        stopping: the checks, at least one.
        shown: the checks to be returned, if those are others.
    """
    classes = [check.failure or FailureClass.CHECK for check in stopping]
    return {
        "failure": classes[0],
        "retry": all(FAILURES[failure].retry for failure in classes),
        "check": stopping[0].id,
        "checks": [check.to_dict() for check in shown or stopping],
    }


def summary(checks: Iterable[Check]) -> str:
    """Checks with their evidence, as clauses: those of one evidence, mostly of one cause, together."""
    alike: dict[str, list[Check]] = {}
    for check in checks:
        alike.setdefault(check.evidence.rstrip("."), []).append(check)
    return "; ".join(f"{', '.join(check.id for check in found)}: {evidence}" for evidence, found in alike.items())


def summary_with_remedies(checks: Iterable[Check]) -> str:
    """The same with their remedies; of many checks of one cause not all are named."""
    alike: dict[tuple[str, FailureClass | None], list[Check]] = {}
    for check in checks:
        alike.setdefault((check.evidence.rstrip("."), check.failure), []).append(check)
    return "; ".join(_cause(evidence, found) for (evidence, failure), found in alike.items())


def _cause(evidence: str, checks: Sequence[Check]) -> str:
    """One cause: the checks that found it, what was read, what that means if the evidence does not say it, and the remedy."""
    ids = list(dict.fromkeys(check.id for check in checks))
    names = ", ".join(ids) if len(ids) <= NAMED else f"{', '.join(ids[:NAMED])} and {len(ids) - NAMED} more"
    first = checks[0]
    explained = first.failure if first.status == ERROR and first.failure != FailureClass.UNREAD else None
    meaning = FAILURES[explained].meaning if explained else ""
    return " ".join(filter(None, (f"{names}: {evidence}.", meaning, first.remedy))).rstrip(". ")
