"""CloudConnector.ini: import, export, sample, and what in it is in force (cloud-connector.md 1.1, 3.1)."""

from __future__ import annotations

from lab.cmdlets.cloudconnector.product import (
    IMPORTED_INI,
    Work,
    directories,
    files_of,
    product,
    read_text,
    scripts,
    work,
)
from lab.powershell.invocation import Invocation
from lab.world.appliance import Appliance
from lab.world.configuration import FILE, BadConfiguration, Ini, parse, render

OVERWRITE = f"{IMPORTED_INI} exists. Overwrite it? [Y/N] (simulated)"


@product("Import-CcConfiguration")
def import_configuration(call: Invocation, appliance: Appliance) -> Work:
    """Copies the ini of the appliance directory to where it is in force; asks when one is there, unless -Force."""
    files = files_of(call)
    if files.exists(IMPORTED_INI) and not call.flag("Force") and str(call.read_host(OVERWRITE)).upper() != "Y":
        return
    yield from work(call, appliance, "copy", appliance.world.switches.import_seconds)
    take_in(call)


def take_in(call: Invocation) -> None:
    """Puts the ini of the appliance directory in force, if it is one."""
    source = rf"{directories(call).appliance}\{FILE}"
    text = read_text(call, source)
    if text is None:
        call.throw(f"Cannot find {source}. (simulated)")
    parsed(call, text or "")
    files_of(call).write_text(IMPORTED_INI, text or "")


def in_force(call: Invocation, appliance: Appliance) -> Ini:
    """The imported ini; imported now when there is none and the switch says so."""
    if read_text(call, IMPORTED_INI) is None and appliance.world.switches.register_imports_ini:
        take_in(call)
    text = read_text(call, IMPORTED_INI)
    if text is None:
        call.throw("No configuration was imported. Run Import-CcConfiguration. (simulated)")
    return parsed(call, text or "")


def parsed(call: Invocation, text: str) -> Ini:
    """The sections of an ini; ends the cmdlet when it cannot be read."""
    try:
        return parse(text)
    except BadConfiguration as bad:
        call.throw(str(bad))
        raise


@product("Export-CcConfiguration")
def export_configuration(call: Invocation, _: Appliance) -> None:
    """Writes the configuration in force to a file."""
    text = read_text(call, IMPORTED_INI)
    if text is None:
        call.throw("No configuration was imported. (simulated)")
    files_of(call).write_text(call.get("Path"), text or "")


@product("Export-CcConfigurationSampleFile")
def export_sample(call: Invocation, _: Appliance) -> None:
    """Writes the sample of the module's release to the appliance directory."""
    files_of(call).write_text(rf"{directories(call).appliance}\CloudConnector.Sample.ini", render(scripts(call), {}))
