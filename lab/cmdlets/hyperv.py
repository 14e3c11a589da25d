"""Hyper-V's cmdlets on the host of an appliance. Texts of its errors are from memory (their ids are not checked by anyone)."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from lab.cmdlets.session import session_of
from lab.powershell.catalogue import Registry
from lab.powershell.invocation import Invocation
from lab.powershell.objects import EnumValue, PSObject
from lab.world.appliance import Appliance
from lab.world.machines import VirtualMachine

REGISTRY = Registry()
VM_STATE = "Microsoft.HyperV.PowerShell.VMState"


def _appliance(call: Invocation) -> Appliance:
    return session_of(call).appliance


def _matching(names: Iterable[str], pattern: str) -> bool:
    return any(fnmatchcase(name.casefold(), pattern.casefold()) for name in names)


def _machines(call: Invocation, parameter: str = "Name") -> list[VirtualMachine]:
    """The VMs named, with wildcards; an error for a plain name that fits none."""
    found: list[VirtualMachine] = []
    for pattern in call.get(parameter, ["*"]):
        fitting = [one for one in _appliance(call).machines if _matching([one.name], pattern)]
        if not fitting and not set(pattern) & set("*?["):
            text = f'Hyper-V was unable to find a virtual machine with name "{pattern}".'
            call.error(text, "InvalidParameter", "InvalidArgument")
        found += [one for one in fitting if one not in found]
    return found


def _runs(machine: VirtualMachine) -> bool:
    """A VM whose Windows restarts is on for Hyper-V."""
    return machine.on or machine.restarting


@REGISTRY.implements("Get-VM")
def get_vm(call: Invocation) -> None:
    for machine in _machines(call):
        state = EnumValue("Running", VM_STATE, 2) if _runs(machine) else EnumValue("Off", VM_STATE, 3)
        call.write(PSObject({"Name": machine.name, "VMName": machine.name, "State": state}, machine.name))


@REGISTRY.implements("Get-VMNetworkAdapter")
def get_adapter(call: Invocation) -> None:
    """One adapter a switch the VM belongs to; an adapter that is not plugged in has no switch."""
    for machine in _machines(call, "VMName"):
        for switch in machine.switches:
            plugged = switch if machine.connected else None
            properties = {"Name": switch, "VMName": machine.name, "SwitchName": plugged, "Connected": machine.connected}
            call.write(PSObject(properties, "Microsoft.HyperV.PowerShell.VMNetworkAdapter"))


@REGISTRY.implements("Get-VMSwitch")
def get_switch(call: Invocation) -> None:
    appliance = _appliance(call)
    for name in appliance.switches:
        if _matching([name], call.get("Name", "*")):
            kind = "Internal" if name == appliance.management_switch_name else "External"
            call.write(PSObject({"Name": name, "SwitchType": kind}, "Microsoft.HyperV.PowerShell.VMSwitch"))


@REGISTRY.implements("Start-VM")
def start_vm(call: Invocation) -> None:
    for machine in _machines(call):
        if not machine.on:
            machine.turn_on()
    _appliance(call).recompute_service()


@REGISTRY.implements("Stop-VM")
def stop_vm(call: Invocation) -> None:
    with _appliance(call).cause("Stop-VM"):
        for machine in _machines(call):
            machine.turn_off()
        _appliance(call).recompute_service()


@REGISTRY.implements("Restart-VM")
def restart_vm(call: Invocation) -> None:
    with _appliance(call).cause("Restart-VM"):
        for machine in _machines(call):
            machine.turn_off()
            machine.turn_on()
        _appliance(call).recompute_service()
