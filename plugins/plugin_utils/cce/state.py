# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reading an appliance in one request: what is asked, and what the answer says (bridge.md).

`READINGS` has one row for each field of `Appliance`: a new reading is a row here, a field there, and the builder of its step.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Generic, TypeVar

from . import (
    commissioning,
    hold,
    lease,
    paths,
    proof,
    site,
    slot,
    snapshot,
    soak,
    steps,
    suspended,
    tenant_records,
    tenant_steps,
    versions,
    windows_readings,
)
from .answers import ABSENT, Answer, attempt, moment
from .appliance import (
    ACCOUNTS,
    EARLY_ACCOUNTS,
    SERVICES,
    TARGETS,
    Appliance,
    Calls,
    Certificate,
    Event,
    Hold,
    Lease,
    Machine,
    Process,
    Service,
    Slot,
    Space,
    Suspension,
)
from .exceptions import NotReadError
from .proof import Traffic
from .reading import Reading, Unknown
from .site import Place
from .steps import Step
from .tenant_records import RecordsAndWindows, TenantRecords
from .versions import Version

VM_ACCOUNTS: Mapping[str, str] = {"cms": "VmAdmin", "mediation": "VmAdmin", "edge": "VmAdmin"}
"""The cached account that is tried inside each VM; that a real CCE lets the host in with it is inferred (cloud-connector.md 9.2).

The Edge VM is in no domain: should an appliance let another account in there, this is the place to say so.
"""

S_co = TypeVar("S_co", covariant=True)


@dataclass(frozen=True)
class Survey(Generic[S_co]):
    """One request that reads something and changes nothing, and what its answer says.

    Attributes:
        steps: the steps of the request.
        parse: what their answer says.
        doing: what it is for, in words that follow "could not", where every step has to succeed; empty: one that fails is a
            reading that is unknown.
    """

    steps: list[Step]
    parse: Callable[[Answer], S_co]
    doing: str = ""


def appliance_survey(place: Place, subset: Collection[str] | None = None) -> Survey[Appliance]:
    """The survey of an appliance; whatever is not asked, missing or not as expected in the answer is unknown.

    It does not log on to the tenant: what the tenant's records say of the appliance is put in by `TenantRecords.applied`.

    First comes who holds the slot, then our jobs: so a holder that is read with its claim and without a job has ended what the
    claim was for, and all that is read after that is how it was left. What says who carries calls comes last.

    Args:
        place: the appliance. Its directories are arguments, since without its module the product cannot be asked for them.
        subset: members of `SUBSETS`; all where it is None.

    Raises:
        ValueError: an unknown subset.
    """
    wanted = SUBSETS if subset is None else tuple(subset)
    if strange := sorted(set(wanted) - set(SUBSETS)):
        raise ValueError(f"{', '.join(strange)}: write some of {', '.join(SUBSETS)}")
    rows = [row for row in READINGS if row.subset in wanted]
    early = _unique(made for row in rows if not row.last for made in row.steps(place))
    late = _unique(made for row in rows if row.last for made in row.steps(place))
    asked = _unique([*early, *late, *_ask_vms(place, rows)])
    return Survey(asked, partial(_parse, deciding=[made["name"] for made in asked[len(early) :]]))


def tenant_survey(place: Place) -> Survey[TenantRecords]:
    """The survey of the tenant's records of all appliances, through the administrator who is cached on this one.

    It ends its session itself, since readings carry on after an error. No other survey of an appliance logs on.
    """
    return Survey(_in_tenant([]), partial(tenant_records.parse, through=place.name))


def windows_survey(place: Place) -> Survey[RecordsAndWindows]:
    """The same, and in the same session the update windows of the tenant and of its sites."""
    more = [{**one, "on_error": "continue"} for one in (tenant_steps.site_records(), tenant_steps.update_windows())]
    return Survey(_in_tenant(more), partial(tenant_records.parse_with_windows, through=place.name))


def _in_tenant(more: Sequence[Step]) -> list[Step]:
    """One session: the records of sites and appliances, and what else is read."""
    return [
        steps.credential("TenantAdmin", tenant_records.ADMINISTRATOR),
        *steps.tenant_session(tenant_records.ADMINISTRATOR, [step["cmdlet"] for step in more]),
        steps.tenant_appliances(),
        steps.tenant_sites(),
        *more,
        steps.remove_session(),
    ]


def calls_survey(mediation: str) -> Survey[Reading[Calls]]:
    """The survey of the live calls only, from the Mediation VM at that address."""
    account = VM_ACCOUNTS["mediation"]
    credential = steps.credential(account, _credential_step(account))
    inside = steps.inside("mediation", mediation, _credential_step(account), [steps.call_counters()])
    return Survey([credential, inside], lambda answer: attempt(_calls, answer))


def traffic_survey(place: Place) -> Survey[Reading[Traffic]]:
    """The survey of the counters of calls, and of the events that say how calls fare, from the Mediation and Edge VMs."""
    asked = {
        "mediation": [
            steps.call_counters(),
            steps.call_events(steps.CALL_EVENTS["mediation"]),
            steps.service_events(proof.SERVICE_EVENTS),
        ],
        "edge": [steps.call_events(steps.CALL_EVENTS["edge"])],
    }
    accounts = dict.fromkeys(VM_ACCOUNTS[vm] for vm in asked)
    credentials = [steps.credential(account, _credential_step(account)) for account in accounts]
    inside = [
        steps.inside(vm, place.vms[vm], _credential_step(VM_ACCOUNTS[vm]), made)
        for vm, made in asked.items()
        if vm in place.vms
    ]
    return Survey([*credentials, *inside], lambda answer: attempt(_traffic, answer))


# --- what is asked ---------------------------------------------------------------------------------------------------


def _nothing(place: Place) -> list[Step]:
    return []


def _nothing_inside(vm: str) -> list[Step]:
    return []


@dataclass(frozen=True)
class Row:
    """How one field of `Appliance` is read.

    Attributes:
        field: its name.
        subset: the subset of a survey that it belongs to.
        parse: what the answer says of it; a NotReadError, or an answer of another form, makes it unknown.
        steps: what is asked of the host. The same step may be of many rows; it is asked once.
        inside: what is asked inside a VM (cms, mediation, edge); all of it goes in one request for each VM, last.
        last: whether it says who carries calls, and is therefore asked as late as can be.
    """

    field: str
    subset: str
    parse: Callable[[Answer], Any]
    steps: Callable[[Place], list[Step]] = _nothing
    inside: Callable[[str], list[Step]] = _nothing_inside
    last: bool = False


def _always(*made: Step) -> Callable[[Place], list[Step]]:
    """Steps that are the same for each place."""
    return lambda place: list(made)


def _unique(made: Iterable[Step]) -> list[Step]:
    """Each step once, where it comes first."""
    return list({step["name"]: step for step in made}.values())


def _ask_vms(place: Place, rows: Sequence[Row]) -> list[Step]:
    """One request for each VM that has an address and is asked anything, the credentials for them before."""
    asked = {vm: _unique(step for row in rows for step in row.inside(vm)) for vm in SERVICES}
    accounts = dict.fromkeys(VM_ACCOUNTS[vm] for vm in SERVICES if asked[vm])
    requests = [
        steps.inside(vm, place.vms[vm], _credential_step(VM_ACCOUNTS[vm]), asked[vm])
        for vm in SERVICES
        if vm in place.vms and asked[vm]
    ]
    return [*(steps.credential(account, _credential_step(account)) for account in accounts), *requests]


def _services_of(vm: str) -> tuple[str, ...]:
    """The names by which the monitored services of a VM are asked for."""
    return windows_readings.with_aliases(SERVICES[vm])


def _rules_of(vm: str) -> list[Step]:
    return [steps.firewall_rule(steps.FIREWALL_RULES[vm])] if vm in steps.FIREWALL_RULES else []


def _events_of(vm: str) -> list[Step]:
    return [steps.call_events(steps.CALL_EVENTS[vm])] if vm in steps.CALL_EVENTS else []


def _ask_inis(place: Place) -> list[Step]:
    return [
        steps.file_text("ini_appliance", paths.appliance_ini(place.appliance_directory)),
        steps.file_text("ini_imported", paths.INI_IN_FORCE),
    ]


def _ask_identity(place: Place) -> list[Step]:
    """What tells which of the tenant's records are those of this appliance."""
    return [steps.memory(), *_ask_inis(place)]


def _credential_step(account: str) -> str:
    return f"credential_{account}"


# --- what the answer says --------------------------------------------------------------------------------------------


def _parse(answer: Answer, deciding: Sequence[str]) -> Appliance:
    """The appliance; `deciding`: the steps that came last in the request, because they say who carries calls."""
    found: dict[str, Any] = {row.field: attempt(row.parse, answer) for row in READINGS}
    skew = windows_readings.skew(found["clock"], *_around_clock(answer))
    return Appliance(read_at=_read_at(answer, deciding), clock_skew=skew, **found)


def _around_clock(answer: Answer) -> tuple[datetime, datetime]:
    """Two moments of the controller between which the host read its clock: the work of the other steps lies outside of them."""
    found = attempt(_beside_clock, answer)
    if isinstance(found, Unknown) or sum(found) > (answer.ended - answer.begun).total_seconds():
        return answer.begun, answer.ended
    before, after = found
    return answer.begun + timedelta(seconds=before), answer.ended - timedelta(seconds=after)


def _beside_clock(answer: Answer) -> tuple[float, float]:
    """The seconds that the steps before the reading of the clock took, and those from it on."""
    at = list(answer.results).index("clock")
    taken = [max(0.0, result.seconds) for result in answer.results.values()]
    return sum(taken[:at]), sum(taken[at:])


def _read_at(answer: Answer, deciding: Sequence[str]) -> datetime:
    """The answer's end without the time that the deciding steps took; its begin, where that is later or cannot be known."""
    taken = attempt(_seconds, answer, deciding)
    if isinstance(taken, Unknown):
        return answer.begun
    return answer.ended - timedelta(seconds=min(taken, (answer.ended - answer.begun).total_seconds()))


def _seconds(answer: Answer, names: Sequence[str]) -> float:
    if not names:
        raise NotReadError("nothing that says who carries calls was asked")
    return sum(max(0.0, answer.result(name).seconds) for name in names)


def _module(answer: Answer) -> bool:
    """Whether PowerShell finds the module's first cmdlet: `Get-Module -ListAvailable` is ambiguous in the recorded syntax."""
    return not any(error.startswith("CommandNotFoundException") for error in answer.error_ids("scripts"))


def _scripts(answer: Answer) -> Version | None:
    """A module that is there has a version: where nothing comes, the cmdlet shows it in a way that no session sees."""
    if not _module(answer):
        return None
    found = _version(answer, "scripts")
    if found is None:
        raise NotReadError(SILENT)
    return found


SILENT = "the CloudConnector module is there, but Get-CcVersion gives this session nothing"
"""Of the scripts; then its silence about the VMs does not say that there are none."""


def _version(answer: Answer, name: str) -> Version | None:
    """The product answers with text of a form that is not documented; no text is no version."""
    text = " ".join(str(line) for line in answer.output(name)).strip()
    version = versions.find(text)
    if text and version is None:
        raise NotReadError(f"the version cmdlet answered {text!r}")
    return version


def _deployed_version(name: str) -> Callable[[Answer], Version | None]:
    def parse(answer: Answer) -> Version | None:
        if attempt(_module, answer) is False:
            raise NotReadError("the CloudConnector module is not there, so no version can be asked for")
        found = _version(answer, name)
        if found is None and not attempt(answer.output, "scripts"):
            raise NotReadError(SILENT)
        return found

    return parse


def _is_early(answer: Answer) -> bool:
    """Whether the module is of a release before 2.0: it has no such parameter."""
    if "running" not in answer.results:
        return False
    return any(error.startswith("NamedParameterNotFound") for error in answer.error_ids("running"))


def _running(answer: Answer) -> Version | None:
    return _version(answer, "early_running") if _is_early(answer) else _deployed_version("running")(answer)


def _backup(answer: Answer) -> Version | None:
    if _is_early(answer):
        raise NotReadError("before 2.0 no cmdlet says which version the other set of VMs has")
    return _deployed_version("backup")(answer)


def _raw_versions(answer: Answer) -> dict[str, tuple[str, ...]]:
    running = "early_running" if attempt(_is_early, answer) is True else "running"
    steps_of = {"scripts": "scripts", "running": running, "backup": "backup"}
    texts = {kind: attempt(answer.output, name) for kind, name in steps_of.items()}
    return {kind: () if isinstance(text, Unknown) else tuple(text) for kind, text in texts.items()}


def _programs(answer: Answer) -> tuple[Mapping[str, str | None], ...]:
    """A malformed value of any other program is an error, too: it does not hide the one program that was found."""
    read = answer.result("programs").output
    found = tuple(one for one in read if one is not None and "cloud connector" in str(one["DisplayName"]).lower())
    answer.output("programs", absent=MALFORMED if len(found) == 1 and not answer.result("programs").thrown else ())
    return found


MALFORMED = ("System.InvalidCastException",)
"""How the id of the error begins that a malformed value of the registry makes."""


def _management_service(answer: Answer) -> Service | None:
    found = [Service(e["Name"], e["State"], e["StartName"]) for e in answer.objects("management_service")]
    if len(found) > 1:
        raise NotReadError(f"{', '.join(service.name for service in found)} are all management services")
    return found[0] if found else None


def _machines(answer: Answer) -> tuple[Machine, ...]:
    adapters = attempt(answer.objects, "network_adapters")
    return tuple(
        Machine(entry["Name"], entry["State"], versions.find(entry["Name"]), _connected(adapters, entry["Name"]))
        for entry in answer.objects("machines")
    )


def _connected(adapters: Reading[list[Mapping[str, Any]]], machine: str) -> Reading[tuple[str, ...]]:
    if isinstance(adapters, Unknown):
        return adapters
    return tuple(e["SwitchName"] for e in adapters if e["VMName"] == machine and e["Connected"] and e["SwitchName"])


def _inside(answer: Answer, vm: str) -> Answer:
    """Without the credential each VM would only say that it was given none."""
    answer.non_empty(_credential_step(VM_ACCOUNTS[vm]))
    return answer.inside(vm)


def _of_vms(read: Callable[[Answer], Mapping[str, str]]) -> Callable[[Answer], dict[str, Reading[Mapping[str, str]]]]:
    """The same reading of each VM."""

    def of(answer: Answer, vm: str) -> Mapping[str, str]:
        return read(_inside(answer, vm))

    return lambda answer: {vm: attempt(of, answer, vm) for vm in SERVICES}


def _services(inner: Answer) -> dict[str, str]:
    """A service that is not installed is not in it."""
    found = inner.objects("services", absent=("NoServiceFoundForGivenName",))
    return {entry["Name"].upper(): entry["Status"] for entry in found}


def _certificates(answer: Answer) -> tuple[Certificate, ...]:
    return windows_readings.certificates(_inside(answer, "edge"))


def _certificate_files(answer: Answer) -> dict[str, Reading[str | None]]:
    return {target: attempt(windows_readings.certificate_file, answer, target) for target in TARGETS}


def _calls(answer: Answer) -> Calls:
    text = _inside(answer, "mediation").text("calls", "Readings")
    return Calls(_counter(text, steps.INBOUND_CALLS), _counter(text, steps.OUTBOUND_CALLS))


def _traffic(answer: Answer) -> Traffic:
    restarts = windows_readings.service_events(_inside(answer, "mediation"))
    return Traffic(_calls(answer), proof.newest(_call_events(answer)), proof.newest(restarts))


def _counter(text: str, path: str) -> int:
    """The value on the line below the counter's path; Windows writes the path in small letters behind the computer's name."""
    match = re.search(re.escape(path) + r"\s*:\s*(\d+)(?:[.,]0+)?\s*$", text, re.IGNORECASE | re.MULTILINE)
    if match is None:
        raise NotReadError(f"the readings do not hold {path}: {text!r}")
    return int(match[1])


def _firewall_rules(answer: Answer) -> dict[str, bool | None]:
    found = {vm: windows_readings.firewall_rule(_inside(answer, vm)) for vm in steps.FIREWALL_RULES}
    return {f"{vm} {steps.FIREWALL_RULES[vm]}": enabled for vm, enabled in found.items()}


def _call_events(answer: Answer) -> tuple[Event, ...]:
    return tuple(event for vm in steps.CALL_EVENTS for event in windows_readings.call_events(_inside(answer, vm)))


def _update_lock(answer: Answer) -> datetime | None:
    found = [one for one in answer.objects("site_files") if str(one["Name"]).lower() == steps.LOCK_FILE.lower()]
    return datetime.fromisoformat(found[0]["LastWriteTime"]) if found else None


_ASKED_EARLY = ("SafeModeAdmin", "DomainAdmin")
"""Accounts of the releases before 2.0 that nothing else asks for; VmAdmin is asked for right before the VMs are."""


def _credentials(answer: Answer) -> dict[str, Reading[bool]]:
    scripts = attempt(_scripts, answer)
    accounts = EARLY_ACCOUNTS if isinstance(scripts, str) and versions.is_early(scripts) else ACCOUNTS
    found = {account: attempt(answer.output, _credential_step(account)) for account in accounts}
    return {account: one if isinstance(one, Unknown) else bool(one) for account, one in found.items()}


def _disk(answer: Answer) -> Space:
    return Space(answer.number("disk", "FreeSpace"), answer.number("disk", "Size"))


def _memory(answer: Answer) -> Space:
    """Windows counts memory in KiB."""
    free, total = answer.number("memory", "FreePhysicalMemory"), answer.number("memory", "TotalVisibleMemorySize")
    return Space(free * 1024, total * 1024)


def _dotnet(answer: Answer) -> int | None:
    return answer.number("dotnet", "Release") if answer.objects("dotnet", absent=ABSENT) else None


def _site_versions(answer: Answer) -> tuple[Version, ...]:
    return versions.find_all("\n".join(str(line) for line in answer.output("version_files", absent=ABSENT)))


def _site_file(answer: Answer, name: str) -> str | None:
    """A file that is not found proves nothing while the folder cannot be listed."""
    answer.names("site_files")
    return answer.file(name)


def _slot(answer: Answer) -> Slot | None:
    text = _site_file(answer, "slot")
    return None if text is None else slot.parse(text)


def _suspended(answer: Answer) -> Suspension | None:
    text = _site_file(answer, "suspended")
    return None if text is None else suspended.parse(text)


def _hold(answer: Answer) -> Hold | None:
    text = _site_file(answer, "hold")
    return None if text is None else hold.parse(text)


def _lease(answer: Answer) -> Lease | None:
    text = _site_file(answer, "lease")
    return None if text is None else lease.parse(text)


def _jobs(answer: Answer) -> tuple[str, ...]:
    """A job has its claim until its answer is collected."""
    names = answer.names("jobs", absent=ABSENT)
    return tuple(sorted(name.removesuffix(paths.CLAIM) for name in names if name.endswith(paths.CLAIM)))


def _jobs_since(answer: Answer) -> dict[str, datetime]:
    found = {str(one["Name"]): one["LastWriteTime"] for one in answer.objects("jobs", absent=ABSENT)}
    return {
        name.removesuffix(paths.CLAIM): datetime.fromisoformat(written)
        for name, written in found.items()
        if name.endswith(paths.CLAIM)
    }


def _record(name: str, what: str, path: str) -> Callable[[Answer], Mapping[str, Any] | None]:
    """A record of ours. A power cut may leave a file that holds nothing any more."""

    def parse(answer: Answer) -> Mapping[str, Any] | None:
        text = answer.file(name)
        try:
            record = None if text is None else json.loads(text)
        except (ValueError, RecursionError):
            record = text
        if not isinstance(record, dict | None):
            raise NotReadError(f"the record of {what} is not readable in {path}")
        return record

    return parse


def _deployed_by(answer: Answer) -> Mapping[str, Any] | None:
    record = _DEPLOYMENT(answer)
    if record is not None and not all(isinstance(record.get(key), str) for key in ("version", "ini")):
        raise NotReadError(f"the record of the last deployment in {paths.DEPLOYED} lacks its version or its ini")
    return record


_SAVED = _record("saved", "the removed MSI", paths.SAVED_STATE)
_SAVED_LAST = _record("saved_last", "the MSI that was removed last", paths.SAVED_LAST)
_DEPLOYMENT = _record("deployed", "the last deployment", paths.DEPLOYED)


def _console_work(answer: Answer) -> tuple[Process, ...]:
    found = answer.objects("console_work", of=("ProcessId", "CreationDate"))
    return tuple(Process(int(one["ProcessId"]), str(one["Name"]), moment(str(one["CreationDate"]))) for one in found)


def _snapshot(answer: Answer) -> Mapping[str, Any] | None:
    """Without what it holds: whoever compares reads it again."""
    found = snapshot.parse(answer.file("snapshot"))
    return None if found is None else found.head()


def _soaked(answer: Answer) -> str | None:
    text = _site_file(answer, "soaked")
    return None if text is None else soak.parse(text)


def _computer_name(answer: Answer) -> str:
    return answer.text("memory", "CSName")


# --- the tenant's records ----------------------------------------------------------------------------------------------


def _not_asked(answer: Answer) -> Any:
    """What `TenantRecords.applied` puts in."""
    raise NotReadError(tenant_records.NOT_ASKED)


# --- the table of readings -----------------------------------------------------------------------------------------------

READINGS: tuple[Row, ...] = (
    Row("slot", "slot", _slot, lambda at: [steps.file_text("slot", slot.path(at.site_directory))]),
    Row(
        "site_marker",
        "slot",
        lambda answer: _site_file(answer, "site_marker"),
        lambda at: [steps.file_text("site_marker", site.marker_path(at.site_directory))],
    ),
    Row(
        "site_files",
        "slot",
        lambda answer: answer.names("site_files"),
        lambda at: [steps.folder("site_files", at.site_directory)],
    ),
    Row("update_lock", "slot", _update_lock),
    Row("jobs", "ours", _jobs, _always(steps.folder("jobs", paths.JOBS))),
    Row("jobs_since", "ours", _jobs_since),
    Row("suspended", "slot", _suspended, lambda at: [steps.file_text("suspended", suspended.path(at.site_directory))]),
    Row("saved", "ours", _SAVED, _always(steps.file_text("saved", paths.SAVED_STATE))),
    Row("saved_last", "ours", _SAVED_LAST, _always(steps.file_text("saved_last", paths.SAVED_LAST))),
    Row("deployed_by", "ours", _deployed_by, _always(steps.file_text("deployed", paths.DEPLOYED))),
    Row("hold", "slot", _hold, lambda at: [steps.file_text("hold", hold.path(at.site_directory))]),
    Row("snapshot", "snapshot", _snapshot, _always(steps.file_text("snapshot", paths.record(snapshot.NAME)))),
    Row(
        "soaked",
        "snapshot",
        _soaked,
        lambda at: [
            steps.folder("site_files", at.site_directory),
            steps.file_text("soaked", soak.path(at.site_directory)),
        ],
    ),
    Row("lease", "slot", _lease, lambda at: [steps.file_text("lease", lease.path(at.site_directory))]),
    Row(
        "proof",
        "ours",
        lambda answer: proof.parse(answer.file("proof")),
        _always(steps.file_text("proof", paths.record(proof.NAME))),
    ),
    Row("proof_due", "ours", lambda answer: proof.due(answer.file("proof"))),
    Row(
        "commissioned",
        "ours",
        lambda answer: commissioning.parse(answer.file("commissioned")),
        _always(steps.file_text("commissioned", paths.record(commissioning.NAME))),
    ),
    Row("computer_name", "ours", _computer_name, _always(steps.memory())),
    Row("module_present", "versions", _module, _always(steps.version("RunningScripts", "scripts"))),
    Row("scripts", "versions", _scripts),
    Row(
        "running",
        "versions",
        _running,
        _always(steps.version("RunningBits", "running"), steps.early_running_version("early_running")),
    ),
    Row("backup", "versions", _backup, _always(steps.version("BackupBits", "backup"))),
    Row("raw_versions", "versions", _raw_versions),
    Row("programs", "programs", _programs, _always(steps.programs())),
    Row(
        "appliance_directory",
        "versions",
        lambda answer: answer.text("appliance_directory"),
        _always(steps.appliance_directory()),
    ),
    Row("site_directory", "versions", lambda answer: answer.text("site_directory"), _always(steps.site_directory())),
    Row("ini_appliance", "configuration", lambda answer: answer.file("ini_appliance"), _ask_inis),
    Row("ini_imported", "configuration", lambda answer: answer.file("ini_imported")),
    Row("management_service", "host", _management_service, _always(steps.management_service())),
    Row("console_work", "host", _console_work, _always(steps.console_work())),
    Row("disk", "host", _disk, lambda at: [steps.disk(at.appliance_directory)]),
    Row("memory", "host", _memory, _always(steps.memory())),
    Row("boot_time", "host", lambda answer: answer.time("memory", "LastBootUpTime")),
    Row("zone_minutes", "host", lambda answer: answer.number("memory", "CurrentTimeZone")),
    Row("dotnet_release", "host", _dotnet, _always(steps.dotnet())),
    Row(
        "pending_restart", "host", windows_readings.pending_restart, _always(steps.restart_keys(), steps.file_renames())
    ),
    Row("elevated", "windows", windows_readings.full_token, _always(steps.full_token())),
    Row("trusted_hosts", "windows", windows_readings.trusted_hosts, _always(steps.trusted_hosts())),
    Row("stores_passwords", "windows", windows_readings.stores_passwords, _always(steps.password_policy())),
    Row("strong_crypto", "windows", windows_readings.strong_crypto, _always(steps.strong_crypto())),
    Row(
        "credentials",
        "credentials",
        _credentials,
        _always(
            steps.version("RunningScripts", "scripts"),
            *(steps.credential(account, _credential_step(account)) for account in (*ACCOUNTS, *_ASKED_EARLY)),
        ),
    ),
    Row(
        "site_versions",
        "site",
        _site_versions,
        lambda at: [steps.folder("site_files", at.site_directory), steps.version_files(at.site_directory)],
    ),
    Row(
        "certificate_files",
        "certificates",
        _certificate_files,
        _always(*(steps.certificate_path(f"certificate_{target}", target) for target in TARGETS)),
    ),
    Row(
        "certificates", "certificates", _certificates, inside=lambda vm: [steps.certificates()] if vm == "edge" else []
    ),
    Row(
        "recovery_status",
        "recovery",
        windows_readings.recovery_status,
        lambda at: [steps.recovery_status(at.appliance_directory)],
    ),
    Row("recovery_events", "recovery", windows_readings.recovery_events, _always(steps.recovery_events())),
    Row(
        "start_modes",
        "recovery",
        _of_vms(windows_readings.start_modes),
        inside=lambda vm: [steps.start_modes(_services_of(vm))],
    ),
    *(Row(field, "tenant", _not_asked, _ask_identity) for field in tenant_records.FIELDS),
    Row("firewall_rules", "call_signs", _firewall_rules, inside=_rules_of),
    Row("call_events", "call_signs", _call_events, inside=_events_of),
    Row("clock", "host", lambda answer: answer.time("clock"), _always(steps.clock()), last=True),
    Row("machines", "machines", _machines, _always(steps.machines(), steps.network_adapters()), last=True),
    Row("switches", "machines", lambda answer: answer.names("switches"), _always(steps.switches()), last=True),
    Row("services", "services", _of_vms(_services), inside=lambda vm: [steps.services(_services_of(vm))]),
    Row("calls", "calls", _calls, inside=lambda vm: [steps.call_counters()] if vm == "mediation" else []),
)
"""In the order in which they are asked: the early ones, then those that are last, then what is asked inside the VMs."""

SUBSETS = tuple(dict.fromkeys(row.subset for row in READINGS))
"""What a survey can be narrowed to; what is not asked comes back unknown."""

SERVICE_SUBSET = ("slot", "ours", "versions", "configuration", "host", "recovery", "machines", "services", "calls")
"""What says who carries the calls of a site, within seconds: no logon to the tenant, no certificates."""
