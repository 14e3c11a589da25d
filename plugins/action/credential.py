# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Enters passwords into the appliance's credential cache."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._bridge import Answer
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import (
    APPLIANCE,
    PROMPTS,
    SITE,
    Change,
    Refused,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._recorded import RecordedOperation
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import credentials, steps, troubles, versions
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.answers import Results, attempt
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import ACCOUNTS, Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown, need

RESTORE_SINCE = "2.1"
SEALED = "T11-credential-cache"


class ActionModule(RecordedOperation):
    """Runs attached, because each of its cmdlets prompts. What a password is now cannot be read: a generation says it."""

    RECORD = "credential"
    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        **PROMPTS,
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

    changing: Sequence[str] = ()
    """The account types that this run changes, or would change."""

    # --- reading ------------------------------------------------------------------------------------------------------

    def ask(self) -> list[steps.Step]:
        """Every cached credential, never its password."""
        return [steps.credential(kind, f"credential_{kind}") for kind in credentials.ACCOUNT_TYPES]

    def learn(self, results: Results) -> dict[str, Any]:
        return {"cached": {kind: attempt(_is_cached, results, kind) for kind in credentials.ACCOUNT_TYPES}}

    @property
    def given(self) -> Mapping[str, Mapping[str, Any]]:
        return {one["account_type"]: one for one in self.arguments["credentials"]}

    @property
    def patterns(self) -> Mapping[str, str]:
        """The guesses, with what the user knows better put over them."""
        return {**credentials.PATTERNS, **{name: str(one) for name, one in self.arguments["patterns"].items()}}

    # --- deciding -----------------------------------------------------------------------------------------------------

    def decide(self, state: Appliance) -> list[Change]:
        self._check_arguments(state)
        sealed = self._sealed()
        wanted = [kind for kind in self.given if sealed or self.record.get(kind) != self.generation]
        if not wanted:
            return []
        self.require_idle_host(state)
        self._check_cache(state, sealed)
        self.changing = wanted
        return [
            *([Change(f"put the unreadable cache of {self.arguments['discard_cache_of']} aside")] if sealed else []),
            self.record_change(
                f"enter {', '.join(wanted)} (generation {self.generation}) by {self._cmdlet}",
                **dict.fromkeys(wanted, self.generation),
            ),
        ]

    @property
    def _cmdlet(self) -> str:
        return {
            "set": "Set-CcCredential",
            "restore": "Restore-CcCredentials",
            "register_local": "Register-CcAppliance -Local",
        }[self.arguments["operation"]]

    def _check_arguments(self, state: Appliance) -> None:
        problems = credentials.pattern_problems(self.arguments["patterns"])
        if len(self.given) != len(self.arguments["credentials"]):
            problems.append("credentials names an account type twice")
        nameless = [kind for kind in credentials.NAMED if kind in self.given and not self.given[kind]["user"]]
        problems += [f"{kind} needs a user" for kind in nameless]
        problems += self._set_problems(state) if self.arguments["operation"] == "set" else self._cache_problems(state)
        if problems:
            raise Refused(f"{'; '.join(problems)}.", "Correct the options of this task; nothing was changed.")

    def _set_problems(self, state: Appliance) -> list[str]:
        strange = [kind for kind in self.given if kind not in credentials.SETTABLE]
        lacking = [
            kind for kind in credentials.OLD_AND_NEW if kind in self.given and self.given[kind]["old_password"] is None
        ]
        scripts = need(state.scripts) or "0.0"
        later = [
            (kind, since)
            for kind, since in credentials.SINCE.items()
            if kind in self.given and versions.key(scripts) < versions.key(since)
        ]
        return [
            *(f"{kind} came with {since}, and the scripts are {state.scripts or 'missing'}" for kind, since in later),
            *(f"Set-CcCredential does not take {kind}: use operation restore or register_local" for kind in strange),
            *(f"{kind} needs old_password: Set-CcCredential asks for the old and the new one" for kind in lacking),
        ]

    def _cache_problems(self, state: Appliance) -> list[str]:
        """What fills the whole cache must not stop half way for want of an answer."""
        missing = [kind for kind in ACCOUNTS if kind not in self.given]
        problems = [f"{self._cmdlet} may ask for {', '.join(missing)} too: add them to credentials"] if missing else []
        scripts = need(state.scripts)
        if self.arguments["operation"] == "restore" and (
            scripts is None or versions.key(scripts) < versions.key(RESTORE_SINCE)
        ):
            problems.append(
                f"Restore-CcCredentials came with {RESTORE_SINCE}, and the scripts are {scripts or 'missing'}"
            )
        return problems

    def _sealed(self) -> bool:
        """Whether the cache is there and this logon cannot decrypt it (T11)."""
        reasons = [found.reason for found in self.subject["cached"].values() if isinstance(found, Unknown)]
        return any(troubles.named(reason, SEALED) for reason in reasons)

    def _check_cache(self, state: Appliance, sealed: bool) -> None:
        if not sealed:
            return
        if self.arguments["operation"] != "register_local" or self.arguments["discard_cache_of"] is None:
            raise Refused(
                f"The credential cache on {self._host} is there and this logon cannot decrypt it.",
                "Log on as the deployment account with CredSSP. If the password of that Windows account was changed (T11): "
                "restart the host, then run this module with operation register_local, the same passwords as before, and "
                "discard_cache_of naming the account.",
                **{"class": SEALED, "retry": False},
            )
        # A network logon cannot decrypt a good cache either; but it cannot read the site directory at all.
        need(state.site_files)

    # --- acting -------------------------------------------------------------------------------------------------------

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        if self.arguments["operation"] == "set":
            for kind in self.changing:
                self._set(kind)
        else:
            self._fill(changes)

    def _set(self, kind: str) -> None:
        answers = credentials.set_answers(self.given[kind], self.patterns)
        asked = _asked(self._prompted(steps.set_credential(kind), f"set the credential {kind}", answers))
        if len(asked) < len(answers):
            raise Refused(
                f"Set-CcCredential -AccountType {kind} ended without an error but asked {len(asked)} of {len(answers)} "
                "questions, so it is not known what it has stored.",
                "Run it once at the console of the host and compare what it asks with the option patterns.",
            )
        self.write_record(**{kind: self.generation})

    def _fill(self, changes: Sequence[Change]) -> None:
        if len(changes) > 1:
            self._discard()
        cmdlet = steps.restore_credentials() if self.arguments["operation"] == "restore" else steps.register_locally()
        answers = credentials.cache_answers(list(self.given.values()), self.patterns)
        asked = _asked(self._prompted(cmdlet, "enter the credentials again", answers))
        entered = credentials.asked_types(list(self.given.values()), self.patterns, asked)
        self.write_record(**dict.fromkeys(sorted(entered), self.generation))
        kept = [kind for kind in self.changing if kind not in entered]
        if kept:
            raise Refused(
                f"{self._cmdlet} ended without an error and did not ask for {', '.join(kept)}: what was cached stays.",
                "If these have to change, use operation set or restore; else leave them out of credentials.",
            )

    def _discard(self) -> None:
        """T11 says to delete the file; aside it is as good as gone for the product, and nothing is lost."""
        path = rf"{steps.PROGRAM_DATA}\credentials.{self.arguments['discard_cache_of']}.xml"
        self.run_steps(
            [steps.move_file("discard", path, f"{path}.unreadable-{self.generation}")], "put the unreadable cache aside"
        )

    def _prompted(self, cmdlet: steps.Step, doing: str, answers: Sequence[Mapping[str, str]]) -> Answer:
        return self.run_steps([cmdlet], doing, [*answers, *self.arguments["prompts"]])

    # --- telling ------------------------------------------------------------------------------------------------------

    def extra(self, state: Appliance) -> dict[str, Any]:
        changed = [kind for kind in self.changing if kind in credentials.INSIDE_VMS]
        if changed and isinstance(state.backup, str):
            self.warn(
                f"The VMs of {state.backup} on {self._host} are off and keep the old passwords of {', '.join(changed)} "
                "(inferred): after a rollback to them the cache does not fit, and these credentials have to be set back."
            )
        return super().extra(state)


def _is_cached(results: Results, kind: str) -> bool:
    return bool(results.output(f"credential_{kind}"))


def _asked(answer: Answer) -> list[str]:
    return [prompt["text"] for prompt in answer.raw["prompts"] if prompt["answered"]]
