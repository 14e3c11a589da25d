"""Install- and Uninstall-CcAppliance: sets of VMs come and go (cloud-connector.md 1.1, 7, 9.4)."""

from __future__ import annotations

from lab.cmdlets.cloudconnector.configuration import in_force
from lab.cmdlets.cloudconnector.credentials import ask_all, complete
from lab.cmdlets.cloudconnector.download import bits_are_there
from lab.cmdlets.cloudconnector.draining import drain
from lab.cmdlets.cloudconnector.maintenance import report
from lab.cmdlets.cloudconnector.product import Work, agreed, product, scripts, work
from lab.powershell.invocation import Invocation
from lab.world.appliance import Appliance
from lab.world.computer import GIB
from lab.world.configuration import BadConfiguration, Ini, check
from lab.world.machines import ROLES

SET_BYTES = 100 * GIB
"""Disk space of one set of VMs; no source says how much it is."""
STEPS = ("Create virtual switches", "Create AD virtual machine", "Install domain service on the AD server")
"""The first three steps are documented; the rest of the list is not (1.1)."""
DISTURBANCE_SECONDS = 60.0


@product("Install-CcAppliance")
def install(call: Invocation, appliance: Appliance) -> Work:
    """Deploys a set of VMs for the version of the scripts. With -Upgrade beside the running set, which it does not touch."""
    if call.flag("ShowStepsOnly"):
        call.write(*STEPS)
        return
    if call.flag("UpdateAllCredentials"):
        ask_all(call, appliance)
    version = scripts(call)
    if _there(call, appliance, version):
        return
    ini = _preconditions(call, appliance, version)
    yield from _deploy(call, appliance, version, ini)
    if call.flag("Upgrade"):
        appliance.backup = version
    else:
        yield from _into_service(call, appliance, version)
    appliance.write_versions()


def _there(call: Invocation, appliance: Appliance, version: str) -> bool:
    """Whether there is nothing to do; what is unfinished is refused or removed, as the switches say."""
    switches, found = appliance.world.switches, appliance.sets.get(version)
    if found is None:
        return False
    if found.complete and switches.install_again == "nothing":
        return True
    if found.complete or switches.install_over_unfinished == "refused":
        call.throw(f"An instance of version {version} exists. Remove it with Uninstall-CcAppliance. (simulated)")
    _drop(appliance, version)
    return False


def _preconditions(call: Invocation, appliance: Appliance, version: str) -> Ini:
    if not appliance.registered:
        call.throw("The appliance is not registered. Run Register-CcAppliance. (simulated)")
    if not call.flag("Upgrade") and appliance.running is not None:
        call.throw("An appliance is deployed on this host. Use -Upgrade. (simulated)")
    complete(call, appliance)
    bits_are_there(call, version)
    ini = in_force(call, appliance)
    try:
        check(ini, version)
    except BadConfiguration as bad:
        call.throw(str(bad))
    _room(call, appliance)
    return ini


def _room(call: Invocation, appliance: Appliance) -> None:
    if appliance.computer.disks["C:"].free < SET_BYTES:
        call.throw("There is not enough space on the disk. (simulated)")
    if appliance.running is not None and not appliance.world.switches.ram_for_two_sets:
        call.throw("Not enough memory in the system to start the virtual machine. (simulated)")


def _deploy(call: Invocation, appliance: Appliance, version: str, ini: Ini) -> Work:
    seconds = appliance.world.switches.install_hours * 3600 / (len(ROLES) + 2)
    _make_room(appliance, version)
    if call.flag("Upgrade") and appliance.world.switches.backup_named == "begun":
        appliance.backup = version
        appliance.write_versions()
    appliance.management_switch = True
    yield from work(call, appliance, "management switch", seconds)
    if appliance.world.switches.install_disturbs_calls:
        yield from _disturb(call, appliance)
    for role in ROLES:
        appliance.add_machine(version, role, ini).turn_on()
        yield from work(call, appliance, role, seconds)
    yield from work(call, appliance, "finish", seconds)
    appliance.sets[version].complete = True
    appliance.management_switch = False
    if not appliance.world.switches.new_set_stays_on:
        for machine in appliance.sets[version]:
            machine.turn_off()


def _make_room(appliance: Appliance, version: str) -> None:
    backup = appliance.backup
    if backup not in (None, version) and appliance.world.switches.install_replaces_backup:
        _drop(appliance, backup or "")
    appliance.computer.disks["C:"].free -= SET_BYTES


def _disturb(call: Invocation, appliance: Appliance) -> Work:
    """Restarts the services of the running set, which cuts its calls (switch `install_disturbs_calls`)."""
    running = appliance.running_set
    if running is None:
        return
    with appliance.cause("Install-CcAppliance disturbs the running set"):
        running.stop_services()
        yield call.sleep(DISTURBANCE_SECONDS)
        running.start_services()


def _into_service(call: Invocation, appliance: Appliance, version: str) -> Work:
    """A first deployment ends with the appliance in service (inferred)."""
    new = appliance.sets[version]
    new.connect(True)
    new.start_mode("Auto")
    yield from work(call, appliance, "services", appliance.world.switches.services_seconds)
    with appliance.cause("Install-CcAppliance"):
        report(call, appliance, new.start_services())
        appliance.running = version
        appliance.recompute_service()


@product("Uninstall-CcAppliance")
def uninstall(call: Invocation, appliance: Appliance) -> Work:
    """Removes the set of -Version, or the RUNNING one when none is named; asks unless `-Confirm:$false`.

    A version has to be written as the product writes it.
    """
    named = call.get("Version") or (appliance.running and appliance.own_text(appliance.running))
    version = next((one for one in appliance.sets if appliance.own_text(one) == named), None)
    if version is None:
        call.throw(f"There is no instance of version {named}. (simulated)")
    question = f"Remove the virtual machines of version {named}? [Y/N] (simulated)"
    if call.get("Confirm", True) and not agreed(call, appliance, question):
        return
    with appliance.cause("Uninstall-CcAppliance"):
        if version == appliance.running:
            yield from drain(call, appliance, call.flag("Force"))
        yield from work(call, appliance, "machines", appliance.world.switches.uninstall_seconds)
        _drop(appliance, version)
        appliance.draining = False
        appliance.recompute_service()
    appliance.write_versions()


def _drop(appliance: Appliance, version: str) -> None:
    appliance.drop_set(version)
    appliance.computer.disks["C:"].free += SET_BYTES
    appliance.running = None if appliance.running == version else appliance.running
    appliance.backup = None if appliance.backup == version else appliance.backup
