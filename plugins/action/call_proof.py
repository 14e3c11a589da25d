# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Proves that an appliance carries calls, and writes that down on it."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ..plugin_utils.bridge.masking import MASK
from ..plugin_utils.cce import proof, rollback
from ..plugin_utils.cce.appliance import Proof
from ..plugin_utils.cce.exceptions import OptionError, Refused, WorkFailed
from ..plugin_utils.cce.failure_classes import FailureClass
from ..plugin_utils.cce.probe import TRANSPORTS, Probe
from ..plugin_utils.cce.proof import SignOff, Watch
from ..plugin_utils.cce.reading import need
from ..plugin_utils.cce.state import traffic_survey
from ..plugin_utils.cce.version_fences import same_versions
from ..plugin_utils.cce.versions import Version
from ..plugin_utils.controller import program
from ..plugin_utils.operation import alive
from ..plugin_utils.operation.arguments import APPLIANCE, Arguments, common, version
from ..plugin_utils.operation.changes import Change
from ..plugin_utils.operation.options import Spec
from ..plugin_utils.operation.predictions import run_id
from ..plugin_utils.operation.record import RECORD_FENCE, Recorded, RecordedOperation
from ..plugin_utils.operation.site_option import SITE

PROBE: Spec = {
    "executable": {"type": "str", "default": "sipp"},
    "scenario": {"type": "path"},
    "target": {"type": "str"},
    "port": {"type": "int", "default": 5068},
    "transport": {"type": "str", "default": "tcp", "choices": list(TRANSPORTS)},
    "caller": {"type": "str", "required": True},
    "callee": {"type": "str", "required": True},
    "seconds": {"type": "int", "default": 5},
    "timeout": {"type": "int", "default": 60},
}

OURS = "CLOUD_CONNECTOR_"
"""How the names of the variables begin that tell a command of the appliance."""

COMMAND: Spec = {
    "argv": {"type": "list", "elements": "str", "required": True},
    "environment": {"type": "dict"},
    "timeout": {"type": "int", "default": 300},
}

SIGN_OFFS: Spec = {
    "appliance": {"type": "str"},
    "site": {"type": "str"},
    "by": {"type": "str", "required": True},
    "at": {"type": "str", "required": True},
    "reason": {"type": "str"},
}


@dataclass(frozen=True)
class Command:
    """A program of the user: how it is called, for how many seconds at most, and what it finds in its environment beside ours."""

    argv: tuple[str, ...]
    timeout: float
    environment: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ProofArguments(Arguments):
    """`timeout` is the option `wait`; `lasting` the option `call_seconds`."""

    target: Version
    way: str
    lasting: float
    probe: Probe | None
    command: Command | None
    sign_offs: tuple[SignOff, ...]


class ActionModule(RecordedOperation[ProofArguments]):
    """A proof is made once for a set of VMs in production. Where the way that was chosen proves nothing, a person may."""

    RECORD = proof.NAME
    RULES = {"required_if": [("way", proof.PROBE, ("probe",)), ("way", proof.COMMAND, ("command",))]}
    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        "version": {"type": "str", "required": True},
        "way": {"type": "str", "default": proof.COUNTERS, "choices": list(proof.WAYS)},
        "wait": {"type": "int", "default": 1800},
        "poll_interval": {"type": "int", "default": 15},
        "call_seconds": {"type": "int", "default": 60},
        "probe": {"type": "dict", "options": PROBE},
        "command": {"type": "dict", "options": COMMAND},
        "signoffs": {"type": "list", "elements": "dict", "default": [], "options": SIGN_OFFS},
        "secrets": {"type": "dict", "no_log": True},
        "hide": {"type": "str", "no_log": True},
    }

    def validate(self, given: Mapping[str, Any]) -> ProofArguments:
        known = common({**given, "timeout": given["wait"]}, self.host.name)
        try:
            return ProofArguments(
                **known,
                target=version(given),
                way=given["way"],
                lasting=given["call_seconds"],
                probe=_probe(given, known["place"].vms.get("mediation", "")),
                command=_command(given["command"], given["secrets"] or {}) if given["way"] == proof.COMMAND else None,
                sign_offs=proof.sign_offs(given["signoffs"]),
            )
        except ValueError as error:
            raise OptionError(f"{error}.") from error

    def missing(self, state: Recorded) -> list[Change]:
        release, way = self.arguments.target, self.arguments.way
        if proof.is_proven(state, release):
            return []
        made = Proof(release, way, state.read_at, "", "")
        what = f"prove by {way} that calls are carried at {release}"
        return [Change(what, {"proof": state.proof}, {"proof": made}, becomes={"proof": made, "proof_due": None})]

    def guard(self, state: Recorded, changes: Sequence[Change]) -> None:
        if need(state.running) != self.arguments.target:
            raise Refused(
                f"{self.host.name} runs {state.running}: its calls prove nothing of {self.arguments.target}.",
                "Run the version operation first.",
            )

    def act(self, state: Recorded, changes: Sequence[Change]) -> None:
        state, since = self._watched(state)
        site = self.arguments.site.name if self.arguments.site else ""
        signed, why_not = proof.judged(self.arguments.sign_offs, self.host.name, site, since, self.clock.now())
        if signed:
            made = self._made(proof.SIGN_OFF, signed.told(), signed.by, signed.at)
        else:
            made = self._made(self.arguments.way, self._evidence(since, why_not), f"run {run_id()}", self.clock.now())
        paid = {proof.DUE: None} if proof.DUE in need(state.record) else {}
        self._write(state, "write down the proof of calls", proof=proof.proof_entry(made), **paid)

    def _made(self, way: str, evidence: str, by: str, at: datetime) -> Proof:
        return Proof(self.arguments.target, way, at, by, evidence)

    # --- the record -----------------------------------------------------------------------------------------------------

    def _watched(self, state: Recorded) -> tuple[Recorded, datetime]:
        """The record, and since when the appliance was seen with what runs now: from then on calls and sign-offs count."""
        release = self.arguments.target
        if proof.watched_since(need(state.record), release) is None:
            entry = proof.watch_entry(release, self.clock.now())
            state = self._write(state, "write down since when calls count", watch=entry)
        since = proof.watched_since(need(state.record), release)
        if since is None:
            raise Refused(f"Another run works on the proof of {self.host.name} for another version.")
        return state, since

    def _write(self, state: Recorded, doing: str, **entries: Any) -> Recorded:
        """Put entries into the record while the same version runs; what another run has written of them meanwhile stands."""
        try:
            fences = [self.record.fence(state), *same_versions(state, "running")]
            return self.record.write(state, doing, fences=fences, **entries)
        except WorkFailed as failed:
            if failed.details.get("step") != RECORD_FENCE:
                raise
            found = self._read()
            if not all(name in need(found.record) for name in entries):
                raise
            return found

    # --- the ways -------------------------------------------------------------------------------------------------------

    def _evidence(self, since: datetime, why_not: str) -> str:
        """What proves the calls. Raises WorkFailed where nothing does."""
        if self.arguments.probe is not None:
            found, what = self._by_probe(self.arguments.probe)
        elif self.arguments.command is not None:
            found, what = self._by_command(self.arguments.command)
        elif self.arguments.way == proof.COUNTERS:
            found, what = self._by_counters()
        else:
            found, what = False, "a person has to make two calls and sign that off"
        if found:
            return what
        advice = (why_not, proof.how_to_sign_off(self.host.name, since), _ADVICE[self.arguments.way])
        remedy = " ".join(filter(None, advice))
        if self._state is not None:
            remedy = rollback.with_way_back(remedy, FailureClass.CALLS_NOT_PROVEN, self._state)
        raise WorkFailed(
            f"It is not proven that {self.host.name} carries calls at {self.arguments.target}: {what}. The run goes no further.",
            remedy,
            failure=FailureClass.CALLS_NOT_PROVEN,
            way=self.arguments.way,
            since=since.isoformat(),
        )

    def _by_counters(self) -> tuple[bool, str]:
        """Watches the counters until a call of each direction has come to its end, or the wait is over."""
        given, told = self.arguments, ""
        if not {"mediation", "edge"} <= set(given.place.vms):
            return False, "the option vms does not say where its VMs are, so that nobody can read their counters"
        survey, watch = traffic_survey(given.place), Watch(given.lasting)
        until = self.clock.monotonic() + given.timeout
        while True:
            watch = watch.after(self.host.read(survey), self.clock.monotonic())
            if watch.is_proof or self.clock.monotonic() >= until:
                return watch.is_proof, watch.told()
            if (text := watch.progress()) != told:
                told = text
                left = max(0.0, until - self.clock.monotonic())
                self.host.tell(f"waits for a call of each direction, {left:.0f} s more at most: {text}")
            self.host.pause(given.poll_interval)

    def _by_probe(self, probe: Probe) -> tuple[bool, str]:
        """Lets SIPp make a call from here."""
        with tempfile.TemporaryDirectory() as folder:
            scenario = Path(probe.scenario or Path(folder) / "scenario.xml").absolute()
            if not probe.scenario:
                scenario.write_text(probe.text, "utf-8")
            errors = Path(folder) / "errors.log"
            argv = probe.argv(str(scenario), str(errors))
            # SIPp has a limit of its own, and says then what it waited for.
            return self._outcome(probe.told(), argv, probe.timeout + 5.0, {}, Path(folder), errors)

    def _by_command(self, command: Command) -> tuple[bool, str]:
        """Lets the user's own program decide, which is told of the appliance by its environment."""
        given = self.arguments
        about = {"appliance": self.host.name, "site": given.site.name if given.site else "", "version": given.target}
        names = {f"{OURS}{name.upper()}": value for name, value in {**about, **given.place.vms}.items()}
        what = f"the command {command.argv[0]}"
        return self._outcome(what, command.argv, command.timeout, {**command.environment, **names}, Path.cwd())

    def _outcome(
        self,
        what: str,
        argv: Sequence[str],
        seconds: float,
        env: Mapping[str, str],
        folder: Path,
        errors: Path | None = None,
    ) -> tuple[bool, str]:
        """Whether a program on the controller ends with exit code 0, and what it said: on its lines, or in the file `errors`."""
        self.host.tell(f"{what}: begun, {seconds:.0f} s at most")
        self.host.hang_up()
        try:
            with alive.shown(self.host, self.lease.fence.sign_seconds):
                ended = program.run(argv, seconds, env, folder)
        except OSError as error:
            return False, f"{what}: {self.host.masker.text(argv[0])} cannot be started ({error.strerror})"
        code = f"did not end within {seconds:.0f} s" if ended.code is None else f"ended with exit code {ended.code}"
        output = program.beginning(errors) if errors else ended.output
        said = " ".join(self.host.masker.text(output).split())[-proof.EVIDENCE_LENGTH :]
        shown = self.host.masker.text(f"{what} {code}{f', and said: {said}' if said else ''}")
        # What stands where a secret was is not sent to an appliance: it would be taken for a value that was masked there.
        return ended.code == 0, shown.replace(MASK, "(masked)")


_ADVICE = {
    proof.COUNTERS: (
        "Where there is no traffic at this hour, make both calls yourself and stay on each for a while, or let the inventory "
        "prove calls by a probe or a command (cloud_connector_call_proof)."
    ),
    proof.PROBE: (
        "A Mediation Server takes calls from its gateways only: see that the controller is one of them, that the number answers, "
        "and that SIPp is there (Debian: apt install sip-tester)."
    ),
    proof.COMMAND: "Where the command itself is at fault, correct it and run the same command again.",
    proof.SIGN_OFF: "",
}


def _probe(given: Mapping[str, Any], mediation: str) -> Probe | None:
    """Raises ValueError."""
    return Probe.of(given["probe"], mediation) if given["way"] == proof.PROBE else None


def _command(given: Mapping[str, Any], secrets: Mapping[str, str]) -> Command:
    """Raises ValueError: it cannot be called. No text of it is shown."""
    argv = tuple(str(one) for one in given["argv"])
    if not argv or not argv[0].strip():
        raise ValueError("command: argv names no program")
    if any("\0" in text for text in argv):
        raise ValueError("command: a text holds a character that no program can be given")
    if given["timeout"] <= 0:
        raise ValueError("command: timeout must be more than 0")
    environment = {
        **_environment("command: environment", given["environment"] or {}),
        **_environment("secrets", secrets),
    }
    return Command(argv, given["timeout"], environment)


def _environment(option: str, given: Mapping[Any, Any]) -> dict[str, str]:
    """Raises ValueError: no program can be given it."""
    found = {str(name): str(value) for name, value in given.items()}
    for name, value in given.items():
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(name)) or str(name).startswith(OURS):
            raise ValueError(
                f"{option}: {name!r} is no name of a variable of yours: letters, digits and _, and not {OURS}"
            )
        if isinstance(value, bool) or not isinstance(value, str | int | float) or "\0" in str(value):
            raise ValueError(f"{option}: write the value of {name} as a text in quotes")
    return found
