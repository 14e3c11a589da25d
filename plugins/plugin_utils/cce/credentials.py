# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the product's credential cmdlets ask for, and which answer fits which question.

That they ask, and in which order, is documented (cloud-connector.md 1.1, 1.3, 6.3 T11). How the questions are worded is
not: the patterns are guesses from the words of the documentation, and data that can be replaced.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

SETTABLE = ("TenantAdmin", "VmAdmin", "DomainAdmin", "OMSWorkspace")
"""What Set-CcCredential takes."""

SINCE: Mapping[str, str] = {"VmAdmin": "2.0", "DomainAdmin": "2.0", "OMSWorkspace": "2.1"}
"""The first release whose Set-CcCredential takes it."""

ACCOUNT_TYPES = (*SETTABLE, "ExternalCert", "CceService", "CABackupFile", "SafeModeAdmin")
"""Everything that can be in the cache."""

OLD_AND_NEW = ("VmAdmin", "DomainAdmin")
"""For these Set-CcCredential asks for the old credential, then for the new one."""

NAMED = ("TenantAdmin", "OMSWorkspace")
"""For these a name is asked for as well."""

INSIDE_VMS = ("VmAdmin", "DomainAdmin", "CceService")
"""Accounts whose passwords the VMs know too: by default all three have one password (6.4)."""

SECRET = r"^(?=.*(password|credential|key))"
"""A question for a user name alone must not get a password."""

PATTERNS: Mapping[str, str] = {
    "TenantAdmin": SECRET + r".*(tenant\s*admin|office\s*365|online)",
    "VmAdmin": SECRET + r".*(vm\s*admin|virtual machine admin)",
    "DomainAdmin": SECRET + r".*domain\s*admin",
    "OMSWorkspace": SECRET + r".*(oms|workspace)",
    "ExternalCert": SECRET + r".*external\s*cert",
    "CceService": SECRET + r".*cceservice",
    "CABackupFile": SECRET + r".*(ca\s*backup|backup\s*file)",
    "SafeModeAdmin": SECRET + r".*safe\s*mode",
    "old": SECRET + r".*\b(old|current|existing)\b",
    "new": SECRET + r".*\bnew\b",
}
"""Account type, or which of two, to the regular expression of its question. The bridge matches without regard to case."""


def pattern_problems(patterns: Mapping[str, str]) -> list[str]:
    """What is wrong with patterns that a person gave."""
    problems = [
        f"patterns.{name} is none of {', '.join(PATTERNS)}" for name in sorted(patterns) if name not in PATTERNS
    ]
    return problems + [
        f"patterns.{name} is no regular expression" for name in patterns if not _compiles(patterns[name])
    ]


def _compiles(pattern: Any) -> bool:
    try:
        re.compile(str(pattern))
    except re.error:
        return False
    return True


def set_answers(credential: Mapping[str, Any], patterns: Mapping[str, str]) -> list[dict[str, str]]:
    """The answers to what Set-CcCredential asks for this credential, in the documented order."""
    new = {"user": _name(credential), "password": credential["password"]}
    if credential["account_type"] not in OLD_AND_NEW:
        return [{"prompt": patterns[credential["account_type"]], **new}]
    old = {"user": credential["old_user"] or _name(credential), "password": credential["old_password"]}
    return [{"prompt": patterns["old"], **old}, {"prompt": patterns["new"], **new}]


def cache_answers(credentials: Sequence[Mapping[str, Any]], patterns: Mapping[str, str]) -> list[dict[str, str]]:
    """The answers to what a cmdlet asks that fills the whole cache."""
    return [
        {"prompt": patterns[one["account_type"]], "user": _name(one), "password": one["password"]}
        for one in credentials
    ]


def _name(credential: Mapping[str, Any]) -> str:
    """Who is named with a password: Get-Credential, which the product may ask with, takes no empty name."""
    return str(credential["user"] or credential["account_type"])


def asked_types(
    credentials: Sequence[Mapping[str, Any]], patterns: Mapping[str, str], asked: Sequence[str]
) -> set[str]:
    """The account types among these that a question was about."""
    return {
        one["account_type"]
        for one in credentials
        if any(re.search(patterns[one["account_type"]], text, re.IGNORECASE) for text in asked)
    }
