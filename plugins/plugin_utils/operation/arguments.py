# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options: the specs that modules share, and the typed arguments that are made of them.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..cce import versions
from ..cce.exceptions import OptionError
from ..cce.site import Place
from ..cce.state import SUBSETS
from ..cce.tenant_records import TenantRecords
from ..cce.versions import Version
from .control_file import ControlFile, file_of
from .options import BY_NAME, Spec
from .site_option import PLACE, SiteOption, place, site_option

APPLIANCE: Spec = {
    **PLACE,
    "exchange_timeout": {"type": "int", "default": 300},
    "control": {"type": "path"},
    "hold_wait": {"type": "int", "default": 14400},
}
"""Options of every module that talks to an appliance (doc fragment `appliance`)."""

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

IN_SERVICE_CONSENT: Spec = {"in_service_consent": {"type": "dict", "options": BY_NAME}}
"""Who agreed that an appliance is worked on while calls can live on it."""

UPDATE_WAIT: Spec = {"update_wait": {"type": "int", "default": 3600}}
"""For the operations that do not begin while the product updates itself."""


@dataclass(frozen=True)
class Account:
    """Who a job runs as: a full logon, so that it reaches the site share and the credential cache."""

    user: str
    password: str = field(repr=False)


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
        always_guarded: the guard is asked also where nothing is missing, since something is judged on every run.
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
    always_guarded: bool = False
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
        "site": None if site is None else site_option(site),
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
