"""Call logging (cloud-connector.md 1.2)."""

from __future__ import annotations

from lab.cmdlets.cloudconnector.product import files_of, product
from lab.powershell.invocation import Invocation
from lab.world.appliance import Appliance


@product("Start-CcLogging")
def start(_: Invocation, appliance: Appliance) -> None:
    """Logging begins; that it stops by itself after four hours is not simulated."""
    appliance.logging = True


@product("Stop-CcLogging")
def stop(_: Invocation, appliance: Appliance) -> None:
    appliance.logging = False


@product("Search-CcLog")
def search(call: Invocation, _: Appliance) -> None:
    """Writes the log of a time to a file."""
    files_of(call).write_text(call.get("FileName"), "simulated log\r\n")
