"""CloudConnector.ini: import, export, sample, and what in it is in force (cloud-connector.md 1.1, 3.1)."""

from __future__ import annotations

from lab.cmdlets.cloudconnector.product import (
    IMPORTED_INI,
    Work,
    agreed,
    at_least,
    directories,
    files_of,
    product,
    read_text,
    work,
)
from lab.powershell.invocation import Invocation
from lab.world.appliance import Appliance
from lab.world.configuration import FILE, BadConfiguration, Ini, parse

OVERWRITE = f"{IMPORTED_INI} exists. Overwrite it? [Y/N] (simulated)"


@product("Import-CcConfiguration")
def import_configuration(call: Invocation, appliance: Appliance) -> Work:
    """Copies the ini of the appliance directory to where it is in force; asks when one is there, unless -Force."""
    files = files_of(call)
    if files.exists(IMPORTED_INI) and not call.flag("Force") and not agreed(call, appliance, OVERWRITE):
        return
    yield from work(call, appliance, "copy", appliance.world.switches.import_seconds)
    take_in(call)


def take_in(call: Invocation) -> None:
    """Puts the ini of the appliance directory in force, if it is one."""
    text = _edited(call)
    parsed(call, text)
    files_of(call).write_text(IMPORTED_INI, text)


def _edited(call: Invocation) -> str:
    """The text of the ini in the appliance directory."""
    source = rf"{directories(call).appliance}\{FILE}"
    text = read_text(call, source)
    if text is None:
        call.throw(f"Cannot find {source}. (simulated)")
    return text or ""


def in_force(call: Invocation, appliance: Appliance) -> Ini:
    """The imported ini; imported now when there is none and the switch says so. Before 2.0, where nothing is imported, the one
    of the appliance directory.
    """
    if not at_least(call, "2.0"):
        return parsed(call, _edited(call))
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
