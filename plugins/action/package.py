# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Replaces the CloudConnector MSI by that of another version."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..plugin_utils.cce import health, hold, installer, paths, predict, rollback, steps, upgrade, versions
from ..plugin_utils.cce.answers import Answer, attempt
from ..plugin_utils.cce.appliance import Appliance, Hold
from ..plugin_utils.cce.codec import encode
from ..plugin_utils.cce.exceptions import NotReadError, Refused, WorkFailed
from ..plugin_utils.cce.failure_classes import EXIT_CODES, FAILURES, FailureClass
from ..plugin_utils.cce.reading import Unknown, need
from ..plugin_utils.cce.staging import Staged
from ..plugin_utils.cce.state import appliance_survey
from ..plugin_utils.cce.steps import Step
from ..plugin_utils.cce.version_fences import same_versions
from ..plugin_utils.cce.versions import Version, is_upgrade, path_problem
from ..plugin_utils.cce.windows_readings import FILE_RENAMES
from ..plugin_utils.operation.arguments import APPLIANCE, JOB, UPDATE_WAIT, common, target, version
from ..plugin_utils.operation.changes import Change, Kind
from ..plugin_utils.operation.site_option import REQUIRED_SITE
from ..plugin_utils.operation.staging import StagedArguments, StagedOperation

HALVES = ("uninstall", "install")
"""The steps of the job that run Windows Installer, in their order."""

STOP, GO_ON = "stop", "go_on"

PREVIOUS = "previous"
"""The state in which the MSI of an older release and its ini are back."""

STAGED = "staged"
"""The state in which the new MSI lies on the appliance, and nothing else is different."""

SAVED_INIS = {"ini_appliance": "CloudConnector.ini", "ini_imported": "imported-CloudConnector.ini"}
"""How the two inis are called that are saved, by the readings that they are of."""

REGISTRATION = "registration"
"""The record of the module that registers."""

SAME_BOOT = timedelta(seconds=60)
"""By how much two readings of the time of one and the same boot may differ: the clock it is computed from is corrected."""


@dataclass(frozen=True, kw_only=True)
class PackageArguments(StagedArguments):
    """`content`: the ini that will be imported, where it is known; `sha256` and `previous_sha256` in upper case.

    `previous_source`: where the MSI that is replaced is, besides Windows Installer's cache; empty where that was not given.
    `back`: the target is the release before, whose MSI and ini are put back. `only_staged`: the MSI is brought in, not installed.
    """

    present: bool
    back: bool
    only_staged: bool
    source: str
    sha256: str
    content: str | None
    url_root: str | None
    previous_source: str
    previous_sha256: str
    require_previous: bool
    go_on: bool


class ActionModule(StagedOperation[PackageArguments]):
    """Saves what is there, then uninstalls and installs in one job.

    The running VMs are not touched (cloud-connector.md 5.3, inferred).

    With scripts of another version than its VMs the appliance has no high availability (T8), so it takes the slot of its site
    and keeps it until the switch: of two appliances like that neither would ever be let through the gates again.
    """

    SLOT = "package"
    ARGUMENTS = {
        **APPLIANCE,
        **REQUIRED_SITE,
        **JOB,
        **UPDATE_WAIT,
        "state": {"type": "str", "choices": ["present", "absent", PREVIOUS, STAGED], "default": "present"},
        "version": {"type": "str", "required": True},
        "source": {"type": "str"},
        "sha256": {"type": "str"},
        "content": {"type": "str"},
        "url_root": {"type": "str"},
        "previous_source": {"type": "str"},
        "previous_sha256": {"type": "str"},
        "require_previous": {"type": "bool", "default": True},
        "on_restart_required": {"type": "str", "choices": [STOP, GO_ON], "default": STOP},
        "timeout": {"type": "int", "default": 3600},
    }
    RULES = {
        "required_if": [("state", state, ("source", "sha256")) for state in ("present", STAGED)],
        "required_together": [("previous_source", "previous_sha256")],
    }

    _cached: str = ""
    """Windows Installer's copy of the MSI that is replaced, as the guard found it."""
    _wants_restart: bool = False
    """Whether Windows Installer asked for a restart of the host, in this run."""

    def validate(self, given: Mapping[str, Any]) -> PackageArguments:
        present, back = given["state"] != "absent", given["state"] == PREVIOUS
        only_staged = given["state"] == STAGED
        release = version(given) if back else target(given)
        job = upgrade.job_name("package", release) if present else f"remove-package-{release}"
        if only_staged:
            job = f"stage-package-{release}"
        return PackageArguments(
            **common(given, self.host.name),
            job=rollback.package_job(release) if back else job,
            gated=present and not only_staged,
            always_guarded=only_staged,
            target=release,
            present=present,
            back=back,
            only_staged=only_staged,
            source=given["source"] or "",
            sha256=(given["sha256"] or "").upper(),
            content=given["content"],
            url_root=given["url_root"],
            previous_source=given["previous_source"] or "",
            previous_sha256=(given["previous_sha256"] or "").upper(),
            require_previous=given["require_previous"],
            go_on=given["on_restart_required"] == GO_ON,
        )

    def missing(self, state: Staged) -> list[Change]:
        given = self.arguments
        if given.only_staged:
            return self._staging_missing(state)
        before = {"scripts": state.scripts, "module_present": state.module_present}
        if not given.present:
            gone = {"scripts": None, "module_present": False, "programs": (), "management_service": None}
            removal = Change(f"remove the MSI {state.scripts}", {**before, "programs": state.programs}, gone)
            return [removal] if need(state.programs) else []
        if need(state.scripts) == given.target:
            saved = self._unfinished(state)
            what = "put away the record of the MSI's replacement"
            record = [Change(what, {"saved": saved}, {"saved": None}, Kind.RECORD)] if saved else []
            return [*record, *self._inis_missing(state), *(self.service.release_change(state) if given.back else [])]
        what = f"replace the MSI {state.scripts or '(removed before)'} by {given.target}"
        after = predict.msi_replaced(state, given.target)
        shown = {name: after[name] for name in (*before, "management_service")}
        return [Change(what, before, shown, becomes=after), *self._inis_missing(state)]

    def _staging_missing(self, state: Staged) -> list[Change]:
        """Nothing where the release is installed already. Raises NotReadError."""
        given, found = self.arguments, need(state.staged)
        if need(state.scripts) == given.target or found == given.sha256:
            return []
        return [Change(f"stage the MSI {given.target}", {"staged": found}, {"staged": given.sha256})]

    def _inis_missing(self, state: Appliance) -> list[Change]:
        """What is not as it was saved of the two inis, on the way back. Raises NotReadError."""
        if not self.arguments.back:
            return []
        release, found = self.arguments.target, rollback.saved_inis(state, self.arguments.target)
        where = {"ini_appliance": "in the appliance directory", "ini_imported": "in force"}
        saved = f"as it was saved when the MSI {release} was replaced"
        return [
            Change(
                f"put the CloudConnector.ini of {release} back {where[name]}", {name: now}, {name: saved}, becomes={}
            )
            for name, mark in found.items()
            if rollback.ini_mark(now := need(getattr(state, name))) != mark
        ]

    def _unfinished(self, state: Appliance) -> Mapping[str, Any] | None:
        """The record of the exchange that led to this MSI; on the way back that of the one that was given up, too."""
        saved, release = _record(state, self.arguments.target), self.arguments.target
        given_up = state.saved
        if (
            saved is None
            and self.arguments.back
            and isinstance(given_up, Mapping)
            and given_up.get("scripts") == release
        ):
            return given_up
        return saved

    def guard(self, state: Staged, changes: Sequence[Change]) -> None:
        if self.arguments.only_staged:
            # What was staged before is judged again: the ini, the hold or the bits may be others by now.
            if need(state.scripts) != self.arguments.target:
                self._require_of_use(state)
            return
        if not self.arguments.present:
            self._require_no_machines(state)
            return
        scripts = need(state.scripts)
        if scripts == self.arguments.target:
            self._require_restarted(state)
            return
        need(state.boot_time)
        if self.arguments.back:
            self._require_way_back(state, scripts)
            self.site.require_way_out(state, broken=True)
            return
        self.gates.require_no_hold(state)
        if scripts is None:
            self._require_own_removal(state)
        else:
            self._require_replaceable(state, scripts)
        need(state.hold)
        self.site.require_way_out(state)

    def act(self, state: Staged, changes: Sequence[Change]) -> None:
        if self.arguments.only_staged:
            self._stage(state)
            return
        if not self.arguments.present:
            self._remove(state)
            return
        if self.job_found(state) or need(state.scripts) != self.arguments.target:
            self._replace(state)
        elif any(change.kind is Kind.RECORD for change in changes):
            self._put_away()
        if self.arguments.back:
            self._restore_inis()
            self.service.hand_back()

    def result(self, state: Staged) -> dict[str, Any]:
        """`restart_required`: by Windows Installer, or by the signs that Windows itself leaves."""
        if self.arguments.back and "ini_imported" not in rollback.saved_inis(state, self.arguments.target):
            self.host.warn(
                f"No CloudConnector.ini of {self.arguments.target} was saved on {self.host.name}: the one in force stays. "
                "Whether scripts of an older release accept it is not documented."
            )
        signs = () if isinstance(state.pending_restart, Unknown) else state.pending_restart
        waiting = any(sign != FILE_RENAMES for sign in signs)
        return {"restart_required": self._wants_restart or waiting}

    # --- guarding -----------------------------------------------------------------------------------------------------

    def _require_no_machines(self, state: Appliance) -> None:
        """Without the module no cmdlet answers: nobody could drain, switch or remove the VMs any more."""
        name, release = self.host.name, self.arguments.target
        if need(state.scripts) != release:
            raise Refused(
                f"The scripts on {name} are {state.scripts}, not {release}.", "Name the version that is there."
            )
        deployed = [version for version in (need(state.running), need(state.backup)) if version is not None]
        if deployed:
            raise Refused(
                f"{name} has VMs of {', '.join(deployed)}, which only the MSI's cmdlets can drain and remove.",
                "Remove them with the deployment operation first. To replace the MSI, run this operation with state: present.",
            )
        self._require_one_program(state)

    def _require_restarted(self, state: Appliance) -> None:
        """The MSI is there; what is left of its replacement is the restart that Windows Installer asked for."""
        saved = _record(state, self.arguments.target) or {}
        since = attempt(_boot_time, saved)
        if since is None or need(state.boot_time) > need(since) + SAME_BOOT:
            return
        self._wants_restart = True
        if not self.arguments.go_on:
            raise Refused(
                f"{self.host.name} was not restarted since its MSI was replaced by {self.arguments.target}, which Windows "
                "Installer asked for.",
                failure=FailureClass.MSI_RESTART_NEEDED,
            )
        self._warn_of_restart()

    def _require_replaceable(self, state: Appliance, scripts: Version) -> None:
        """Nothing begins unless the state is understood, and the rest of the upgrade can succeed."""
        self._require_fitting(state, scripts)
        self.gates.require(state, self.arguments.target)
        self._require_bits(state)
        self._require_previous(state, scripts)

    def _require_of_use(self, state: Appliance) -> None:
        """Nothing is brought in for an upgrade that is known to be refused. Raises Refused, NotReadError."""
        self.gates.require_no_hold(state)
        scripts = need(state.scripts)
        if scripts is None:
            raise Refused(
                f"The CloudConnector module is missing on {self.host.name}: an exchange of the MSI is not finished there.",
                "Finish that upgrade; it fetches the MSI itself.",
                failure=FailureClass.MODULE_MISSING,
            )
        self._require_fitting(state, scripts)
        self._require_bits(state)
        self._require_previous(state, scripts)
        need(state.hold)

    def _require_fitting(self, state: Appliance, scripts: Version) -> None:
        """The upgrade leads from what is there, and the ini is of this appliance."""
        release = self.arguments.target
        problem = path_problem(scripts, release)
        if problem:
            raise Refused(f"{self.host.name}: {problem}", failure=FailureClass.NO_UPGRADE_PATH)
        in_force = need(state.ini_imported) or need(state.ini_appliance)
        if self.arguments.content is not None:
            self.gates.require_own_ini(self.arguments.content, in_force)
        self._require_one_program(state)

    def _require_way_back(self, state: Appliance, scripts: Version | None) -> None:
        """The site is on hold for it, the VMs of that release run, and its MSI is there. Raises Refused, NotReadError."""
        name, release = self.host.name, self.arguments.target
        if problem := rollback.hold_problem(state, release):
            raise Refused(f"{name} does not go back to {release}: {problem}", failure=FailureClass.NO_WAY_BACK)
        if self._back_source(state) is None:
            raise Refused(
                f"The MSI of {release} is not saved on {name}, and no other source of it was given.",
                "Give cloud_connector_previous_source and cloud_connector_previous_sha256. Microsoft documents the switch back, "
                "not this step; without it scripts and VMs differ, and the site has no high availability.",
                failure=FailureClass.PREVIOUS_MSI_MISSING,
            )
        if scripts is None:
            self._require_own_exchange(state)
            return
        if need(state.running) != release:
            raise Refused(
                f"{name} runs {state.running}: scripts of {release} beside newer VMs are documented nowhere.",
                "Switch back first (version operation with rollback), then run the same command again.",
                failure=FailureClass.NO_WAY_BACK,
            )
        self._require_one_program(state)
        self.gates.require(state, release, health.scripts_back_gates)
        found = attempt(self._find_cached, state)
        self._cached = "" if isinstance(found, Unknown) else found

    def _require_own_exchange(self, state: Appliance) -> None:
        """The module is away: by our own exchange, to that release or away from it. Raises Refused, NotReadError."""
        saved, release = need(state.saved), self.arguments.target
        if saved is None or saved.get("booted") or release not in (saved.get("target"), saved.get("scripts")):
            raise Refused(
                f"The CloudConnector module is missing on {self.host.name}, and no record of this collection leads to {release}.",
                "Find out who removed it; install the MSI of the running version, then run the same command again.",
                failure=FailureClass.MODULE_MISSING,
            )
        self.gates.require_not_updated(state, release)

    def _back_source(self, state: Appliance) -> tuple[str, str] | None:
        """Path and SHA-256 of the MSI that is put back: as given, else as saved; None where there is none."""
        given = self.arguments
        if given.source and given.sha256:
            return given.source, given.sha256
        found = rollback.saved_package(state, given.target)
        return None if found is None else (found["path"], found["sha256"])

    def _require_bits(self, state: Appliance) -> None:
        """Start-CcDownload fetches the newest version that the site has, whatever the scripts are (cloud-connector.md 1.1).

        A version file may be older than the site, but never newer: it proves something where it names a later version than the
        target. What a private site has, its owner knows.
        """
        release = self.arguments.target
        later = [version for version in need(state.site_versions) if is_upgrade(release, version)]
        if later and self.arguments.url_root is None:
            raise Refused(
                f"The version file in {self.arguments.place.site_directory} names {', '.join(later)}, which is later than "
                f"{release}: Start-CcDownload would not fetch the bits of {release}.",
                failure=FailureClass.OTHER_BITS_OFFERED,
            )

    def _require_previous(self, state: Appliance, scripts: Version) -> None:
        """Nothing is uninstalled that could not be installed again, unless that was declared."""
        if _package(_record(state, self.arguments.target), scripts) or self.arguments.previous_source:
            return
        found = attempt(self._find_cached, state)
        if not isinstance(found, Unknown):
            self._cached = found
            return
        what = f"The MSI {scripts} that is installed on {self.host.name} cannot be saved: {found.reason}."
        if self.arguments.require_previous:
            raise Refused(what, failure=FailureClass.PREVIOUS_MSI_MISSING)
        self.host.warn(f"{what} It goes on without it, as declared: nobody can install that version again from here.")

    def _find_cached(self, state: Appliance) -> str:
        """The path of Windows Installer's own copy. Raises NotReadError where there is none."""
        (program,) = need(state.programs)
        try:
            key = installer.cache_key(str(program["PSChildName"]))
        except ValueError as error:
            raise NotReadError(f"Windows Installer does not know it ({error})") from error
        path = self.host.exchange([steps.local_package("cached", key)]).text("cached", "LocalPackage")
        if self.host.exchange([steps.file_exists("there", path)]).output("there") != [True]:
            raise NotReadError(f"Windows Installer's copy {path} is not there")
        return path

    def _require_own_removal(self, state: Appliance) -> None:
        """Without the module no gate can be asked; that they were passed, our own record shows: it is written after them."""
        name, saved = self.host.name, need(state.saved)
        if saved is not None and saved.get("target") != self.arguments.target:
            raise Refused(
                f"The CloudConnector module is missing on {name}, and what this collection saved is of an upgrade to "
                f"{saved.get('target')}, not to {self.arguments.target}.",
                "Finish that upgrade; or find out who removed the module, and install the MSI of the running version.",
                failure=FailureClass.MODULE_MISSING,
            )
        if saved is None or saved.get("booted"):
            raise Refused(
                f"The CloudConnector module is missing on {name} and this collection has no record of removing it.",
                "Find out who removed it; install the MSI of the running version, then run the same command again.",
                failure=FailureClass.MODULE_MISSING,
            )
        self.gates.require_not_updated(state, self.arguments.target)
        if need(state.programs):
            raise Refused(
                f"The CloudConnector module is missing on {name}, but {_names(state)} is still installed.",
                "Repair or remove it in Programs and Features, then run the same command again.",
                failure=FailureClass.MODULE_MISSING,
            )

    def _require_one_program(self, state: Appliance) -> None:
        """What is uninstalled is found by its name, which is not documented: it has to be exactly one."""
        if len(need(state.programs)) != 1:
            raise Refused(
                f"One program on {self.host.name} should have 'Cloud Connector' in its name, to be uninstalled; "
                f"there is {_names(state)}.",
                "Compare Programs and Features of the host, and remove by hand what is not of CCE.",
            )

    # --- saving -------------------------------------------------------------------------------------------------------

    def _save(self, state: Appliance, scripts: Version) -> Mapping[str, Any]:
        """The record of what is there, written before the first change.

        A rerun of the same upgrade finds it and changes nothing of it: by then what is there may be half of the new. One that
        cannot be read is written anew: as long as the module is there, nothing depends on it.
        """
        place, saved = self.arguments.place, _record(state, self.arguments.target)
        if saved and saved.get("scripts") == scripts and (_package(saved, scripts) or not self._has_previous()):
            return saved
        back = self._back_source(state) if self.arguments.back else None
        record = {
            "target": self.arguments.target,
            "scripts": scripts,
            "running": encode(state.running),
            "backup": encode(state.backup),
            "programs": encode(state.programs),
            "appliance_directory": place.appliance_directory,
            "site_directory": place.site_directory,
            **self._save_files(scripts),
        }
        if back is not None:
            inis = rollback.saved_inis(state, self.arguments.target)
            record["back"] = {**dict(zip(("path", "sha256"), back, strict=True)), "inis": inis}
        self._write(record)
        return record

    def _has_previous(self) -> bool:
        return bool(self.arguments.previous_source or self._cached)

    def _save_files(self, scripts: Version) -> dict[str, Any]:
        """Copies the files of the product and the MSI of its scripts.

        Returns:
            What the record says of them: `inis`, what tells the copies of the two from others, and `package`, path and SHA-256 of
            the MSI; None where there is none.
        """
        folder = rf"{paths.SAVED}\{scripts}"
        files = {
            "CloudConnector.ini": paths.appliance_ini(self.arguments.place.appliance_directory),
            "imported-CloudConnector.ini": paths.INI_IN_FORCE,
            "module.ini": paths.MODULE_INI,
        }
        copies = [
            steps.copy_file(f"save_{name}", path, rf"{folder}\{name}", if_there=True) for name, path in files.items()
        ]
        asked = [
            *steps.our_folder(),
            steps.make_folder("folder", folder),
            *copies,
            *(steps.file_text(name, rf"{folder}\{file}") for name, file in SAVED_INIS.items()),
            *self._save_package(scripts),
        ]
        try:
            answer = self.host.run(asked, "save what is there before the MSI is removed")
        except WorkFailed as failed:
            raise self._explained(failed) from failed
        texts = {name: attempt(answer.file, name) for name in SAVED_INIS}
        saved = {name: rollback.ini_mark(text) for name, text in texts.items() if isinstance(text, str)}
        if not self._has_previous():
            return {"inis": saved, "package": None}
        package = {"path": paths.saved_package(scripts), "sha256": answer.text("previous_hash", "Hash")}
        return {"inis": saved, "package": package}

    def _save_package(self, scripts: Version) -> list[Step]:
        """Copies the MSI and compares: the declared source with its hash, else Windows Installer's copy with itself."""
        given, path = self.arguments, paths.saved_package(scripts)
        if given.previous_source:
            return [
                _fetch("previous", given.previous_source, path),
                steps.file_hash("previous_hash", path, expect=given.previous_sha256),
            ]
        if not self._cached:
            return []
        return [steps.copy_file("previous", self._cached, path), steps.hash_of("previous_hash", path)]

    def _write(self, record: Mapping[str, Any]) -> None:
        self.host.run(
            [
                steps.write_file("record_new", rf"{paths.SAVED}\state.new", json.dumps(record)),
                steps.move_file("record", rf"{paths.SAVED}\state.new", paths.SAVED_STATE),
            ],
            "save what is there before the MSI is removed",
        )

    def _put_away(self) -> None:
        """The record has done its service: it must not open the gates a second time."""
        finished = [
            steps.keep_file("finished", paths.SAVED_STATE, paths.SAVED_LAST),
            steps.file_gone("put_away", paths.SAVED_STATE),
        ]
        if self.arguments.back:
            # The registration of the newer MSI is none for when it comes again.
            finished.append(steps.remove_file("forget_registration", paths.record(REGISTRATION)))
        self.host.run(finished, "finish the record of the MSI")

    # --- staging ------------------------------------------------------------------------------------------------------

    def _stage(self, state: Staged) -> None:
        """In time only: a start that comes late must not touch an MSI that is being installed by then."""
        doing = f"stage the MSI {self.arguments.target}"
        try:
            state, left = self.after_job(state, self._fetch(state), doing)
            if left:
                self.jobs.do(state, [*self._fences(state), *self._fetch(state)], doing, in_time=True)
        except WorkFailed as failed:
            raise self._explained(failed) from failed

    # --- replacing ----------------------------------------------------------------------------------------------------

    def _replace(self, state: Staged) -> None:
        saved: Mapping[str, Any] = {}
        if not self.job_found(state):
            scripts = need(state.scripts)
            saved = {} if scripts is None else self._save(state, scripts)
        fences = [*self._fences(state), *self._fetch(state), *_unchanged(saved, state)]
        try:
            answer = self.service.leave(state, fences, self._halves(state), f"install the MSI {self.arguments.target}")
        except WorkFailed as failed:
            raise self._explained(failed) from failed
        self._conclude(answer)

    def _conclude(self, answer: Answer | None) -> None:
        """What the exit codes and the state say together. Without an answer the host restarted, or another run told it."""
        codes = {} if answer is None else _codes({name: found.output for name, found in answer.results.items()})
        self._require_done(codes)
        found = self.host.read(appliance_survey(self.arguments.place, ("versions", "host", "ours")))
        if found.scripts != self.arguments.target:
            return
        if set(codes.values()) & installer.RESTART_CODES:
            self._restart(found, codes)
        self._put_away()

    def _restart(self, found: Appliance, codes: Mapping[str, int]) -> None:
        """The MSI is there, and the host is to be restarted. Where that stops the upgrade, the record says since which boot."""
        self._wants_restart = True
        if self.arguments.go_on:
            self._warn_of_restart()
            return
        record = _record(found, self.arguments.target) or {"target": self.arguments.target}
        self._write({**record, "booted": need(found.boot_time).isoformat()})
        raise WorkFailed(
            f"The MSI {self.arguments.target} is installed on {self.host.name}, and Windows Installer wants a restart of the "
            f"host ({_said(codes)}).",
            failure=FailureClass.MSI_RESTART_NEEDED,
            exit_codes=dict(codes),
        )

    def _require_done(self, codes: Mapping[str, int]) -> None:
        """An exit code that is no success is a failure of its class, whatever else was done. Raises WorkFailed."""
        failed = next((half for half, code in codes.items() if code not in installer.DONE_CODES), None)
        if failed is None:
            return
        after = self._after_failure()
        if after is not None:
            self.service.warn_if_kept(after)
        raise self._half_failed(failed, codes)

    def _warn_of_restart(self) -> None:
        self.host.warn(
            f"Windows Installer wants a restart of {self.host.name}. It goes on without one, as declared: restart the host in "
            "maintenance mode. Where Windows counts it as a pending restart, the switch is refused until then."
        )

    def _fences(self, state: Appliance) -> list[Step]:
        """A start that arrives late must not do the work again; without the module there is nothing to ask."""
        own = same_versions(state, "scripts") if isinstance(state.scripts, str) else []
        given, found = self.arguments, state.hold if isinstance(state.hold, Hold) else None
        held = hold.fences(given.place.site_directory, found, forward=not given.back) if given.present else []
        return [*held, *own]

    def _fetch(self, state: Staged) -> list[Step]:
        """Fetch and compare first: nothing is uninstalled unless the new MSI is there and is the right one.

        One that was staged is not fetched again, but compared again.
        """
        given, path = self.arguments, paths.package(self.arguments.target)
        found = self._back_source(state) if given.back else None
        source, sha256 = found or (given.source, given.sha256)
        fetched = [steps.make_folder("folder", paths.PACKAGES), _fetch("fetch", source, path)]
        return [*([] if state.staged == sha256 else fetched), steps.file_hash("hash", path, expect=sha256)]

    def _halves(self, state: Appliance) -> list[Step]:
        """Uninstall and install. What decides between the two is whether the product is gone, not what the first one said."""
        release = self.arguments.target
        install = installer.arguments("/i", paths.package(release), self._log("install"))
        return [*self._removals(state), steps.msiexec("install", install)]

    def _removals(self, state: Appliance) -> list[Step]:
        """Uninstalls what is there (one program, or none), and stops the list where it is still there afterwards."""
        programs = () if isinstance(state.programs, Unknown) else state.programs
        made = [steps.make_folder("log_folder", paths.LOGS)]
        for code in (str(program["PSChildName"]) for program in programs):
            made.append(steps.msiexec("uninstall", installer.arguments("/x", code, self._log("uninstall"))))
            made.append(steps.keys_gone("gone", installer.uninstall_keys(code)))
        return made

    def _log(self, half: str) -> str:
        """Where Windows Installer writes what it does."""
        return paths.installer_log(half, self.arguments.target)

    # --- the inis of before -------------------------------------------------------------------------------------------

    def _restore_inis(self) -> None:
        """The two inis as they were saved, the one in force by the product's own cmdlet where its release has that."""
        state, release = self._read(), self.arguments.target
        if state.scripts != release or not self._inis_missing(state):
            return
        path = paths.appliance_ini(self.arguments.place.appliance_directory)
        asked = [*self._fences(state)]
        saved = rollback.saved_inis(state, release)
        if "ini_imported" in saved:
            in_force = paths.saved_ini_in_force(release)
            if versions.is_early(release):
                asked += _copied("in_force", in_force, paths.INI_IN_FORCE)
            else:
                asked += [*_copied("to_import", in_force, path), steps.import_configuration()]
        if "ini_appliance" in saved:
            asked += _copied("ini", paths.saved_ini(release), path)
        self.host.run(asked, f"put the CloudConnector.ini of {release} back")

    # --- removing -----------------------------------------------------------------------------------------------------

    def _remove(self, state: Appliance) -> None:
        doing = f"remove the MSI {self.arguments.target}"
        try:
            answer = self.jobs.do(state, [*self._fences(state), *self._removals(state)], doing)
        except WorkFailed as failed:
            raise self._explained(failed) from failed
        codes = {} if answer is None else _codes({name: found.output for name, found in answer.results.items()})
        self._require_done(codes)
        if set(codes.values()) & installer.RESTART_CODES:
            self._wants_restart = True
            self.host.warn(f"Windows Installer wants a restart of {self.host.name} ({_said(codes)}).")

    # --- failures -----------------------------------------------------------------------------------------------------

    def _explained(self, failed: WorkFailed) -> WorkFailed:
        """The same failure, in words of the MSI where it is of that."""
        step = failed.details.get("step")
        if step in ("hash", "previous_hash"):
            source, option = (
                (self.arguments.source, "cloud_connector_package_sha256")
                if step == "hash"
                else (self.arguments.previous_source or "the saved one", "cloud_connector_previous_sha256")
            )
            return WorkFailed(
                f"The MSI from {source} has another SHA-256 than {option}.",
                "Nothing was uninstalled. Check the source, or the declared hash, and run the same command again.",
                failure=FailureClass.REFUSED,
            )
        return self._half_failed("uninstall", _codes(failed.outputs)) if step == "gone" else failed

    def _half_failed(self, half: str, codes: Mapping[str, int]) -> WorkFailed:
        """The failure of one half; where its exit code is one of success, the state did not show it."""
        code = codes.get(half)
        done = code in installer.DONE_CODES
        failure = FailureClass.NOT_CONFIRMED if done else EXIT_CODES.get(code or 0, FailureClass.MSI_OTHER)
        meaning = "The program is installed all the same." if done else FAILURES[failure].meaning
        return WorkFailed(
            f"Windows Installer's {half} on {self.host.name} ended with exit code {code}. {meaning} "
            f"Its log on the host is {self._log(half)}.",
            failure=failure,
            exit_codes=dict(codes),
            log=self._log(half),
        )


def _copied(name: str, source: str, destination: str) -> list[Step]:
    """Copied beside it, then moved over it: nobody ever reads half an ini."""
    return [
        steps.copy_file(f"copy_{name}", source, f"{destination}.new"),
        steps.move_file(f"move_{name}", f"{destination}.new", destination),
    ]


def _fetch(name: str, source: str, path: str) -> Step:
    web = source.lower().startswith(("http://", "https://"))
    return steps.fetch(name, source, path) if web else steps.copy_file(name, source, path)


def _unchanged(saved: Mapping[str, Any], state: Appliance) -> list[Step]:
    """A fence: the MSI that is about to be uninstalled lies saved as it was recorded."""
    package = _package(saved, state.scripts)
    return [steps.file_hash("previous_hash", package["path"], expect=package["sha256"])] if package else []


def _record(state: Appliance, release: Version) -> Mapping[str, Any] | None:
    """What was saved for the upgrade to that release; None where nothing of that was."""
    saved = state.saved
    return saved if isinstance(saved, Mapping) and saved.get("target") == release else None


def _package(saved: Mapping[str, Any] | None, scripts: Any) -> Mapping[str, str] | None:
    """Where the MSI of these scripts lies saved; None where it does not."""
    package = (saved or {}).get("package")
    whole = isinstance(package, Mapping) and {"path", "sha256"} <= set(package)
    return package if whole and (saved or {}).get("scripts") == scripts else None


def _boot_time(saved: Mapping[str, Any]) -> datetime | None:
    """When the host had booted that Windows Installer wanted to restart; None where it did not."""
    booted = saved.get("booted")
    return None if booted is None else datetime.fromisoformat(booted)


def _codes(outputs: Mapping[str, Sequence[Any]]) -> dict[str, int]:
    """The exit codes of the halves that were run."""
    return {half: outputs[half][0]["ExitCode"] for half in HALVES if outputs.get(half)}


def _said(codes: Mapping[str, int]) -> str:
    return ", ".join(f"exit code {code} of its {half}" for half, code in codes.items())


def _names(state: Appliance) -> str:
    return " and ".join(f"{one['DisplayName']} {one['DisplayVersion']}" for one in need(state.programs)) or "none"
