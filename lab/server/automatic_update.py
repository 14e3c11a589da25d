"""The automatic update of an appliance (cloud-connector.md 5.4): Windows first, then the product, whoever else is at work.

It begins by itself in a window of its site, or when a test says so; once begun it goes on, whatever becomes of EnableAutoUpdate.
It works through the product's own cmdlets, as a logon of method `service`; that its account has the directories and the cache of
the account that deployed is the lab's simplification.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any

import simpy

from lab.powershell.answer import run_process
from lab.server import reports
from lab.server.sessions import open_session
from lab.world import share
from lab.world.activity import Activity
from lab.world.appliance import PROGRAM_DATA, VM_BOOT_SECONDS, Appliance
from lab.world.building import new_ini
from lab.world.computer import Computer
from lab.world.configuration import FILE, number
from lab.world.network import LocalLogon
from lab.world.product import RESTART_NEEDED, SUCCESS, package, product_code
from lab.world.update_windows import any_open

RETRY_SECONDS = 3600.0
REPORT_SECONDS = 60.0
MSI = rf"{PROGRAM_DATA}\CloudConnector.msi"
HOST_DOWN = "the host went down"
Work = Callable[[Appliance], Generator[simpy.Event, Any, str]]
"""The body of an action; returns what went wrong, or an empty text."""


def due(appliance: Appliance) -> str | None:
    """The action that would begin by itself now: OsUpdate, BitsUpdate or None."""
    world = appliance.world
    site = world.tenant.sites.get(appliance.site.name)
    others = any(one.updating for one in appliance.site.appliances)
    if site is None or not site.enable_auto_update or others or not reports.serves(appliance):
        return None
    if reports.off_duty(appliance):
        return None
    if waiting(appliance) and any_open(site.os_windows, world.tenant.windows, world.now()):
        return "OsUpdate"
    newer = number(world.latest) > number(appliance.running or world.latest)
    return "BitsUpdate" if newer and any_open(site.bits_windows, world.tenant.windows, world.now()) else None


def begin(appliance: Appliance, action: str) -> simpy.Process:
    """Starts an action now, whatever the windows say. Raises ValueError for an unknown one, and while one is under way."""
    if action not in WORK:
        raise ValueError(f"no such action: {action!r}; there are {', '.join(WORK)}")
    if appliance.updating is not None:
        raise ValueError(f"{appliance.updating} is under way on {appliance.name}")
    return appliance.world.env.process(work(appliance, action))


def work(appliance: Appliance, action: str) -> Generator[simpy.Event, Any, bool]:
    """One action from its beginning to its end; returns whether it succeeded."""
    if not reports.action(appliance, action, "Started"):
        return False
    appliance.updating = action
    appliance.world.record.event(f"automatic update: {action} begins", appliance.name)
    wrong = yield from _locked(appliance, WORK[action])
    appliance.updating = None
    appliance.world.record.event(f"automatic update: {action} ends{f': {wrong}' if wrong else ''}", appliance.name)
    while not reports.action(appliance, action, "Error" if wrong else "Finished", wrong):
        yield appliance.world.env.timeout(REPORT_SECONDS)
    return not wrong


def _locked(appliance: Appliance, body: Work) -> Generator[simpy.Event, Any, str]:
    """The work with CcLockFile in the site directory meanwhile."""
    world, directory = appliance.world, appliance.site.directory
    try:
        share.lock(world.network.files, directory, appliance.name)
    except OSError:
        return "the site directory cannot be reached"
    wrong = yield from body(appliance)
    while not appliance.computer.up:
        yield world.env.timeout(REPORT_SECONDS)
    share.unlock(world.network.files, world.switches, directory)
    return wrong


# --- Windows


def waiting(appliance: Appliance) -> list[Computer]:
    """The computers for which Windows has updates: the VMs of the running set in their order, then the host."""
    running = appliance.running_set
    computers = [*(machine.computer for machine in running or ()), appliance.computer]
    return [one for one in computers if one.windows_updates]


def _windows(appliance: Appliance) -> Generator[simpy.Event, Any, str]:
    """Installs and restarts one VM after the other, looking again after each restart, and then the host."""
    running = appliance.running_set
    for machine in running or ():
        while machine.computer.windows_updates:
            yield from _install(appliance, machine.computer)
            if not machine.on:
                return f"{machine.name} is off"
            yield from _restart_machine(appliance, machine.role)
    while appliance.computer.windows_updates:
        yield from _install(appliance, appliance.computer)
        with appliance.cause("OsUpdate"):
            appliance.restart()
        yield appliance.world.env.timeout(appliance.world.switches.boot_seconds + VM_BOOT_SECONDS)
    return ""


def _install(appliance: Appliance, computer: Computer) -> Activity:
    yield appliance.world.env.timeout(appliance.world.switches.os_update_seconds)
    computer.updates.install_all()
    computer.want_restart()


def _restart_machine(appliance: Appliance, role: Any) -> Activity:
    machine = appliance.running_set.machines[role] if appliance.running_set else None
    if machine is None:
        return
    with appliance.cause("OsUpdate"):
        yield from appliance.restarting(machine)


# --- the product


def _bits(appliance: Appliance) -> Generator[simpy.Event, Any, str]:
    """The new MSI in place of the old one, the bits, the registration, the deployment, the switch."""
    return (yield from _first_wrong(appliance, [_exchange, _download, _register, _install_set, _switch]))


def _deploy(appliance: Appliance) -> Generator[simpy.Event, Any, str]:
    """Only the deployment, by the scripts that are there."""
    return (yield from _first_wrong(appliance, [_install_set]))


def _first_wrong(appliance: Appliance, parts: list[Work]) -> Generator[simpy.Event, Any, str]:
    for part in parts:
        wrong = yield from part(appliance)
        if wrong:
            return wrong
    return ""


def _exchange(appliance: Appliance) -> Generator[simpy.Event, Any, str]:
    version, installed = appliance.world.latest, appliance.msi
    if installed == version:
        return ""
    appliance.computer.files.write(MSI, package(version))
    for line in ([f"/x {product_code(installed)}"] if installed else []) + [f'/i "{MSI}"']:
        if not appliance.computer.up:
            return HOST_DOWN
        ended = yield appliance.computer.launch("msiexec.exe", f"{line} /qn", _logon(appliance))
        if ended not in (SUCCESS, RESTART_NEEDED):
            return f"msiexec {line.split()[0]} ended with {ended}"
    # How the product copes with an ini of the release before is not documented (5.4): it carries the values over here.
    appliance.computer.files.write_text(rf"{PROGRAM_DATA}\{FILE}", new_ini(appliance, version))
    return ""


def _download(appliance: Appliance) -> Generator[simpy.Event, Any, str]:
    return (yield from _cmdlet(appliance, "Start-CcDownload", DownloadBitsOnly=True))


def _register(appliance: Appliance) -> Generator[simpy.Event, Any, str]:
    return (yield from _cmdlet(appliance, "Register-CcAppliance"))


def _install_set(appliance: Appliance) -> Generator[simpy.Event, Any, str]:
    return (yield from _cmdlet(appliance, "Install-CcAppliance", Upgrade=True))


def _switch(appliance: Appliance) -> Generator[simpy.Event, Any, str]:
    return (yield from _cmdlet(appliance, "Switch-CcVersion"))


def _cmdlet(appliance: Appliance, name: str, **parameters: object) -> Generator[simpy.Event, Any, str]:
    """Runs a cmdlet in a process of its own, so with the module that is installed now."""
    if not appliance.computer.up:
        return HOST_DOWN
    request = {"protocol": 1, "steps": [{"name": "it", "cmdlet": name, "parameters": parameters}]}
    answered = yield appliance.computer.run(run_process(open_session(appliance, _logon(appliance)), request))
    if not isinstance(answered, dict):
        return HOST_DOWN
    errors = answered["results"][0]["errors"]
    return f"{name}: {errors[0]['message']}" if errors else ""


def _logon(appliance: Appliance) -> LocalLogon:
    return LocalLogon(appliance.owner, "service")


WORK: Mapping[str, Work] = {"OsUpdate": _windows, "BitsUpdate": _bits, "Deploy": _deploy}
