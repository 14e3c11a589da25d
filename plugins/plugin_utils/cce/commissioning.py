# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The commissioning of a host: what is tried on it once, before the first upgrade depends on it.

Readings say how a host is set up. Whether a job really begins, whether it reaches the site directory and the credential cache,
and whether all appliances of a site see the same folder, only a try shows. What was found is a record on the host, with its
date.

None of it is Microsoft's own list; it follows from what the product needs (cloud-connector.md 9.3, 10).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from . import health, ini_document, paths, steps, windows_readings
from .answers import Answer, attempt
from .appliance import Appliance, Commissioned
from .codec import decode, encode
from .exceptions import NotReadError
from .failure_classes import FailureClass, recognise
from .health import CALLS, FAIL, MANUAL, NOT_APPLICABLE, PASS, UPGRADE, Check
from .reading import Reading, Unknown, need
from .steps import Step

NAME = "commissioning"
"""Of the record on the host, and of the job."""

COLLECTION = "0.1.0"
"""The version of this collection, as the record has it."""

AGE_DAYS = 90
"""After how many days a commissioning counts as old, where the inventory does not say."""

PROBE = "sfb.cloud_connector.probe"
"""How the name of the file begins that is tried with in the site directory."""

FIRST = ("elevation", "site_share")
"""Without these nothing can be tried: no record is to be written, and no probe."""

READ = (
    "elevation",
    "deployment_account",
    "site_share",
    "credential_cache",
    "tenant_logon",
    "registration",
    "trusted_hosts",
    "stored_passwords",
    "clock",
)
"""The gates of an upgrade that are asked here, too."""

DOMAIN_ADMIN = "DomainAdmin"
"""The cached account that is tried inside the AD VM, a domain controller; that it lets the host in is inferred."""


# --- the record -------------------------------------------------------------------------------------------------------


def parse(text: str | None) -> Commissioned | None:
    """What the record's text holds; None where there is none.

    Raises:
        NotReadError: it is not as we write it.
    """
    if text is None:
        return None
    try:
        found = decode(json.loads(text)[NAME], Commissioned)
        if found.at.tzinfo is None or not all(
            isinstance(one, str) for one in (found.collection, *found.results.values())
        ):
            raise ValueError("a field of it is of another kind")
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise NotReadError(f"the record of the commissioning in {paths.record(NAME)} is not as expected") from error
    return found


def made(at: datetime, checks: Iterable[Check]) -> Commissioned:
    """A commissioning by this collection."""
    return Commissioned(at, COLLECTION, {check.id: check.status for check in checks})


def entries(found: Commissioned, checks: Iterable[Check]) -> dict[str, Any]:
    """What the record has of it: what decides, and for people what each check read."""
    return {NAME: encode(found), "checks": [check.to_dict() for check in checks]}


def is_old(found: Commissioned, now: datetime, days: float) -> bool:
    """Whether it is to be done again, by its age."""
    return now - found.at > timedelta(days=days)


def note(found: Reading[Commissioned | None], now: datetime, days: float) -> str:
    """What a plan warns of: a commissioning that is missing, old, or found something. Empty where there is nothing to say."""
    if isinstance(found, Unknown):
        return f"commissioning: {found.reason}. Run the playbook commission for it."
    if found is None:
        return "commissioning: it was never commissioned. Run the playbook commission for it."
    day = f"it was commissioned on {found.at.date().isoformat()}"
    if is_old(found, now, days):
        return f"commissioning: {day}, more than {days:g} days ago. Run the playbook commission again."
    bad = [name for name, status in found.results.items() if status in (health.FAIL, health.ERROR)]
    return f"commissioning: {day}, and failed then: {', '.join(bad)}. Run the playbook commission again." if bad else ""


# --- what is tried ----------------------------------------------------------------------------------------------------


def probe_path(site_directory: str, host: str) -> str:
    """The file that an appliance writes and the others of its site read."""
    return rf"{site_directory.rstrip(chr(92))}\{PROBE}.{host}"


def job_steps(appliance: Appliance, probe: str) -> list[Step]:
    """What a job tries: nothing that changes anything."""
    accounts = appliance.credentials
    return [
        steps.full_token(),
        steps.file_text("probe", probe),
        *(steps.credential(account, _credential_step(account)) for account in accounts),
    ]


class Gateway(NamedTuple):
    """A gateway of the ini."""

    section: str
    address: str
    port: int
    protocol: str

    def __str__(self) -> str:
        return f"{self.section} {self.address} port {self.port} ({self.protocol})"


def gateways(appliance: Appliance) -> list[Gateway]:
    """The gateways of the ini in force. Raises NotReadError: there is no ini, or one of them has no address or port."""
    ini = need(appliance.ini)
    found = []
    for section in ini_document.gateways(ini):
        address, port = ini.get(section, "IP") or ini.get(section, "FQDN"), ini.get(section, "Port") or ""
        if not address or not port.isdecimal():
            raise NotReadError(f"[{section}] of the ini has no address or no port")
        found.append(Gateway(section, address, int(port), ini.get(section, "Protocol") or "TCP"))
    return found


def gateway_steps(gateway: Gateway, mediation: str) -> list[Step]:
    """Asks the Mediation VM for a TCP connection to a gateway."""
    account = "VmAdmin"
    asked = [steps.tcp_connection("gateway", gateway.address, gateway.port)]
    return [
        steps.credential(account, _credential_step(account)),
        steps.inside("mediation", mediation, _credential_step(account), asked),
    ]


def connected(answer: Answer) -> bool:
    """Whether the connection could be made. Raises NotReadError."""
    (found,) = answer.inside("mediation").objects("gateway", of=("TcpTestSucceeded",))
    return bool(found["TcpTestSucceeded"])


def domain_controller_steps(address: str) -> list[Step]:
    """Asks the AD VM for its name."""
    return [
        steps.credential(DOMAIN_ADMIN, _credential_step(DOMAIN_ADMIN)),
        steps.inside("ad", address, _credential_step(DOMAIN_ADMIN), [steps.memory()]),
    ]


def domain_controller(answer: Answer) -> str:
    """The name that the AD VM gives itself. Raises NotReadError."""
    answer.non_empty(_credential_step(DOMAIN_ADMIN))
    return answer.inside("ad").text("memory", "CSName")


def _credential_step(account: str) -> str:
    return f"credential_{account}"


# --- what was found ---------------------------------------------------------------------------------------------------


class Trouble(NamedTuple):
    """Why a try came to nothing, and its class."""

    reason: str
    failure: FailureClass


@dataclass(frozen=True)
class Tried:
    """What was tried, beside what was read.

    Attributes:
        probe: why the probe could not be written; None: it was.
        job: the answer of the job, or why it gave none.
        seen: the other appliances of the site, and whether each saw the text of the probe.
        alone: no other appliance of a site is known.
        domain_controller: the name of the AD VM.
        gateways: each gateway, and whether the Mediation VM got a connection; unknown as a whole where none could be asked for.
    """

    probe: Trouble | None
    job: Answer | Trouble
    seen: Mapping[str, Reading[bool]]
    domain_controller: Reading[str]
    gateways: Reading[Mapping[str, Reading[bool]]]


def checks(appliance: Appliance, tried: Tried) -> list[Check]:
    """Every check of a commissioning, in the order in which one is to be put right."""
    return [
        *health.chosen(READ, appliance),
        *_probe(tried),
        *_of_the_job(appliance, tried.job),
        *(_vm(appliance, vm) for vm in ("cms", "mediation", "edge")),
        _vm_ad(tried.domain_controller),
        _gateways(tried.gateways),
    ]


def _of_the_job(appliance: Appliance, job: Answer | Trouble) -> list[Check]:
    """What the batch logon of the deployment account can do."""
    if isinstance(job, Trouble):
        ran = Check("batch_logon", FAIL, job.reason, UPGRADE, job.failure)
        rest = ("job_elevation", "job_site_share", "job_credential_cache")
        return [ran, *(Check(name, NOT_APPLICABLE, "no job ran", UPGRADE) for name in rest)]
    return [
        Check("batch_logon", PASS, "a job began, and ended by itself", UPGRADE),
        _judged("job_elevation", FailureClass.NOT_ELEVATED, lambda: _elevated(job)),
        _judged("job_site_share", FailureClass.SHARE_UNREACHABLE, lambda: _sees_probe(job)),
        _judged("job_credential_cache", FailureClass.CREDENTIAL_CACHE, lambda: _cached(appliance, job)),
    ]


def _judged(
    name: str, failure: FailureClass, judge: Callable[[], tuple[bool, str]], consequence: str = UPGRADE
) -> Check:
    found = attempt(judge)
    if isinstance(found, Unknown):
        return health.unreadable(name, found.reason, consequence, failure)
    good, evidence = found
    return Check(name, PASS, evidence, consequence) if good else Check(name, FAIL, evidence, consequence, failure)


def _elevated(job: Answer) -> tuple[bool, str]:
    elevated = windows_readings.full_token(job)
    return elevated, f"the logon of a job is {'' if elevated else 'not '}elevated"


def _sees_probe(job: Answer) -> tuple[bool, str]:
    there = job.file("probe") is not None
    return there, f"the probe in the site directory {'was' if there else 'could not be'} read by a job"


def _cached(appliance: Appliance, job: Answer) -> tuple[bool, str]:
    accounts: Sequence[str] = tuple(appliance.credentials)
    missing = [account for account in accounts if not job.output(_credential_step(account))]
    return not missing, f"not cached: {', '.join(missing)}" if missing else "a job reads all accounts"


def _probe(tried: Tried) -> list[Check]:
    """Whether the site directory can be written, and is one folder for all."""
    if tried.probe is not None:
        return [
            Check("site_share_write", FAIL, tried.probe.reason, UPGRADE, tried.probe.failure),
            Check("one_site_share", NOT_APPLICABLE, "no probe could be written", CALLS),
        ]
    return [Check("site_share_write", PASS, "a probe was written and removed again", UPGRADE), _one_share(tried.seen)]


def _one_share(seen: Mapping[str, Reading[bool]]) -> Check:
    """An appliance that sees another folder is worse than one that could not be asked, and named first."""
    name, found = "one_site_share", FailureClass.SITE_DIRECTORY
    if not seen:
        return Check(name, NOT_APPLICABLE, "the site has no other appliance", CALLS)
    apart = [host for host, sees in seen.items() if sees is False]
    if apart:
        return Check(name, FAIL, f"the probe was not seen by {', '.join(apart)}", CALLS, found)
    unread = {host: sees.reason for host, sees in seen.items() if isinstance(sees, Unknown)}
    if unread:
        reasons = "; ".join(f"{host}: {reason}" for host, reason in unread.items())
        return health.unreadable(name, reasons, CALLS)
    return Check(name, PASS, f"the probe was seen by {', '.join(seen)}", CALLS)


def _vm(appliance: Appliance, vm: str) -> Check:
    """Whether the host gets into a VM; what its services do is a question of health."""
    found = appliance.services[vm]
    if isinstance(found, Unknown):
        return health.unreadable(f"vm_{vm}", found.reason, UPGRADE)
    return Check(f"vm_{vm}", PASS, f"{len(found)} services were read inside the VM", UPGRADE)


def _vm_ad(found: Reading[str]) -> Check:
    """Nothing of an upgrade is asked of the AD VM, so that a person decides whether it matters."""
    if isinstance(found, Unknown):
        failure = recognise("", found.reason) or FailureClass.UNREAD
        return Check(
            "vm_ad", MANUAL, f"could not be read, which only Windows updates need: {found.reason}", UPGRADE, failure
        )
    return Check("vm_ad", PASS, f"the AD VM calls itself {found}", UPGRADE)


def _gateways(found: Reading[Mapping[str, Reading[bool]]]) -> Check:
    """A connection of TCP only: whether the gateway takes calls there is not asked."""
    if isinstance(found, Unknown):
        return health.unreadable("gateways", found.reason, CALLS)
    apart = [name for name, good in found.items() if good is False]
    if apart:
        return Check("gateways", FAIL, f"no connection to {', '.join(apart)}", CALLS, FailureClass.GATEWAY_UNREACHABLE)
    unread = {name: good.reason for name, good in found.items() if isinstance(good, Unknown)}
    if unread:
        return health.unreadable("gateways", "; ".join(f"{name}: {why}" for name, why in unread.items()), CALLS)
    return Check(
        "gateways", PASS, f"the Mediation VM reaches {', '.join(found)}" if found else "the ini has none", CALLS
    )
