# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Windows and the management service tell beside the product's cmdlets, from the answer to a survey.

Documented for CCE are the two events and AutoMaintenanceStatus 3 (cloud-connector.md 4.2); the registry keys of a pending restart
and the store of certificates are Windows' own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from .answers import Answer
from .appliance import Certificate, Event, Skew
from .exceptions import NotReadError
from .reading import Reading, Unknown

SERVICING, WINDOWS_UPDATE, FILE_RENAMES = "servicing", "windows_update", "file_renames"
"""What may wait for a restart."""

ENABLED = 1
"""Of a firewall rule."""

AUTO_RECOVERY = 3
"""The one value of AutoMaintenanceStatus that is documented: automatic recovery is under way."""

SERVICE_ALIASES: Mapping[str, str] = {"RTCMEDSRV": "MEDSVC"}
"""Microsoft's documents give one service two names; RTCMEDSRV is the one of the firewall rule and of OMS. Either counts."""

_STATUS = re.compile(r"AutoMaintenanceStatus\W+(\d+)", re.IGNORECASE)
"""How the file is written is not documented: the number that follows the name, whatever stands between."""


def pending_restart(answer: Answer) -> tuple[str, ...]:
    """What waits for a restart of the host."""
    keys = answer.output("restart_keys")
    if len(keys) != 2:
        raise NotReadError(f"restart_keys gave {keys!r}")
    found = [name for name, there in zip((SERVICING, WINDOWS_UPDATE), keys, strict=True) if there]
    (session_manager,) = answer.non_empty("file_renames")
    return (*found, *([FILE_RENAMES] if session_manager["PendingFileRenameOperations"] else []))


def certificates(answer: Answer) -> tuple[Certificate, ...]:
    """The certificates of a computer's own store; `answer` is that of a request inside it."""
    return tuple(
        Certificate(
            str(entry["Subject"]),
            str(entry["Issuer"]),
            datetime.fromisoformat(entry["NotAfter"]),
            str(entry["Thumbprint"]),
        )
        for entry in answer.objects("certificates")
    )


def certificate_file(answer: Answer, target: str) -> str | None:
    """The path of an external certificate; None where the product has none."""
    found = answer.output(f"certificate_{target}")
    return str(found[0]) if found else None


def recovery_status(answer: Answer) -> int | None:
    """AutoMaintenanceStatus; None where the file is not there or does not name it."""
    match = _STATUS.search(answer.file("recovery_status") or "")
    return int(match[1]) if match else None


def recovery_events(answer: Answer) -> tuple[Event, ...]:
    """The newest events of automatic recovery. Other programs use these numbers too, so a text has to speak of it.

    An event without a text counts: Windows has none where the program that wrote it is gone, as it is between two MSIs.
    """
    return tuple(event for event in _events(answer, "recovery_events") if _may_be_recovery(event.message))


def _may_be_recovery(message: str) -> bool:
    return not message.strip() or "recover" in message.lower()


def call_events(answer: Answer) -> tuple[Event, ...]:
    """What a VM logged of calls that cannot be carried; `answer` is that of a request inside it."""
    return _events(answer, "call_events")


def service_events(answer: Answer) -> tuple[Event, ...]:
    """The newest starts and stops of the Mediation Server; `answer` is that of a request inside its VM."""
    return _events(answer, "service_events")


def _events(answer: Answer, name: str) -> tuple[Event, ...]:
    found = answer.objects(name, absent=("NoMatchingEventsFound",))
    return tuple(
        Event(int(entry["Id"]), datetime.fromisoformat(entry["TimeCreated"]), str(entry["Message"] or ""))
        for entry in found
    )


def firewall_rule(answer: Answer) -> bool | None:
    """Whether the rule is enabled; None where there is none. `answer` is that of a request inside a VM."""
    found = [entry["Enabled"] for entry in answer.objects("firewall_rule", of=("Enabled",))]
    return all(enabled == ENABLED for enabled in found) if found else None


def full_token(answer: Answer) -> bool:
    """Whether the logon has the full token of an administrator: a filtered one is refused."""
    refused = [error for error in answer.result("full_token").errors if error.category == "PermissionDenied"]
    return not refused and bool(answer.non_empty("full_token"))


def trusted_hosts(answer: Answer) -> str:
    """The list as it is written; empty as Windows is delivered."""
    (found,) = answer.non_empty("trusted_hosts")
    return str(found["Value"] or "")


def stores_passwords(answer: Answer) -> bool:
    """No value is the policy as Windows is delivered: passwords may be stored."""
    (found,) = answer.non_empty("password_policy")
    return bool(found["DisableDomainCreds"] != 1)


def strong_crypto(answer: Answer) -> bool:
    """No value is .NET as Windows Server 2012 R2 is delivered: TLS 1.0 only."""
    (found,) = answer.non_empty("strong_crypto")
    return bool(found["SchUseStrongCrypto"] == 1)


def trusted_names(trusted: str) -> list[str]:
    """The names and addresses, some with wildcards, that a list of TrustedHosts is of; in small letters."""
    return [one.strip().lower() for one in trusted.split(",")]


def trusts(names: Iterable[str], address: str) -> bool:
    """Whether TrustedHosts of these names lets the host send a credential to that address, which is in small letters."""
    return any(fnmatchcase(address, one) for one in names)


def start_modes(answer: Answer) -> dict[str, str]:
    """Service -> Auto, Manual or Disabled; `answer` is that of a request inside the VM."""
    return {str(entry["Name"]).upper(): str(entry["StartMode"]) for entry in answer.objects("start_modes")}


def with_aliases(names: Iterable[str]) -> tuple[str, ...]:
    """The names by which these services have to be asked for."""
    return tuple(each for name in names for each in (name, SERVICE_ALIASES.get(name)) if each)


def service_state(services: Mapping[str, str], name: str) -> str | None:
    """The state of a service by its name or its alias; None where it is not there. Of two that are there a running one counts."""
    state, alias = services.get(name), SERVICE_ALIASES.get(name)
    if alias is None or state == "Running":
        return state
    other = services.get(alias)
    return other if state is None or other == "Running" else state


def skew(clock: Reading[datetime], before: datetime, after: datetime) -> Reading[Skew]:
    """How far the host's clock is ahead of the controller's, which read `before` and `after` the exchange."""
    if isinstance(clock, Unknown):
        return clock
    tolerance = (after - before) / 2
    return Skew(_seconds(clock - before - tolerance), _seconds(tolerance))


def _seconds(span: timedelta) -> float:
    return round(span.total_seconds(), 1)
