# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The steps of the upgrade of one appliance, in the order documented by Microsoft (cloud-connector.md 5.3).

The one list of them: plan, names of jobs, report, documentation and tests take the steps from here, and a test holds the tasks of
the role to it.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import versions
from .versions import Version


@dataclass(frozen=True)
class UpgradeStep:
    """One step.

    Attributes:
        name: the module that does it.
        title: what it does, as the role's task says it.
        cmdlet: the cmdlet of the product or of Windows that is the point of it; empty where nothing is changed.
        job: what the name of its job, or of its attached act, begins with; empty where it changes nothing.
        attached: it is no job, but runs in the session that began it, since it may ask for passwords.
    """

    name: str
    title: str
    cmdlet: str
    job: str = ""
    attached: bool = False


STEPS: tuple[UpgradeStep, ...] = (
    UpgradeStep("package", "replace the MSI", "Start-Process", "package"),
    UpgradeStep("configuration", "import the ini of the new template", "Import-CcConfiguration", "import"),
    UpgradeStep("registration", "register the appliance", "Register-CcAppliance", "register", attached=True),
    UpgradeStep("download", "download the bits", "Start-CcDownload", "download"),
    UpgradeStep("deployment", "deploy the new VMs beside the running ones", "Install-CcAppliance", "install"),
    UpgradeStep("version", "drain and switch to the new VMs", "Switch-CcVersion", "switch"),
    UpgradeStep("health", "wait until the appliance is healthy", ""),
    UpgradeStep("call_proof", "prove that it carries calls", ""),
)

NAMES: tuple[str, ...] = tuple(step.name for step in STEPS)


def job_name(module: str, version: Version) -> str:
    """The name of the job by which `module` brings an appliance to `version`: the same, whoever writes the version how."""
    (step,) = [step for step in STEPS if step.name == module]
    return f"{step.job}-{version}"


def step_of_job(job: str) -> tuple[UpgradeStep, Version] | None:
    """The step that began a job, and the version it leads to; None where the job is of no upgrade."""
    for step in STEPS:
        if step.job and job.startswith(f"{step.job}-"):
            try:
                return step, versions.parse(job.removeprefix(f"{step.job}-"))
            except ValueError:
                return None
    return None
