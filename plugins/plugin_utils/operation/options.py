# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options of a task: checked by the spec of its module, and never quoted where they are secrets.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..cce.exceptions import OptionError

Spec = dict[str, dict[str, Any]]

BOUNDS = ("exchange_timeout", "poll_interval")
"""Options in seconds that would make a wait endless, or no wait at all, if they were not more than 0."""

BY_NAME: Spec = {"by": {"type": "str", "required": True}, "reason": {"type": "str", "required": True}}
"""A person who answers for something, and why."""


def options(action: ActionBase, spec: Spec, rules: Mapping[str, Any]) -> dict[str, Any]:
    """The validated options of a task, with their defaults. Raises OptionError."""
    action._task.args = _given(action._task.args)
    if shapes := _shape_problems(spec, action._task.args):
        raise OptionError(f"{'; '.join(shapes)}.")
    try:
        checked = action.validate_argument_spec(argument_spec=spec, **rules)[1]
    except AnsibleActionFail as error:
        raise OptionError(f"{str(error).rstrip('.')}.") from None
    problems = _bound_problems(checked)
    if problems:
        raise OptionError(f"{'; '.join(problems)}.")
    return dict(checked)


def refuse_keywords(action: ActionBase) -> None:
    """Refuse keywords of the task that Windows would ignore in silence (ansible.md 7). Raises OptionError."""
    if getattr(action._connection, "become", None):
        raise OptionError("become is not supported: it would be ignored.", "Log on as the deployment account instead.")
    if any(action._task.environment or []):
        raise OptionError("environment is not supported: it would be ignored.", "Remove the keyword from the task.")


def _given(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were given: None, and the empty text an AWX survey sends, mean that one was not."""
    return {name: value for name, value in raw.items() if value is not None and value != ""}


def _bound_problems(given: Mapping[str, Any]) -> list[str]:
    """What is wrong with options that bound a wait."""
    return [f"{name} must be more than 0" for name in BOUNDS if given.get(name, 1) <= 0]


def _shape_problems(spec: Spec, raw: Mapping[str, Any]) -> list[str]:
    """What is wrong with the build of options that are secrets, or hold some. Never shows what stands in them.

    Ansible's own check would quote the value that does not fit.
    """
    return [problem for name, value in raw.items() if (problem := _shape_problem(name, spec.get(name, {}), value))]


def _shape_problem(name: str, rule: Mapping[str, Any], value: Any) -> str:
    if rule.get("no_log") and rule.get("type") == "dict":
        texts = isinstance(value, Mapping) and all(isinstance(text, str) for text in (*value, *value.values()))
        return "" if texts else f"{name} must be a dictionary of texts"
    if rule.get("no_log"):
        return f"{name} must be a text" if isinstance(value, Mapping | Sequence) and not isinstance(value, str) else ""
    if not _holds_secrets(rule):
        return ""
    elements = value if rule["type"] == "list" else [value]
    if not isinstance(elements, list) or not all(isinstance(element, Mapping) for element in elements):
        return f"{name} must be a {'list of dictionaries' if rule['type'] == 'list' else 'dictionary'}"
    inner = (_shape_problems(rule["options"], _given(element)) for element in elements)
    return "; ".join(f"{name}: {problem}" for problems in inner for problem in problems)


def _holds_secrets(rule: Mapping[str, Any]) -> bool:
    return any(inner.get("no_log") or _holds_secrets(inner) for inner in rule.get("options", {}).values())


def secrets(spec: Spec, raw: Mapping[str, Any]) -> Iterator[str]:
    """The texts in `raw` that must never be shown: of options with `no_log`, and whatever stands where such options should."""
    for name, value in raw.items():
        rule = spec.get(name, {})
        if rule.get("no_log"):
            yield from _texts(value)
        elif "options" in rule:
            for element in value if isinstance(value, Sequence) and not isinstance(value, str) else [value]:
                yield from _secrets_within(rule, element)


def _secrets_within(rule: Mapping[str, Any], element: Any) -> Iterator[str]:
    if isinstance(element, Mapping):
        yield from secrets(rule["options"], element)
    elif _holds_secrets(rule):
        yield from _texts(element)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from _texts(item)
    elif value is not None:
        yield str(value)
