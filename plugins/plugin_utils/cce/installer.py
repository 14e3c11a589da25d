# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Windows Installer: what its exit codes mean, and where it keeps what it has installed (cloud-connector.md 8, 10)."""

from __future__ import annotations

import re

from .steps import UNINSTALL_KEYS

SUCCESS = 0
RESTART_CODES = frozenset({3010, 1641})
"""The work was done and Windows wants to restart, or restarts."""

DONE_CODES = frozenset({SUCCESS, *RESTART_CODES})
"""Exit codes after which the state decides; any other is a failure whatever the state shows."""

_PRODUCTS = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Installer\UserData\S-1-5-18\Products"
"""What was installed for the whole computer. S-1-5-18 is SYSTEM, in whose name that is done."""

_PRODUCT_CODE = re.compile(r"\{([0-9A-F]{8})-([0-9A-F]{4})-([0-9A-F]{4})-([0-9A-F]{4})-([0-9A-F]{12})\}", re.IGNORECASE)


def packed(product_code: str) -> str:
    """A product code as Windows Installer writes it in the names of its own keys.

    The first three groups are read backwards, of the other two the two digits of each byte change places: the order of the digits
    in memory.

    Raises:
        ValueError: it is no product code, which is a GUID in braces.
    """
    match = _PRODUCT_CODE.fullmatch(product_code.strip())
    if match is None:
        raise ValueError(f"{product_code!r} is no product code")
    groups = match.groups()
    tail = "".join(groups[3:])
    swapped = "".join(tail[at + 1] + tail[at] for at in range(0, len(tail), 2))
    return ("".join(group[::-1] for group in groups[:3]) + swapped).upper()


def cache_key(product_code: str) -> str:
    """The registry key whose value LocalPackage is the path of Windows Installer's own copy of the MSI.

    Raises:
        ValueError: it is no product code.
    """
    return rf"{_PRODUCTS}\{packed(product_code)}\InstallProperties"


def uninstall_keys(product_code: str) -> list[str]:
    """Where the entry of a program in Programs and Features can be: it is installed as long as one of them is there."""
    return [key.replace("*", product_code) for key in UNINSTALL_KEYS]


def arguments(action: str, target: str, log: str) -> list[str]:
    """The command line of a silent `msiexec`, which does not restart the host and writes a log of everything.

    Args:
        action: `/i` or `/x`.
        target: a path, or a product code.
        log: path of the log, whose folder has to be there.
    """
    return [action, f'"{target}"' if " " in target else target, "/qn", "/norestart", "/l*v", f'"{log}"']
