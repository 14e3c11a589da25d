# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Windows and the management service tell beside the product's cmdlets, from the answer to a survey.

Documented for CCE are the two events and AutoMaintenanceStatus 3 (cloud-connector.md 4.2); the registry keys of a pending restart
and the store of certificates are Windows' own.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from .answers import Results
from .appliance import Certificate, Event, Skew
from .reading import NotReadError, Reading, Unknown

SERVICING, WINDOWS_UPDATE, FILE_RENAMES = "servicing", "windows_update", "file_renames"
"""What may wait for a restart."""

AUTO_RECOVERY = 3
"""The one value of AutoMaintenanceStatus that is documented: automatic recovery is under way."""

_STATUS = re.compile(r"AutoMaintenanceStatus\W+(\d+)", re.IGNORECASE)
"""How the file is written is not documented: the number that follows the name, whatever stands between."""


def pending_restart(results: Results) -> tuple[str, ...]:
    """What waits for a restart of the host."""
    keys = results.output("restart_keys")
    if len(keys) != 2:
        raise NotReadError(f"restart_keys gave {keys!r}")
    found = [name for name, there in zip((SERVICING, WINDOWS_UPDATE), keys, strict=True) if there]
    (session_manager,) = results.some("file_renames")
    return (*found, *([FILE_RENAMES] if session_manager["PendingFileRenameOperations"] else []))


def certificates(results: Results) -> tuple[Certificate, ...]:
    """The certificates of a computer's own store; `results` are those of a request inside it."""
    return tuple(
        Certificate(
            str(entry["Subject"]),
            str(entry["Issuer"]),
            datetime.fromisoformat(entry["NotAfter"]),
            str(entry["Thumbprint"]),
        )
        for entry in results.objects("certificates")
    )


def certificate_file(results: Results, target: str) -> str | None:
    """The path of an external certificate; None where the product has none."""
    found = results.output(f"certificate_{target}")
    return str(found[0]) if found else None


def recovery_status(results: Results) -> int | None:
    """AutoMaintenanceStatus; None where the file is not there or does not name it."""
    match = _STATUS.search(results.file("recovery_status") or "")
    return int(match[1]) if match else None


def recovery_events(results: Results) -> tuple[Event, ...]:
    """The newest events of automatic recovery. Other programs use these numbers too, so the text has to speak of it."""
    found = results.objects("recovery_events", absent=("NoMatchingEventsFound",))
    return tuple(
        Event(int(entry["Id"]), datetime.fromisoformat(entry["TimeCreated"]), str(entry["Message"]))
        for entry in found
        if "recover" in str(entry["Message"]).lower()
    )


def start_modes(results: Results) -> dict[str, str]:
    """Service -> Auto, Manual or Disabled; `results` are those of a request inside the VM."""
    return {str(entry["Name"]).upper(): str(entry["StartMode"]) for entry in results.objects("start_modes")}


def skew(clock: Reading[datetime], before: datetime, after: datetime) -> Reading[Skew]:
    """How far the host's clock is ahead of the controller's, which read `before` and `after` the exchange."""
    if isinstance(clock, Unknown):
        return clock
    tolerance = (after - before) / 2
    return Skew(_seconds(clock - before - tolerance), _seconds(tolerance))


def _seconds(span: timedelta) -> float:
    return round(span.total_seconds(), 1)
