# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where things are on an appliance: the product's folder and ours."""

from __future__ import annotations

PROGRAM_DATA = r"C:\ProgramData\CloudConnector"
"""Where the product keeps its imported ini, module.ini and credential files (cloud-connector.md 8)."""

INI_IN_FORCE = rf"{PROGRAM_DATA}\CloudConnector.ini"
MODULE_INI = rf"{PROGRAM_DATA}\module.ini"

OURS = r"C:\Program Files\sfb.cloud_connector"
"""Where the collection keeps what it writes to an appliance: jobs, saved state, staged packages. Never a secret.

Not below ProgramData, where every user may make files: what stands in a job's request runs with the highest privileges.
"""

JOBS = rf"{OURS}\jobs"
PACKAGES = rf"{OURS}\packages"
SAVED = rf"{OURS}\saved"
RECORDS = rf"{OURS}\records"
LOGS = rf"{OURS}\logs"

SAVED_STATE = rf"{SAVED}\state.json"
"""What `package` writes before it removes the MSI; it is there only as long as that exchange is not finished."""

SAVED_LAST = rf"{SAVED}\state.last.json"
"""The record of the last exchange that is finished: where the MSI lies that a way back needs."""

DEPLOYED = rf"{OURS}\deployed.json"
"""Which version our job deployed last, and the SHA-256 of the ini that was in force: `{"version", "ini"}`; as long as the
deployment has not come to its end also `"ended": false`."""

CLAIM = ".claim"
"""How the name of a job's claim ends."""

PROCESS = ".process"
"""How the name of the file ends that says which process is at a claimed act that is no job."""


def appliance_ini(appliance_directory: str) -> str:
    """The ini that a person edits."""
    return rf"{appliance_directory}\CloudConnector.ini"


def bits(site_directory: str) -> str:
    """Where Start-CcDownload puts the bits (cloud-connector.md 8)."""
    return rf"{site_directory}\SfBBits"


def package(version: str) -> str:
    """The MSI of a version, staged on the appliance."""
    return rf"{PACKAGES}\CloudConnector-{version}.msi"


def saved_package(version: str) -> str:
    """The MSI of a version that was replaced, for a way back."""
    return rf"{SAVED}\{version}\CloudConnector.msi"


def saved_ini(version: str) -> str:
    """The ini that was in the appliance directory when the MSI of a version was replaced."""
    return rf"{SAVED}\{version}\CloudConnector.ini"


def saved_ini_in_force(version: str) -> str:
    """The ini that was in force then."""
    return rf"{SAVED}\{version}\imported-CloudConnector.ini"


def installer_log(half: str, target: str) -> str:
    """What Windows Installer wrote last in one half (uninstall, install) of an upgrade to a version."""
    return rf"{LOGS}\msi-{target}-{half}.log"


def record(name: str) -> str:
    """The record of a module whose work no cmdlet shows."""
    return rf"{RECORDS}\{name}.json"
