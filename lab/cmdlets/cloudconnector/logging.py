"""Call logging (cloud-connector.md 1.2). What these cmdlets do when they are run twice is not documented: nothing, here."""

from __future__ import annotations

from datetime import datetime

from lab.cmdlets.cloudconnector.product import Work, files_of, product, work
from lab.powershell.invocation import Invocation
from lab.world.appliance import Appliance

LOGGING_SECONDS = 4 * 3600.0
"""After this time logging stops by itself (documented)."""
SEARCH_SECONDS = 60.0


@product("Start-CcLogging")
def start(_: Invocation, appliance: Appliance) -> None:
    """Logging begins."""
    appliance.logging_until = appliance.world.env.now + LOGGING_SECONDS


@product("Stop-CcLogging")
def stop(_: Invocation, appliance: Appliance) -> None:
    """Logging ends; the cache that -RemoveCache removes is not modelled."""
    appliance.logging_until = 0.0


@product("Search-CcLog")
def search(call: Invocation, appliance: Appliance) -> Work:
    """Writes the log of a time to a file."""
    yield from work(call, appliance, "search", SEARCH_SECONDS)
    start, end = (_shown(call.get(name)) for name in ("StartTime", "EndTime"))
    files_of(call).write_text(call.get("FileName"), f"simulated log from {start} to {end}\r\n")


def _shown(time: datetime) -> str:
    return time.replace(tzinfo=None).isoformat(sep=" ")
