# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reading an appliance in one request: what is asked, and what the answer says (bridge/README.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from . import signs, slot, steps, versions
from .answers import ABSENT, Results, attempt
from .appliance import ACCOUNTS, SERVICES, TARGETS, Appliance, Calls, Certificate, Machine, Service, Slot, Space
from .ini_document import Identity, identity
from .reading import NotReadError, Reading, Unknown, need
from .steps import Step

VM_ACCOUNT = "VmAdmin"
"""The account that is tried inside the VMs; that a real CCE lets the host in with it is inferred (cloud-connector.md 9.2)."""

NOT_ASKED = "not asked"

# --- what is asked ---------------------------------------------------------------------------------------------------


class _Where(NamedTuple):
    appliance_directory: str
    site_directory: str
    vms: Mapping[str, str]


def _ask_slot(where: _Where) -> list[Step]:
    """Before everything else: what is read after it shows what became of the operation that holds the slot."""
    return [
        steps.file_text("slot", slot.path(where.site_directory)),
        steps.folder("site_files", where.site_directory),
    ]


def _ask_versions(where: _Where) -> list[Step]:
    return [
        steps.version("RunningScripts", "scripts"),
        steps.version("RunningBits", "running"),
        steps.version("BackupBits", "backup"),
        steps.programs(),
        steps.appliance_directory(),
        steps.site_directory(),
    ]


def _ask_configuration(where: _Where) -> list[Step]:
    return [
        steps.file_text("ini_appliance", rf"{where.appliance_directory}\CloudConnector.ini"),
        steps.file_text("ini_imported", rf"{steps.PROGRAM_DATA}\CloudConnector.ini"),
    ]


def _ask_host(where: _Where) -> list[Step]:
    return [
        steps.management_service(),
        steps.disk(),
        steps.memory(),
        steps.dotnet(),
        steps.clock(),
        steps.restart_keys(),
        steps.file_renames(),
    ]


def _ask_machines(where: _Where) -> list[Step]:
    return [steps.machines(), steps.network_adapters(), steps.switches()]


def _ask_certificates(where: _Where) -> list[Step]:
    return [steps.certificate_path(f"certificate_{target}", target) for target in TARGETS]


def _ask_recovery(where: _Where) -> list[Step]:
    return [steps.recovery_status(where.appliance_directory), steps.recovery_events()]


def _ask_tenant(where: _Where) -> list[Step]:
    administrator = _credential_step("TenantAdmin")
    return [
        steps.memory(),
        *_ask_configuration(where),
        steps.credential("TenantAdmin", administrator),
        *steps.tenant_session(administrator),
        steps.tenant_appliances(),
        steps.tenant_sites(),
    ]


def _ask_credentials(where: _Where) -> list[Step]:
    return [steps.credential(account, _credential_step(account)) for account in ACCOUNTS]


def _ask_site(where: _Where) -> list[Step]:
    return [steps.folder("site_files", where.site_directory), steps.version_files(where.site_directory)]


def _ask_ours(where: _Where) -> list[Step]:
    return [
        steps.folder("jobs", rf"{steps.OUR_DATA}\jobs"),
        steps.file_text("saved", rf"{steps.OUR_DATA}\saved\state.json"),
    ]


_QUESTIONS: Mapping[str, Callable[[_Where], list[Step]]] = {
    "slot": _ask_slot,
    "versions": _ask_versions,
    "configuration": _ask_configuration,
    "host": _ask_host,
    "machines": _ask_machines,
    "credentials": _ask_credentials,
    "site": _ask_site,
    "ours": _ask_ours,
    "certificates": _ask_certificates,
    "recovery": _ask_recovery,
}

_INSIDE: Mapping[str, Callable[[str], list[Step]]] = {
    "services": lambda vm: [steps.services(SERVICES[vm])],
    "calls": lambda vm: [steps.call_counters()] if vm == "mediation" else [],
    "certificates": lambda vm: [steps.certificates()] if vm == "edge" else [],
    "recovery": lambda vm: [steps.start_modes(SERVICES[vm])],
}
"""What is asked inside the VMs, all of it in one request for each."""

SUBSETS = (*_QUESTIONS, "services", "calls", "tenant")
"""What a survey can be narrowed to; what is not asked comes back unknown."""


def survey_steps(
    appliance_directory: str,
    site_directory: str,
    vms: Mapping[str, str] | None,
    subset: Collection[str] | None = None,
) -> list[Step]:
    """The steps that read an appliance: one request, none of them changes anything.

    Args:
        appliance_directory: where the ini is edited; an argument, since without its module the product cannot be asked.
        site_directory: the share of the site.
        vms: addresses of `cms`, `mediation` and `edge` (`ini.vm_addresses`); one that is left out is not asked.
        subset: members of `SUBSETS`; all where it is None.

    Raises:
        ValueError: an unknown subset.
    """
    wanted = SUBSETS if subset is None else tuple(subset)
    if strange := sorted(set(wanted) - set(SUBSETS)):
        raise ValueError(f"{', '.join(strange)}: write some of {', '.join(SUBSETS)}")
    where = _Where(appliance_directory, site_directory, {vm: vms[vm] for vm in SERVICES if vms and vm in vms})
    asked = [step for name, ask in _QUESTIONS.items() if name in wanted for step in ask(where)]
    asked += _ask_vms(where, wanted) + (_ask_tenant(where) if "tenant" in wanted else [])
    return list({step["name"]: step for step in reversed(asked)}.values())[::-1]


def calls_steps(mediation: str) -> list[Step]:
    """The steps that read the live calls only, from the Mediation VM at that address."""
    return [
        steps.credential(VM_ACCOUNT, _credential_step(VM_ACCOUNT)),
        steps.inside("mediation", mediation, _credential_step(VM_ACCOUNT), [steps.call_counters()]),
    ]


def _ask_vms(where: _Where, wanted: Collection[str]) -> list[Step]:
    asks = [ask for name, ask in _INSIDE.items() if name in wanted]
    inner = {vm: [step for ask in asks for step in ask(vm)] for vm in where.vms}
    asked = [steps.credential(VM_ACCOUNT, _credential_step(VM_ACCOUNT))] if asks else []
    return asked + [
        steps.inside(vm, address, _credential_step(VM_ACCOUNT), inner[vm])
        for vm, address in where.vms.items()
        if inner[vm]
    ]


def _credential_step(account: str) -> str:
    return f"credential_{account}"


# --- what the answer says --------------------------------------------------------------------------------------------


def parse_survey(answer: Mapping[str, Any]) -> Appliance:
    """The appliance, from the answer to `survey_steps`; whatever is missing or not as expected is unknown."""
    results = Results(answer)
    own = _parse_own(results)
    return own.with_changes(
        registration=attempt(_registration, results, own),
        auto_update=attempt(_auto_update, results, own),
        tenant_maintenance=attempt(_tenant_maintenance, results, own),
    )


def parse_calls(answer: Mapping[str, Any]) -> Reading[Calls]:
    """The live calls, from the answer to `calls_steps`."""
    return attempt(_calls, Results(answer))


def _parse_own(results: Results) -> Appliance:
    """All but what is found in the tenant's records by the name and the ini of this appliance."""
    module = attempt(_module, results)
    return Appliance(
        computer_name=attempt(results.text, "memory", "CSName"),
        module_present=module,
        scripts=None if module is False else attempt(_version, results, "scripts"),
        running=_deployed(results, "running", module),
        backup=_deployed(results, "backup", module),
        raw_versions={kind: _raw(results, kind) for kind in ("scripts", "running", "backup")},
        programs=attempt(_programs, results),
        appliance_directory=attempt(results.text, "appliance_directory"),
        site_directory=attempt(results.text, "site_directory"),
        ini_appliance=attempt(results.file, "ini_appliance"),
        ini_imported=attempt(results.file, "ini_imported"),
        management_service=attempt(_management_service, results),
        machines=attempt(_machines, results),
        switches=attempt(results.names, "switches"),
        services={vm: attempt(_services, results, vm) for vm in SERVICES},
        calls=attempt(_calls, results),
        registration=Unknown(NOT_ASKED),
        tenant_logon=attempt(_tenant_logon, results),
        auto_update=Unknown(NOT_ASKED),
        tenant_maintenance=Unknown(NOT_ASKED),
        credentials={account: attempt(_credential, results, account) for account in ACCOUNTS},
        disk=attempt(_disk, results),
        memory=attempt(_memory, results),
        dotnet_release=attempt(_dotnet, results),
        clock=attempt(results.time, "clock"),
        clock_skew=Unknown("not measured"),
        boot_time=attempt(results.time, "memory", "LastBootUpTime"),
        pending_restart=attempt(signs.pending_restart, results),
        certificate_files={target: attempt(signs.certificate_file, results, target) for target in TARGETS},
        certificates=attempt(_certificates, results),
        recovery_status=attempt(signs.recovery_status, results),
        recovery_events=attempt(signs.recovery_events, results),
        start_modes={vm: attempt(_start_modes, results, vm) for vm in SERVICES},
        slot=attempt(_slot, results),
        site_files=attempt(results.names, "site_files"),
        site_versions=attempt(_site_versions, results),
        jobs=attempt(_jobs, results),
        saved=attempt(_saved, results),
    )


def _module(results: Results) -> bool:
    """Whether PowerShell finds the module's first cmdlet: `Get-Module -ListAvailable` is ambiguous in the recorded syntax."""
    return not any(error.startswith("CommandNotFoundException") for error in results.error_ids("scripts"))


def _version(results: Results, name: str) -> str | None:
    """The product answers with text of a form that is not documented; no text is no version."""
    text = " ".join(str(line) for line in results.output(name)).strip()
    version = versions.find(text)
    if text and version is None:
        raise NotReadError(f"the version cmdlet answered {text!r}")
    return version


def _deployed(results: Results, name: str, module: Reading[bool]) -> Reading[str | None]:
    if module is False:
        return Unknown("the CloudConnector module is not there, so no version can be asked for")
    return attempt(_version, results, name)


def _raw(results: Results, kind: str) -> tuple[str, ...]:
    text = attempt(results.output, kind)
    return () if isinstance(text, Unknown) else tuple(text)


def _programs(results: Results) -> tuple[Mapping[str, str | None], ...]:
    return tuple(
        entry for entry in results.objects("programs") if "cloud connector" in str(entry["DisplayName"]).lower()
    )


def _management_service(results: Results) -> Service | None:
    found = [Service(e["Name"], e["State"], e["StartName"]) for e in results.objects("management_service")]
    if len(found) > 1:
        raise NotReadError(f"{', '.join(service.name for service in found)} are all management services")
    return found[0] if found else None


def _machines(results: Results) -> tuple[Machine, ...]:
    adapters = attempt(results.objects, "network_adapters")
    return tuple(
        Machine(entry["Name"], entry["State"], versions.find(entry["Name"]), _connected(adapters, entry["Name"]))
        for entry in results.objects("machines")
    )


def _connected(adapters: Reading[list[Mapping[str, Any]]], machine: str) -> Reading[tuple[str, ...]]:
    if isinstance(adapters, Unknown):
        return adapters
    return tuple(e["SwitchName"] for e in adapters if e["VMName"] == machine and e["Connected"] and e["SwitchName"])


def _inside(results: Results, vm: str) -> Results:
    """Without the credential each VM would only say that it was given none."""
    results.some(_credential_step(VM_ACCOUNT))
    return results.inside(vm)


def _services(results: Results, vm: str) -> dict[str, str]:
    """A service that is not installed is not in it."""
    found = _inside(results, vm).objects("services", absent=("NoServiceFoundForGivenName",))
    return {entry["Name"].upper(): entry["Status"] for entry in found}


def _certificates(results: Results) -> tuple[Certificate, ...]:
    return signs.certificates(_inside(results, "edge"))


def _start_modes(results: Results, vm: str) -> dict[str, str]:
    return signs.start_modes(_inside(results, vm))


def _calls(results: Results) -> Calls:
    text = _inside(results, "mediation").text("calls", "Readings")
    return Calls(_counter(text, steps.INBOUND_CALLS), _counter(text, steps.OUTBOUND_CALLS))


def _counter(text: str, path: str) -> int:
    """The value on the line below the counter's path; Windows writes the path in small letters behind the computer's name."""
    match = re.search(re.escape(path) + r"\s*:\s*(\d+)(?:[.,]0+)?\s*$", text, re.IGNORECASE | re.MULTILINE)
    if match is None:
        raise NotReadError(f"the readings do not hold {path}: {text!r}")
    return int(match[1])


def _credential(results: Results, account: str) -> bool:
    return bool(results.output(_credential_step(account)))


def _disk(results: Results) -> Space:
    return Space(results.number("disk", "FreeSpace"), results.number("disk", "Size"))


def _memory(results: Results) -> Space:
    """Windows counts memory in KiB."""
    free, total = results.number("memory", "FreePhysicalMemory"), results.number("memory", "TotalVisibleMemorySize")
    return Space(free * 1024, total * 1024)


def _dotnet(results: Results) -> int | None:
    return results.number("dotnet", "Release") if results.objects("dotnet", absent=ABSENT) else None


def _site_versions(results: Results) -> tuple[str, ...]:
    return versions.find_all("\n".join(str(line) for line in results.output("version_files", absent=ABSENT)))


def _slot(results: Results) -> Slot | None:
    """A file that is not found proves nothing while the folder cannot be listed."""
    results.names("site_files")
    text = results.file("slot")
    return None if text is None else slot.parse(text)


def _jobs(results: Results) -> tuple[str, ...]:
    """A job has its claim until its answer is collected."""
    names = results.names("jobs", absent=ABSENT)
    return tuple(sorted(name.removesuffix(".claim") for name in names if name.endswith(".claim")))


def _saved(results: Results) -> Mapping[str, Any] | None:
    """A power cut may leave a file that holds nothing any more."""
    text = results.file("saved")
    try:
        record = None if text is None else json.loads(text)
    except ValueError:
        record = text
    if not isinstance(record, dict | None):
        raise NotReadError(rf"the record of the removed MSI is not readable in {steps.OUR_DATA}\saved\state.json")
    return record


# --- the tenant's records ----------------------------------------------------------------------------------------------


def _tenant_logon(results: Results) -> bool:
    results.some(_credential_step("TenantAdmin"))
    results.some("tenant_session")
    return True


def _records(results: Results, name: str, of: Collection[str] = ()) -> list[Mapping[str, Any]]:
    """Records of the tenant; where the logon failed, that is the reason and not the cmdlet that is missing then."""
    _tenant_logon(results)
    return results.objects(name, of=of)


def _identity(own: Appliance) -> Identity:
    found = identity(need(own.ini))
    if found is None:
        raise NotReadError("the ini lacks a part of the identity of site and appliance")
    return found


def _registration(results: Results, own: Appliance) -> str:
    """A site is known by name and Edge FQDN, an appliance by name and Mediation FQDN; its address is unique, too."""
    wanted, name = _identity(own), need(own.computer_name)
    sites = _records(results, "tenant_sites", of=("Identity", "EdgeFQDN"))
    site = _match(sites, {"Identity": wanted.site_name, "EdgeFQDN": wanted.edge_fqdn})
    parts = {
        "Name": name,
        "MediationServerFqdn": wanted.mediation_fqdn,
        "MediationServerIPAddress": wanted.mediation_address,
    }
    appliance = _match(_records(results, "tenant_appliances", of=tuple(parts)), parts)
    if "half" in (site, appliance) or (site, appliance) == ("none", "full"):
        return "half"
    return appliance


def _match(records: list[Mapping[str, Any]], wanted: Mapping[str, str]) -> str:
    """full: one record has all of it and no other any of it; none: no record has any of it."""
    counts = [sum(_same(record[key], value) for key, value in wanted.items()) for record in records]
    matching = [count for count in counts if count]
    if not matching:
        return "none"
    return "full" if matching == [len(wanted)] else "half"


def _same(left: Any, right: str) -> bool:
    return str(left).lower() == right.lower()


def _auto_update(results: Results, own: Appliance) -> bool:
    site = _identity(own).site_name
    return _flag(_records(results, "tenant_sites"), "Identity", site, "EnableAutoUpdate")


def _tenant_maintenance(results: Results, own: Appliance) -> bool:
    return _flag(_records(results, "tenant_appliances"), "Name", need(own.computer_name), "MaintenanceMode")


def _flag(records: list[Mapping[str, Any]], key: str, name: str, flag: str) -> bool:
    found = [record[flag] for record in records if _same(record[key], name)]
    if len(found) != 1 or not isinstance(found[0], bool):
        raise NotReadError(f"the tenant has no one record of {name} with {flag}")
    return found[0]
