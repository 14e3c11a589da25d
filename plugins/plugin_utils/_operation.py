# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The base of every module that works on one appliance.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from ansible.utils.display import Display

from . import _bridge, _failures, _jobs
from ._connections import connect
from ._moves import Change, Moves, Refused, Spec, Unreachable, merged, run_id
from ._site import Reader
from .cce import capacity, health, signs, steps
from .cce.appliance import Appliance
from .cce.reading import NotReadError, Unknown, need
from .cce.state import parse_survey, survey_steps
from .cce.steps import Step
from .cce.versions import check_target

__all__ = [
    "APPLIANCE",
    "JOB",
    "PREDICTED",
    "PROMPTS",
    "REQUIRED_SITE",
    "SITE",
    "Change",
    "Died",
    "Operation",
    "Refused",
    "Spec",
    "Unfinished",
    "Unreachable",
    "run_id",
]

PREDICTED = "cloud_connector_predicted"
"""The fact by which check mode hands on the state of the appliance it would have made."""

APPLIANCE: Spec = {
    "appliance_directory": {"type": "str", "required": True},
    "site_directory": {"type": "str", "required": True},
    "vms": {
        "type": "dict",
        "options": {
            "cms": {"type": "str", "required": True},
            "mediation": {"type": "str", "required": True},
            "edge": {"type": "str", "required": True},
        },
    },
    "exchange_timeout": {"type": "int", "default": 300},
}
"""Options of every module that talks to an appliance (doc fragment `appliance`)."""

PLACES: Spec = {
    "appliances": {
        "type": "list",
        "elements": "dict",
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
            "states": {"type": "list", "elements": "dict", "required": True},
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
        },
    },
}
"""What is known of the whole site (doc fragment `site`): who carries the calls, and may one more appliance leave."""

REQUIRED_SITE: Spec = {"site": {**SITE["site"], "required": True}}
"""For the operations that may take an appliance out of service."""

JOB: Spec = {
    "task_user": {"type": "str", "required": True},
    "task_password": {"type": "str", "required": True, "no_log": True},
    "poll_interval": {"type": "int", "default": 15},
}
"""Options of the modules that run a job (doc fragment `job`)."""

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


BRIEF = (
    "name",
    "read_at",
    "scripts",
    "running",
    "backup",
    "calls",
    "registration",
    "management_service",
    "jobs",
    "slot",
)
"""What goes with a failure of an appliance's state; `appliance_info` has all of it."""


class Unfinished(Refused):
    """The wait for a job is over, the job is not."""


class Died(Refused):
    """A job has ended without an answer and without having done its work."""


class Operation(Moves[Appliance]):
    """One operation on one appliance."""

    FACT = PREDICTED
    SUBSET: ClassVar[Sequence[str] | None] = None
    """What of the appliance's state this operation reads; None is all."""
    ENDLESS: ClassVar[str] = ""
    """What else is to be said where the operation's job does not end in time."""

    _read_at: float = 0.0

    # --- the state of an appliance ------------------------------------------------------------------------------------

    def shown(self, state: Appliance) -> dict[str, Any]:
        return {"appliance": self.described(state)}

    def shown_failed(self, state: Appliance) -> dict[str, Any]:
        described = self.described(state)
        return {"appliance": {name: described[name] for name in BRIEF}}

    def described(self, state: Appliance) -> dict[str, Any]:
        """The state as it is returned: with its name and the time its reading began (seconds since 1970 of the controller)."""
        return {"name": self._host, "read_at": self._read_at, **state.to_dict()}

    def standing(self, state: Appliance) -> str:
        scripts, running, backup = (
            "unknown" if isinstance(version, Unknown) else version or "none"
            for version in (state.scripts, state.running, state.backup)
        )
        return f"{self._host} has scripts {scripts}, running version {running}, backup version {backup}."

    def recall(self, encoded: Mapping[str, Any]) -> Appliance:
        return Appliance.from_dict(encoded)

    def reread(self) -> Appliance:
        """Only what every appliance has is told: an operation may read more, or wait for something."""
        return Operation.read(self)

    def unfit(self, parameters: Mapping[str, Any]) -> list[str]:
        """Every wait has an end, every state a name."""
        states = (parameters.get("site") or {}).get("states", [])
        nameless = any(not isinstance(state.get("name"), str) for state in states)
        named = "site.states: one has no name; give the values appliance that appliance_info returns"
        return [*super().unfit(parameters), *([named] if nameless else [])]

    def calls_sentence(self, *, reached: bool) -> str:
        site = getattr(self, "arguments", {}).get("site")
        return capacity.calls_sentence(str(self._host), self.fresh_state() if reached else None, site)

    def _predicted(self, state: Appliance, changes: Sequence[Change]) -> Appliance:
        """The job's answer would be fetched, too."""
        jobs = (
            tuple(name for name in state.jobs if name != self.job_name) if isinstance(state.jobs, tuple) else state.jobs
        )
        return state.with_changes(**merged(changes), jobs=jobs)

    # --- what decisions share ------------------------------------------------------------------------------------------

    @property
    def target(self) -> str:
        """The version the option `version` names. Raises Refused."""
        try:
            return check_target(self.arguments["version"])
        except ValueError as error:
            raise Refused(f"{error}.", "Correct cloud_connector_target_version; nothing was changed.") from error

    @property
    def job_name(self) -> str:
        """The claim of the job this operation runs; empty where it runs none."""
        return ""

    def begun(self, state: Appliance) -> bool:
        """The operation's job is on the appliance, running or with an answer nobody has fetched yet."""
        return self.job_name in need(state.jobs)

    def require_scripts(self, state: Appliance) -> None:
        """The cmdlets have to be those of the target version."""
        if need(state.scripts) != self.target:
            raise Refused(
                f"The scripts on {self._host} are {state.scripts}, not {self.target}.",
                "Run the package operation first.",
                **({"class": "T19-module-missing"} if state.scripts is None else {}),
            )

    def require_idle_host(self, state: Appliance) -> None:
        """What the product does when two of its long cmdlets run at once is not documented."""
        others = [name for name in need(state.jobs) if name != self.job_name]
        if others:
            raise Refused(
                f"On {self._host} {', '.join(others)} is under way, or its answer was not fetched yet.",
                "Run the operation that began it again: it waits for it. Then run this one.",
            )

    def require_spare(self, state: Appliance, *, silent: bool = False) -> None:
        """The rest of the site carries the calls, or its owner consented to an outage (docs/how-it-works.md).

        `silent`: no call can live on this appliance any more.
        """
        self.freshen_site(state)
        refusal = capacity.refusal(str(self._host), self.arguments["site"], time.time(), silent=silent)
        if refusal:
            what = refusal.removeprefix(f"{self.arguments['site']['name']}: ")
            raise Refused(f"{self._host} stays as it is: {what}", "This operation has changed nothing.")

    def freshen_site(self, state: Appliance) -> None:
        """Reads the site again where its states have grown too old since they were read, and the option says where it is.

        A slow site needs that: what a survey read is as old as the survey and the reading of this operation took.
        """
        site = self.arguments["site"]
        if site["appliances"] and capacity.stale(site, time.time()):
            self.refresh_site(state)

    def refresh_site(self, state: Appliance) -> None:
        """Reads all appliances that the option says where they are, at once; this one is as `state` says where it is not of them.

        In check mode `state` may be predicted, and what was read now is not what is decided on.
        """
        site, check = self.arguments["site"], self._task.check_mode
        own = self.described(state) | ({"read_at": time.time()} if check else {})
        places = [place for place in site["appliances"] or [] if not (check and place["name"] == self._host)]
        read = Reader(self.connect, self.arguments["exchange_timeout"], self.clock).read(places)
        fresh = {found["name"]: found for found in (own, *read)}
        states = {found["name"]: found for found in site["states"]} | fresh
        self.arguments["site"] = {**site, "states": list(states.values())}

    def require_gates(self, state: Appliance) -> None:
        """Nothing begins that cannot be finished, or that calls would notice in a bad moment (docs/how-it-works.md, Checks)."""
        stopping = health.blocking(health.gates(state, self.target))
        if stopping:
            raise Refused(
                f"{self._host} is not ready for {self.target}: {health.seen(stopping)}.",
                f"{stopping[0].remedy} Then run the same command again.",
                **health.as_failure(stopping),
            )

    def fence(self, kind: str, name: str, state: Appliance) -> Step:
        """Stops the list on the appliance itself when a version is no longer what this decision was made on.

        What the cmdlet prints is not documented, so the very output that was read is what is expected.
        """
        return steps.version(kind, name, expect=state.raw_versions[name])

    # --- talking to the appliance -------------------------------------------------------------------------------------

    def read(self) -> Appliance:
        """The state of the appliance, in one exchange."""
        # What is read is at least as new as this.
        self._read_at = time.time()
        before = self.clock()
        answer = self.exchange(self.questions())
        after = self.clock()
        state = self.understand(answer)
        return state.with_changes(clock_skew=signs.skew(state.clock, before, after))

    def questions(self) -> list[Step]:
        """What `read` asks."""
        return survey_steps(
            self.arguments["appliance_directory"],
            self.arguments["site_directory"],
            self.arguments["vms"] or {},
            self.subset,
        )

    @property
    def subset(self) -> Sequence[str] | None:
        """What of the state `questions` asks; None is all."""
        return self.SUBSET

    def understand(self, answer: _bridge.Answer) -> Appliance:
        """What the answer to `questions` says."""
        return parse_survey(answer.raw)

    def connect(self, host: str) -> _bridge.Connection:
        """A connection to another appliance of the inventory."""
        return connect(self, self._task_vars, host)

    def run_job(self, state: Appliance, job_steps: Sequence[Step], doing: str) -> _bridge.Answer | None:
        """Start or find the job, wait for it, and fail when its answer is a failure or its wait is over.

        Returns the answer; None where the job left none and had done its work all the same.
        """
        job = _jobs.Job(self.job_name, job_steps)
        try:
            answer = self._runner().run(job, begun=self.begun(state))
        except _jobs.JobUnfinished as unfinished:
            raise Unfinished(
                f"{unfinished}; it goes on by itself on {self._host}.",
                f"Wait, then run the same command again: it finds the job and does not start a second one.{self.ENDLESS}",
                **{"class": "unfinished", "retry": True},
            ) from unfinished
        except _jobs.JobNotStarted as refused:
            asked = _jobs.start_steps(job, self._account, "")
            raise _failures.StepsFailed(f"start the job {job.name}", asked, refused.answer) from refused
        except _jobs.JobDied as died:
            self._after_death(died, doing)
            return None
        self.take_warnings(job_steps, answer)
        if answer.failed:
            raise _failures.StepsFailed(doing, job_steps, answer, attached=False)
        return answer

    def _after_death(self, died: _jobs.JobDied, doing: str) -> None:
        """A job that left no answer may have done its work all the same: only the state can tell."""
        try:
            done = not self.undone(self.read())
        except (Refused, NotReadError):
            done = False
        if not done and died.not_logged_on:
            raise Refused(
                f"Could not {doing}: the job {died}.",
                "Correct cloud_connector_deployment_user and its password, or let the account log on as a batch job (local "
                "security policy); then run the same command again.",
            ) from died
        if not done:
            raise Died(
                f"Could not {doing}: the job {died}.",
                "`appliance` in this result is the state it left. Run the same command again: it goes on from there.",
                **{"class": "T5-host-restarted", "retry": True},
            ) from died

    def _runner(self) -> _jobs.Runner:
        def quiet_exchange(asked: Sequence[Step]) -> _bridge.Answer:
            try:
                return self.exchange(asked)
            finally:
                self.hang_up()

        return _jobs.Runner(
            exchange=quiet_exchange,
            account=self._account,
            claim={"run": run_id(), "host": str(self._host)},
            poll=self.arguments["poll_interval"],
            limit=self.arguments["timeout"],
            tell=self.tell,
            sleep=self.sleep,
            now=self.now,
        )

    def tell(self, text: str) -> None:
        """Shows how far it is, while a task that lasts says nothing else."""
        Display().display(f"  {self._host}: {self._masked(text)}")

    @property
    def _account(self) -> _jobs.Account:
        return _jobs.Account(self.arguments["task_user"], self.arguments["task_password"])

    sleep = staticmethod(time.sleep)
    now = staticmethod(time.monotonic)
    clock = staticmethod(lambda: datetime.now(UTC))
