# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options: the specs that modules share, and the typed arguments that are made of them.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..cce import lease, versions, waivers
from ..cce.exceptions import OptionError
from ..cce.lease import TakeOver
from ..cce.site import Consent, Place, Policy
from ..cce.state import SUBSETS
from ..cce.tenant_records import TenantRecords
from ..cce.versions import Version
from ..cce.waivers import Waiver
from .control_file import ControlFile, file_of

Spec = dict[str, dict[str, Any]]

APPLIANCE: Spec = {
    "appliance_directory": {"type": "str", "required": True},
    "site_directory": {"type": "str", "required": True},
    "vms": {
        "type": "dict",
        "options": {
            "cms": {"type": "str", "required": True},
            "mediation": {"type": "str", "required": True},
            "edge": {"type": "str", "required": True},
            "ad": {"type": "str"},
        },
    },
    "exchange_timeout": {"type": "int", "default": 300},
    "control": {"type": "path"},
    "hold_wait": {"type": "int", "default": 14400},
}
"""Options of every module that talks to an appliance (doc fragment `appliance`)."""

PLACES: Spec = {
    "appliances": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            **{name: APPLIANCE[name] for name in ("appliance_directory", "site_directory", "vms")},
        },
    },
}
"""Where the appliances of a site are: of each the options that every module takes for its own."""

SITE: Spec = {
    "site": {
        "type": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            **PLACES,
            "peak_calls": {"type": "int", "required": True},
            "outage_consent": {
                "type": "dict",
                "options": {
                    "until": {"type": "str", "required": True},
                    "emergency_calls": {"type": "str", "required": True},
                    "reason": {"type": "str", "required": True},
                },
            },
            "waivers": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "check": {"type": "str", "required": True},
                    "owner": {"type": "str", "required": True},
                    "reason": {"type": "str", "required": True},
                    "expires": {"type": "str", "required": True},
                    "appliance": {"type": "str"},
                    "site": {"type": "str"},
                },
            },
            "lease_seconds": {"type": "int"},
            "take_over": {
                "type": "dict",
                "options": {
                    "by": {"type": "str", "required": True},
                    "reason": {"type": "str", "required": True},
                },
            },
        },
    },
}
"""The site of the appliance (doc fragment `site`): who carries the calls, and may one more appliance leave."""

REQUIRED_SITE: Spec = {"site": {**SITE["site"], "required": True}}
"""For the operations that may take an appliance out of service."""

JOB: Spec = {
    "task_user": {"type": "str", "required": True},
    "task_password": {"type": "str", "required": True, "no_log": True},
    "poll_interval": {"type": "int", "default": 15},
}
"""Options of the modules that run a job (doc fragment `job`)."""

WAIT: Spec = {
    "poll_interval": {"type": "int", "default": 15},
    "timeout": {"type": "int", "default": 3600},
}
"""Options of the modules that wait for an act of theirs which another session is at."""

PROMPTS: Spec = {
    "prompts": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "no_log": False,
        "options": {
            "prompt": {"type": "str", "required": True},
            "user": {"type": "str", "default": ""},
            "password": {"type": "str", "required": True, "no_log": True},
        },
    },
}
"""Answers to questions of the product."""

REPORT: Spec = {"report_only": {"type": "bool", "default": False}}
"""For modules that only read, in loops over the appliances of a site: one that cannot be read must not hide the others."""

SUBSET: Spec = {"gather_subset": {"type": "list", "elements": "str", "default": ["all"]}}
"""What is read of an appliance (`subset`)."""

TENANT_RECORDS: Spec = {"tenant": {"type": "dict"}}
"""For modules that take the tenant's records as `site_info` has read them, instead of logging on."""

MINIMUM = frozenset({"versions", "host"})
"""What C(min) of `gather_subset` is."""

IN_SERVICE_CONSENT: Spec = {
    "in_service_consent": {
        "type": "dict",
        "options": {"by": {"type": "str", "required": True}, "reason": {"type": "str", "required": True}},
    },
}
"""Who agreed that an appliance is worked on while calls can live on it."""

UPDATE_WAIT: Spec = {"update_wait": {"type": "int", "default": 3600}}
"""For the operations that do not begin while the product updates itself."""

BOUNDS = ("exchange_timeout", "poll_interval")
"""Options in seconds that would make a wait endless, or no wait at all, if they were not more than 0."""


@dataclass(frozen=True)
class Account:
    """Who a job runs as: a full logon, so that it reaches the site share and the credential cache."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class SiteOption:
    """The option `site`: where its appliances are, what its owner declared, and who may take its lease over from another run."""

    name: str
    places: tuple[Place, ...]
    policy: Policy
    waivers: tuple[Waiver, ...] = ()
    lease_seconds: float = lease.SECONDS
    take_over: TakeOver | None = None


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What modules that work on an appliance have in common. Times are seconds.

    Attributes:
        place: where the appliance is.
        exchange_timeout: after which one exchange is given up.
        site: its site, where it was given.
        account: who its job runs as, where it has one.
        poll_interval: between two looks at something that is waited for.
        timeout: after which a job is not waited for any more.
        job: the name of the operation's job, or of its attached act; empty where it runs none.
        attached: its work runs in the session itself, under a claim of that name.
        report_only: report what is wrong instead of failing.
        gated: the work begins behind the gates, some of which are about the tenant.
        records: the tenant's records, where they were read before; then nobody logs on.
        update_wait: how long work behind the gates waits for the end of an automatic update.
        control: where a person may hold the run; None: nowhere.
        hold_wait: how long a hold is waited for.
    """

    place: Place
    exchange_timeout: float
    site: SiteOption | None = None
    account: Account | None = None
    poll_interval: float = 15.0
    timeout: float = 0.0
    job: str = ""
    attached: bool = False
    report_only: bool = False
    gated: bool = False
    records: TenantRecords | None = None
    update_wait: float = 0.0
    control: ControlFile | None = None
    hold_wait: float = 0.0


def common(given: Mapping[str, Any], host: str) -> dict[str, Any]:
    """The fields of `Arguments`, but for the job's name, from validated options. Raises OptionError."""
    site = given.get("site")
    account = Account(given["task_user"], given["task_password"]) if given.get("task_user") else None
    return {
        "place": place(given, host),
        "exchange_timeout": given["exchange_timeout"],
        "site": None if site is None else _site(site),
        "account": account,
        "poll_interval": given.get("poll_interval", Arguments.poll_interval),
        "timeout": given.get("timeout", Arguments.timeout),
        "report_only": given.get("report_only", False),
        "update_wait": given.get("update_wait", Arguments.update_wait),
        "control": file_of(given),
        "hold_wait": given.get("hold_wait", Arguments.hold_wait),
    }


def subset(asked: Sequence[str]) -> tuple[str, ...]:
    """The subsets to read: `min` and what is added, without what is left out, but with what is named. Raises OptionError.

    As Ansible's setup module has it, but a name that is not known is never passed over.
    """
    added = {name for name in asked if not name.startswith("!")}
    left_out = {name.removeprefix("!") for name in asked if name.startswith("!")}
    unknown = sorted((added | left_out) - {*SUBSETS, "all", "min"})
    named = added & {*SUBSETS}
    excluded = left_out | (MINIMUM if "min" in left_out else set())
    excluded |= {*SUBSETS} - MINIMUM if "all" in left_out else set()
    wanted = ((MINIMUM | ({*SUBSETS} if "all" in added else set())) - excluded) | named
    if unknown or not wanted:
        what = f"{', '.join(unknown)} is not known" if unknown else "nothing is left to read"
        raise OptionError(f"gathersubset: {what}.", f"Write some of all, min, {', '.join(SUBSETS)}, or !name.")
    return tuple(name for name in SUBSETS if name in wanted)


def tenant_records(given: Mapping[str, Any] | None) -> TenantRecords | None:
    """The option `tenant`. Raises OptionError."""
    if given is None:
        return None
    try:
        return TenantRecords.from_dict(given)
    except ValueError as error:
        raise OptionError(
            f"The option tenant cannot be used: {error}.", "Give what site_info returns as tenant."
        ) from error


def place(given: Mapping[str, Any], name: str) -> Place:
    """Where an appliance is, from the options every module has for it."""
    vms = {vm: address for vm, address in (given["vms"] or {}).items() if address}
    return Place(name, given["appliance_directory"], given["site_directory"], vms)


def target(given: Mapping[str, Any]) -> Version:
    """The release that the option `version` names. Raises OptionError."""
    return _parsed(versions.parse_target, given["version"])


def version(given: Mapping[str, Any]) -> Version:
    """The version that the option `version` names, which may be older than any that is upgraded to. Raises OptionError."""
    return _parsed(versions.parse, given["version"])


def _parsed(parse: Any, text: str) -> Version:
    try:
        return Version(parse(text))
    except ValueError as error:
        raise OptionError(f"{error}.", "Correct the option version (cloud_connector_target_version).") from error


def _site(given: Mapping[str, Any]) -> SiteOption:
    consent = given["outage_consent"]
    policy = Policy(given["peak_calls"], Consent(**consent) if consent else None)
    places = tuple(place(one, one["name"]) for one in given["appliances"])
    seconds = given["lease_seconds"] or lease.SECONDS
    if not 0 < seconds <= lease.MOST_SECONDS:
        raise OptionError(f"lease_seconds is {seconds}: write 1 to {lease.MOST_SECONDS}.")
    given_waivers = _waivers(given.get("waivers") or ())
    return SiteOption(given["name"], places, policy, given_waivers, seconds, _take_over(given["take_over"]))


def _waivers(given: Sequence[Mapping[str, Any]]) -> tuple[Waiver, ...]:
    found = waivers.parse(given)
    wrong = [waiver for waiver in found if not waivers.is_moment(waiver)]
    if wrong:
        raise OptionError(
            f"site: the waiver of {wrong[0].check} expires at {wrong[0].expires!r}.",
            "Write a day such as '2026-03-31', or a time with its zone.",
        )
    return found


def _take_over(given: Mapping[str, Any] | None) -> TakeOver | None:
    """Raises OptionError: nobody takes a site over without a name and a reason."""
    if given is None:
        return None
    if not (given["by"].strip() and given["reason"].strip()):
        raise OptionError("take_over must name who takes the site over from another run, and why.")
    return TakeOver(given["by"].strip(), given["reason"].strip())


def given_options(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were given: None, and the empty text an AWX survey sends, mean that one was not."""
    return {name: value for name, value in raw.items() if value is not None and value != ""}


def bound_problems(given: Mapping[str, Any]) -> list[str]:
    """What is wrong with options that bound a wait."""
    return [f"{name} must be more than 0" for name in BOUNDS if given.get(name, 1) <= 0]


def shape_problems(spec: Spec, raw: Mapping[str, Any]) -> list[str]:
    """What is wrong with the build of options that are secrets, or hold some. Never shows what stands in them.

    Ansible's own check would quote the value that does not fit.
    """
    return [problem for name, value in raw.items() if (problem := _shape_problem(name, spec.get(name, {}), value))]


def _shape_problem(name: str, rule: Mapping[str, Any], value: Any) -> str:
    if rule.get("no_log"):
        return f"{name} must be a text" if isinstance(value, Mapping | Sequence) and not isinstance(value, str) else ""
    if not _holds_secrets(rule):
        return ""
    elements = value if rule["type"] == "list" else [value]
    if not isinstance(elements, list) or not all(isinstance(element, Mapping) for element in elements):
        return f"{name} must be a {'list of dictionaries' if rule['type'] == 'list' else 'dictionary'}"
    inner = (shape_problems(rule["options"], given_options(element)) for element in elements)
    return "; ".join(f"{name}: {problem}" for problems in inner for problem in problems)


def _holds_secrets(rule: Mapping[str, Any]) -> bool:
    return any(inner.get("no_log") or _holds_secrets(inner) for inner in rule.get("options", {}).values())


def secrets(spec: Spec, raw: Mapping[str, Any]) -> Iterator[str]:
    """The texts in `raw` that must never be shown: of options with `no_log`, and whatever stands where such options should."""
    for name, value in raw.items():
        rule = spec.get(name, {})
        if rule.get("no_log"):
            yield from _texts(value)
        elif "options" in rule:
            for element in value if isinstance(value, Sequence) and not isinstance(value, str) else [value]:
                yield from _secrets_within(rule, element)


def _secrets_within(rule: Mapping[str, Any], element: Any) -> Iterator[str]:
    if isinstance(element, Mapping):
        yield from secrets(rule["options"], element)
    elif _holds_secrets(rule):
        yield from _texts(element)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from _texts(item)
    elif value is not None:
        yield str(value)
