"""Faults to inject, as data: which request of which operation is hit, and what becomes of it.

What ansible makes of each of them is measured in winrm.md 6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

SOAP_OPERATIONS = ("Identify", "Get", "Create", "Command", "Send", "Receive", "Signal", "Delete")
OPERATIONS = ("HTTP", *SOAP_OPERATIONS, "*")
"""`HTTP` is every HTTP request, the logon's too; `*` is every WS-Management operation, after the logon."""

SOAP_ACTIONS = ("timeout", "noshell", "nocommand", "quota_shells", "quota_ops", "busy")
"""Answered with that WS-Management fault."""
HTTP_STATUS = {"http401": 401, "http404": 404, "http413": 413, "http500": 500, "http503": 503, "html": 200}
"""Answered by something that does not speak WS-Management: a proxy, a load balancer."""
CUTS = ("rst", "fin", "truncate", "hang", "refuse", "reboot")
"""Never answered whole. For `seconds`, `refuse` also closes the ports, and `reboot` takes the computer down."""
ACTIONS = (*CUTS, "slow", "lost_input", *HTTP_STATUS, *SOAP_ACTIONS)
"""`slow` waits `seconds` and then goes on; `lost_input` accepts a Send and throws it away."""

DEFAULT_SECONDS = {"slow": 2.0, "hang": 3600.0, "refuse": 3.0, "reboot": 3.0}
_LONGEST = 86_400.0


class InvalidRule(ValueError):
    """A fault rule that cannot be meant; says which of its fields is wrong, and what is allowed."""


@dataclass
class Rule:
    """One fault. It spares the first `skip` requests of the operation, hits the next `times`, and is used up."""

    op: str
    action: str
    times: int = 1
    skip: int = 0
    after: bool = False
    """Whether the request is carried out first, and only its answer is broken: the client cannot know."""
    seconds: float = 0.0


def parse(data: object) -> list[Rule]:
    """Rules out of JSON data: one rule, or a list of them. Raises `InvalidRule`."""
    return [_rule(each) for each in (data if isinstance(data, list) else [data])]


def _rule(data: object) -> Rule:
    if not isinstance(data, Mapping):
        raise InvalidRule(f"a rule is an object with op and action, not {data!r}")
    known = [field.name for field in fields(Rule)]
    _require(not set(data) - set(known), f"unknown fields {sorted(set(data) - set(known))}; allowed: {known}")
    operation = _choice(data, "op", OPERATIONS)
    action = _choice(data, "action", ACTIONS)
    _require_fit(operation, action, bool(data.get("after")))
    return Rule(
        op=operation,
        action=action,
        times=_whole(data, "times", 1, at_least=1),
        skip=_whole(data, "skip", 0, at_least=0),
        after=_flag(data, "after"),
        seconds=_seconds(data, DEFAULT_SECONDS.get(action, 0.0)),
    )


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise InvalidRule(message)


def _require_fit(operation: str, action: str, after: bool) -> None:
    _require(action != "lost_input" or operation == "Send", "lost_input is for op Send")
    _require(action != "lost_input" or not after, "lost_input cannot come after: the input would not be lost")
    _require(action not in SOAP_ACTIONS or operation != "HTTP", f"{action} is an answer to a WS-Management operation")
    cut = action in CUTS or action == "slow"
    _require(operation != "HTTP" or not after or cut, f"after is for {', '.join(CUTS)} and slow if op is HTTP")


def _choice(data: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = data.get(name)
    _require(value in allowed, f"{name} is {value!r}; allowed: {', '.join(allowed)}")
    return str(value)


def _flag(data: Mapping[str, Any], name: str) -> bool:
    value = data.get(name, False)
    _require(isinstance(value, bool), f"{name} is {value!r}, not true or false")
    return bool(value)


def _whole(data: Mapping[str, Any], name: str, default: int, at_least: int) -> int:
    value = data.get(name, default)
    whole = isinstance(value, int) and not isinstance(value, bool)
    _require(whole and value >= at_least, f"{name} is {value!r}, not a whole number from {at_least}")
    return int(value)


def _seconds(data: Mapping[str, Any], default: float) -> float:
    value = data.get("seconds", default)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    _require(number and 0 <= value <= _LONGEST, f"seconds is {value!r}, not a number from 0 to {_LONGEST:g}")
    return float(value)


class Rules:
    """The faults that stand on one computer, in the order they were set."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def add(self, rules: Iterable[Rule]) -> None:
        """Set more faults; those that stand stay."""
        self._rules.extend(rules)

    def clear(self) -> None:
        """Remove every fault."""
        self._rules.clear()

    def take(self, operation: str) -> Rule | None:
        """The fault that hits this request, if any; counts it down. `operation` is one of `OPERATIONS` but `*`."""
        for rule in self._rules:
            if not _concerns(rule, operation):
                continue
            if rule.skip == 0:
                return self._used(rule)
            rule.skip -= 1
        return None

    def _used(self, rule: Rule) -> Rule:
        rule.times -= 1
        if rule.times == 0:
            self._rules.remove(rule)
        return rule

    def listed(self) -> list[dict[str, Any]]:
        """The faults that stand, as data."""
        return [asdict(rule) for rule in self._rules]


def _concerns(rule: Rule, operation: str) -> bool:
    return rule.op == operation or (rule.op == "*" and operation != "HTTP")
