# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Replaces the CloudConnector MSI by that of another version."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._failures import StepsFailed
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import (
    APPLIANCE,
    JOB,
    REQUIRED_SITE,
    Change,
    Refused,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._slot import OutOfService
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import steps, troubles
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.codec import encode
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import need
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.versions import path_problem

SAVED = rf"{steps.OUR_DATA}\saved"
PACKAGES = rf"{steps.OUR_DATA}\packages"


class ActionModule(OutOfService):
    """Saves what is there, then uninstalls and installs in one job; the running VMs are not touched (5.3, inferred).

    With scripts of another version than its VMs the appliance has no high availability (T8), so it takes the slot of its site
    and keeps it until the switch: of two appliances like that neither would ever be let through the gates again.
    """

    OPERATION = "package"

    ARGUMENTS = {
        **APPLIANCE,
        **REQUIRED_SITE,
        **JOB,
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "version": {"type": "str", "required": True},
        "source": {"type": "str"},
        "sha256": {"type": "str"},
        "timeout": {"type": "int", "default": 3600},
    }

    RULES = {"required_if": [("state", "present", ("source", "sha256"))]}

    @property
    def _present(self) -> bool:
        return bool(self.arguments["state"] == "present")

    @property
    def job_name(self) -> str:
        return f"{'package' if self._present else 'remove-package'}-{self.arguments['version']}"

    def decide(self, state: Appliance) -> list[Change]:
        return self._decide_present(state) if self._present else self._decide_absent(state)

    def _decide_absent(self, state: Appliance) -> list[Change]:
        begun = self.begun(state)
        if not begun and not need(state.programs):
            return []
        if not begun:
            self.require_idle_host(state)
            self._check_removable(state)
        return [
            Change(
                f"remove the MSI {state.scripts}",
                {"scripts": state.scripts, "module_present": state.module_present, "programs": state.programs},
                {"scripts": None, "module_present": False, "programs": (), "management_service": None},
            )
        ]

    def _check_removable(self, state: Appliance) -> None:
        """Without the module no cmdlet answers: nobody could drain, switch or remove the VMs any more."""
        if need(state.scripts) != self.target:
            raise Refused(
                f"The scripts on {self._host} are {state.scripts}, not {self.target}.",
                "Name the version that is there.",
            )
        deployed = [version for version in (need(state.running), need(state.backup)) if version is not None]
        if deployed:
            raise Refused(
                f"{self._host} has VMs of {', '.join(deployed)}, which only the MSI's cmdlets can drain and remove.",
                "Remove them with the deployment operation first. To replace the MSI, run this operation with state: present.",
            )
        self._check_programs(state)

    def _decide_present(self, state: Appliance) -> list[Change]:
        target = self.target
        begun = self.begun(state)
        if not begun and need(state.scripts) == target:
            return []
        if not begun:
            self._check_start(state, target)
        what = f"replace the MSI {state.scripts or '(removed before)'} by {target}"
        return [
            Change(
                f"wait for the installation of the MSI {target} that was begun before" if begun else what,
                {"scripts": state.scripts, "module_present": state.module_present},
                {"scripts": target, "module_present": True, "management_service": None},
            )
        ]

    def _check_start(self, state: Appliance, target: str) -> None:
        """Nothing begins unless the state is understood, and the rest of the upgrade can succeed."""
        scripts = need(state.scripts)
        if scripts is None:
            self._check_removed(state)
        else:
            problem = path_problem(scripts, target)
            if problem:
                raise Refused(f"{self._host}: {problem}", "Check cloud_connector_target_version; nothing was changed.")
            self._check_programs(state)
            self.require_gates(state)
        self.require_way_out(state)

    def _check_removed(self, state: Appliance) -> None:
        """Without the module no gate can be asked; that they were passed, our own record shows: it is written after them."""
        saved = need(state.saved)
        if saved is not None and saved.get("target") != self.target:
            raise Refused(
                f"The CloudConnector module is missing on {self._host}, and what this collection saved is of an upgrade to "
                f"{saved.get('target')}, not to {self.target}.",
                "Finish that upgrade; or find out who removed the module, and install the MSI of the running version.",
                **{"class": "T19-module-missing"},
            )
        if saved is None:
            raise Refused(
                f"The CloudConnector module is missing on {self._host} and this collection has no record of removing it.",
                "Find out who removed it; install the MSI of the running version, then run the same command again.",
                **{"class": "T19-module-missing"},
            )
        if need(state.programs):
            raise Refused(
                f"The CloudConnector module is missing on {self._host}, but {_names(state)} is still installed.",
                "Repair or remove it in Programs and Features, then run the same command again.",
                **{"class": "T19-module-missing"},
            )

    def _check_programs(self, state: Appliance) -> None:
        """What is uninstalled is found by its name, which is not documented: it has to be exactly one."""
        if len(need(state.programs)) != 1:
            raise Refused(
                f"One program on {self._host} should have 'Cloud Connector' in its name, to be uninstalled; "
                f"there is {_names(state)}.",
                "Nothing was uninstalled. Compare Programs and Features of the host, and remove by hand what is not of CCE.",
            )

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        if self._present and not self.begun(state) and need(state.scripts) is not None:
            self._save(state)
        try:
            if self._present:
                self.leave_service(state, self._fetch(), self._replace(state), f"install the MSI {self.target}")
            else:
                self.run_job(state, self._removals(state), f"remove the MSI {self.target}")
        except StepsFailed as failed:
            self._explain_exit_code(failed)
            raise

    def _save(self, state: Appliance) -> None:
        """Written once, before the first change, and not overwritten by a rerun of the same upgrade.

        A record that cannot be read is written anew: as long as the module is there, nothing depends on it.
        """
        saved = state.saved
        if isinstance(saved, Mapping) and (saved.get("scripts"), saved.get("target")) == (state.scripts, self.target):
            return
        folder = rf"{SAVED}\{state.scripts}"
        record = {
            "target": self.target,
            "scripts": state.scripts,
            "running": encode(state.running),
            "backup": encode(state.backup),
            "programs": encode(state.programs),
            "appliance_directory": self.arguments["appliance_directory"],
            "site_directory": self.arguments["site_directory"],
        }
        files = {
            "CloudConnector.ini": rf"{self.arguments['appliance_directory']}\CloudConnector.ini",
            "imported-CloudConnector.ini": rf"{steps.PROGRAM_DATA}\CloudConnector.ini",
            "module.ini": rf"{steps.PROGRAM_DATA}\module.ini",
        }
        copies = [
            steps.copy_file(f"save_{name}", path, rf"{folder}\{name}", if_there=True) for name, path in files.items()
        ]
        self.run_steps(
            [
                steps.make_folder("folder", folder),
                *copies,
                steps.write_file("record_new", rf"{SAVED}\state.new", json.dumps(record)),
                steps.move_file("record", rf"{SAVED}\state.new", rf"{SAVED}\state.json"),
            ],
            "save what is there before the MSI is removed",
        )

    @property
    def _path(self) -> str:
        return rf"{PACKAGES}\CloudConnector-{self.arguments['version']}.msi"

    def _fetch(self) -> list[steps.Step]:
        """Fetch and compare first: nothing is uninstalled unless the new MSI is there and is the right one."""
        source = self.arguments["source"]
        web = source.lower().startswith(("http://", "https://"))
        return [
            steps.make_folder("folder", PACKAGES),
            steps.fetch("fetch", source, self._path) if web else steps.copy_file("fetch", source, self._path),
            steps.file_hash("hash", self._path, expect=self.arguments["sha256"].upper()),
        ]

    def _removals(self, state: Appliance) -> list[steps.Step]:
        return [
            steps.msiexec("uninstall", ["/x", str(program["PSChildName"]), "/qn", "/norestart"])
            for program in need(state.programs)
        ]

    def _replace(self, state: Appliance) -> list[steps.Step]:
        return [*self._removals(state), steps.msiexec("install", ["/i", f'"{self._path}"', "/qn", "/norestart"])]

    def _explain_exit_code(self, failed: StepsFailed) -> None:
        step, output = failed.details.get("step"), failed.details.get("output")
        if step == "hash":
            raise Refused(
                f"The MSI from {self.arguments['source']} has another SHA-256 than cloud_connector_package_sha256.",
                "Nothing was uninstalled. Check the source, or the declared hash, and run the same command again.",
            )
        if step in ("uninstall", "install") and output:
            code = output[0]["ExitCode"]
            meaning, remedy, retry = troubles.EXIT_CODES.get(code, troubles.OTHER_EXIT_CODE)
            raise Refused(
                f"Windows Installer's {step} on {self._host} {meaning} (exit code {code}).",
                remedy,
                **{"class": f"msi-{code}", "retry": retry},
            )


def _names(state: Appliance) -> str:
    return " and ".join(f"{one['DisplayName']} {one['DisplayVersion']}" for one in need(state.programs)) or "none"
