# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Enters passwords into the appliance's credential cache."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..plugin_utils.cce import credentials, paths, steps
from ..plugin_utils.cce.answers import Answer, attempt
from ..plugin_utils.cce.appliance import ACCOUNTS
from ..plugin_utils.cce.exceptions import NotConfirmed, OptionError, Refused
from ..plugin_utils.cce.failure_classes import FailureClass, recognise
from ..plugin_utils.cce.reading import Unknown, need
from ..plugin_utils.cce.state import Survey, appliance_survey
from ..plugin_utils.cce.versions import Version, key
from ..plugin_utils.operation.arguments import APPLIANCE, PROMPTS, WAIT, Arguments, common
from ..plugin_utils.operation.changes import Change
from ..plugin_utils.operation.record import Recorded, RecordedOperation, generation, record_change
from ..plugin_utils.operation.site_option import SITE

RESTORE_SINCE = Version("2.1")
WINDOWS_USER = re.compile(r"[^\\/:*?\"<>|\s]+")
"""The name of an account as it can be part of a file name."""


class How(enum.StrEnum):
    """What enters the passwords."""

    SET = "set"
    RESTORE = "restore"
    REGISTER_LOCALLY = "register_local"

    @property
    def cmdlet(self) -> str:
        """Its cmdlet, for people."""
        return _CMDLETS[self]


_CMDLETS = {
    How.SET: "Set-CcCredential",
    How.RESTORE: "Restore-CcCredentials",
    How.REGISTER_LOCALLY: "Register-CcAppliance -Local",
}


@dataclass(frozen=True, kw_only=True)
class CredentialArguments(Arguments):
    """What is to be entered.

    Attributes:
        credentials: each as `cce/credentials.py` takes it, by account type, in the order of the task.
        patterns: the regular expressions of all questions.
        prompts: more answers.
        discarded: the account whose unreadable cache is put aside; None: nobody's.
    """

    how: How
    generation: str
    credentials: Mapping[str, Mapping[str, Any]] = field(repr=False)
    patterns: Mapping[str, str]
    prompts: Sequence[Mapping[str, str]] = field(repr=False)
    discarded: str | None


class ActionModule(RecordedOperation[CredentialArguments]):
    """Runs attached under a claim, because each of its cmdlets prompts.

    What a password is now cannot be read: a generation says it.
    """

    RECORD = "credential"
    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        **PROMPTS,
        **WAIT,
        "operation": {"type": "str", "choices": ["set", "restore", "register_local"], "default": "set"},
        "generation": {"type": "str", "required": True},
        "credentials": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "no_log": False,
            "options": {
                "account_type": {"type": "str", "required": True, "choices": list(credentials.ACCOUNT_TYPES)},
                "user": {"type": "str", "default": ""},
                "password": {"type": "str", "required": True, "no_log": True},
                "old_user": {"type": "str"},
                "old_password": {"type": "str", "no_log": True},
            },
        },
        "patterns": {"type": "dict", "default": dict(credentials.PATTERNS)},
        "discard_cache_of": {"type": "str"},
    }

    def validate(self, given: Mapping[str, Any]) -> CredentialArguments:
        problems = _problems(given)
        if problems:
            raise OptionError(f"{'; '.join(problems)}.")
        return CredentialArguments(
            **common(given, self.host.name),
            job="credential",
            attached=True,
            how=How(given["operation"]),
            generation=generation(given["generation"]),
            credentials={one["account_type"]: one for one in given["credentials"]},
            patterns={**credentials.PATTERNS, **{name: str(one) for name, one in given["patterns"].items()}},
            prompts=given["prompts"],
            discarded=given["discard_cache_of"],
        )

    def survey(self) -> Survey[Recorded]:
        """Every cached credential, too, never its password."""
        asked = [steps.credential(kind, f"credential_{kind}") for kind in credentials.ACCOUNT_TYPES]
        return self.record.survey(appliance_survey(self.arguments.place), asked, _subject)

    def missing(self, state: Recorded) -> list[Change]:
        given, wanted = self.arguments, self._wanted(state)
        if not wanted:
            return []
        return [
            *self._discarding(state),
            record_change(
                f"enter {', '.join(wanted)} (generation {given.generation}) by {given.how.cmdlet}",
                state,
                **dict.fromkeys(wanted, given.generation),
            ),
        ]

    def guard(self, state: Recorded, changes: Sequence[Change]) -> None:
        too_old = self._too_old(need(state.scripts))
        if too_old:
            raise Refused(f"{'; '.join(too_old)}.", "Upgrade the appliance first, or leave that out.")
        if _is_sealed(state):
            self._require_discarding(state)
        self._warn_of_older_vms(state)

    def act(self, state: Recorded, changes: Sequence[Change]) -> None:
        if self.arguments.how is How.SET:
            for kind in self._wanted(state):
                state = self._set(state, kind)
        else:
            self._fill(state)

    # --- what is wanted -----------------------------------------------------------------------------------------------

    def _wanted(self, state: Recorded) -> list[str]:
        """The account types that are to be entered."""
        given, record, sealed = self.arguments, need(state.record), _is_sealed(state)
        return [kind for kind in given.credentials if sealed or record.get(kind) != given.generation]

    def _discarding(self, state: Recorded) -> list[Change]:
        if not _is_sealed(state):
            return []
        readable = dict.fromkeys(credentials.ACCOUNT_TYPES, True)
        return [Change(f"put the unreadable cache of {self.arguments.discarded} aside", becomes={"cached": readable})]

    # --- guarding -----------------------------------------------------------------------------------------------------

    def _too_old(self, scripts: Version | None) -> list[str]:
        """What the scripts on the appliance do not know yet."""
        given, found = self.arguments, scripts or "missing"

        def knows(since: str) -> bool:
            return scripts is not None and key(scripts) >= key(since)

        if given.how is How.RESTORE and not knows(RESTORE_SINCE):
            return [f"Restore-CcCredentials came with {RESTORE_SINCE}, and the scripts are {found}"]
        later = credentials.SINCE.items() if given.how is How.SET else ()
        return [
            f"{kind} came with {since}, and the scripts are {found}"
            for kind, since in later
            if kind in given.credentials and not knows(since)
        ]

    def _require_discarding(self, state: Recorded) -> None:
        given = self.arguments
        if given.how is not How.REGISTER_LOCALLY or given.discarded is None:
            raise Refused(
                f"The credential cache on {self.host.name} is there and this logon cannot decrypt it.",
                "Log on as the deployment account with CredSSP. If the password of that Windows account was changed (T11): "
                "restart the host, then run this module with operation register_local, the same passwords as before, and "
                "discard_cache_of naming the account.",
                failure=FailureClass.CREDENTIAL_CACHE,
            )
        # A network logon cannot decrypt a good cache either; but it cannot read the site directory at all.
        need(state.site_files)

    def _warn_of_older_vms(self, state: Recorded) -> None:
        changed = [kind for kind in self._wanted(state) if kind in credentials.INSIDE_VMS]
        if changed and isinstance(state.backup, str):
            self.host.warn(
                f"The VMs of {state.backup} on {self.host.name} are off and keep the old passwords of {', '.join(changed)} "
                "(inferred): after a rollback to them the cache does not fit, and these credentials have to be set back."
            )

    # --- acting -------------------------------------------------------------------------------------------------------

    def _set(self, state: Recorded, kind: str) -> Recorded:
        given, written = self.arguments, {kind: self.arguments.generation}
        answers = credentials.set_answers(given.credentials[kind], given.patterns)
        asked = self._prompted(state, [steps.set_credential(kind)], f"set the credential {kind}", answers, [kind])
        if asked is None:
            return self._read()
        if len(asked) < len(answers):
            self.record.correct(state, self.record.written(state, **written))
            raise NotConfirmed(
                f"Set-CcCredential -AccountType {kind} ended without an error but asked {len(asked)} of {len(answers)} "
                "questions, so it is not known what it has stored.",
                "Run it once at the console of the host and compare what it asks with the option patterns.",
            )
        return self.record.written(state, **written)

    def _fill(self, state: Recorded) -> None:
        """Microsoft says to delete an unreadable cache: renamed it is gone for the product as well, and can be restored."""
        given, discarded = self.arguments, list[steps.Step]()
        if _is_sealed(state):
            path = rf"{paths.PROGRAM_DATA}\credentials.{given.discarded}.xml"
            discarded = [steps.move_file("discard", path, f"{path}.unreadable-{given.generation}")]
        cmdlet = steps.restore_credentials() if given.how is How.RESTORE else steps.register_locally()
        wanted, all_of_them = self._wanted(state), list(given.credentials.values())
        answers = credentials.cache_answers(all_of_them, given.patterns)
        asked = self._prompted(state, [*discarded, cmdlet], "enter the credentials again", answers, wanted)
        if asked is not None:
            entered = credentials.asked_types(all_of_them, given.patterns, asked)
            self._require_entered(state, wanted, sorted(entered))

    def _require_entered(self, state: Recorded, wanted: Sequence[str], entered: Sequence[str]) -> None:
        """Raises NotConfirmed where the product asked for less than was written down, which is corrected first."""
        given = self.arguments
        if set(entered) != set(wanted):
            written = self.record.written(state, **dict.fromkeys(wanted, given.generation))
            self.record.correct(state, written, **dict.fromkeys(entered, given.generation))
        kept = [kind for kind in wanted if kind not in entered]
        if kept:
            raise NotConfirmed(
                f"{given.how.cmdlet} ended without an error and did not ask for {', '.join(kept)}: what was cached stays.",
                "If these have to change, use operation set or restore; else leave them out of credentials.",
            )

    def _prompted(
        self,
        state: Recorded,
        work: Sequence[steps.Step],
        doing: str,
        answers: Sequence[Mapping[str, str]],
        kinds: Sequence[str],
    ) -> list[str] | None:
        """Run steps that prompt, and write down in the same request that `kinds` were entered: who is cut after them is not asked
        for the old passwords again.

        Returns:
            The questions that were answered; None where nobody saw them, and the kinds are written down as entered.
        """
        entries: dict[str, Any] = dict.fromkeys(kinds, self.arguments.generation)
        answer = self.run_and_record(
            state,
            work,
            doing,
            answers=[*answers, *self.arguments.prompts],
            is_done=lambda: not set(kinds) & set(self._wanted(self._read())),
            **entries,
        )
        if answer is None:
            self.host.warn(
                f"{self.arguments.how.cmdlet} has ended on {self.host.name} without an error, and its answer was lost or is "
                f"another run's: which questions it asked for {', '.join(kinds)} is not known."
            )
            return None
        return [str(prompt["text"]) for prompt in answer.raw["prompts"] if prompt["answered"]]


def _problems(given: Mapping[str, Any]) -> list[str]:
    """What is wrong with the options, as clauses."""
    how, by_kind = How(given["operation"]), {one["account_type"]: one for one in given["credentials"]}
    problems = credentials.pattern_problems(given["patterns"])
    if len(by_kind) != len(given["credentials"]):
        problems.append("credentials names an account type twice")
    problems += [f"{kind} needs a user" for kind in credentials.NAMED if kind in by_kind and not by_kind[kind]["user"]]
    discarded = given["discard_cache_of"]
    if discarded is not None and not WINDOWS_USER.fullmatch(discarded):
        problems.append("discard_cache_of is not the name of a Windows account, without its domain")
    return problems + (_set_problems(by_kind) if how is How.SET else _cache_problems(how, by_kind))


def _set_problems(by_kind: Mapping[str, Mapping[str, Any]]) -> list[str]:
    unknown = [kind for kind in by_kind if kind not in credentials.SETTABLE]
    incomplete = [kind for kind in credentials.OLD_AND_NEW if kind in by_kind and not by_kind[kind]["old_password"]]
    return [
        *(f"Set-CcCredential does not take {kind}: use operation restore or register_local" for kind in unknown),
        *(f"{kind} needs old_password: Set-CcCredential asks for the old and the new one" for kind in incomplete),
    ]


def _cache_problems(how: How, by_kind: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What fills the whole cache must not stop half way for want of an answer."""
    absent = [kind for kind in ACCOUNTS if kind not in by_kind]
    return [f"{how.cmdlet} may ask for {', '.join(absent)} too: add them to credentials"] if absent else []


def _is_sealed(state: Recorded) -> bool:
    """Whether the cache is there and this logon cannot decrypt it."""
    reasons = [found.reason for found in state.subject["cached"].values() if isinstance(found, Unknown)]
    return any(recognise("", reason) is FailureClass.CREDENTIAL_CACHE for reason in reasons)


def _subject(answer: Answer) -> dict[str, Any]:
    return {"cached": {kind: attempt(_is_cached, answer, kind) for kind in credentials.ACCOUNT_TYPES}}


def _is_cached(answer: Answer, kind: str) -> bool:
    return bool(answer.output(f"credential_{kind}"))
