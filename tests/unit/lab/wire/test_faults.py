from __future__ import annotations

from typing import Any

import pytest

from lab.wire import faults
from lab.wire.faults import InvalidRule, Rule, Rules


def rules(*given: dict[str, Any]) -> Rules:
    standing = Rules()
    standing.add(faults.parse(list(given)))
    return standing


def test_defaults() -> None:
    assert faults.parse({"op": "Send", "action": "rst"}) == [Rule("Send", "rst", 1, 0, False, 0.0)]
    assert faults.parse({"op": "Send", "action": "reboot"})[0].seconds == 3.0


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ({"action": "rst"}, "op is None; allowed: HTTP, Identify"),
        ({"op": "Fetch", "action": "rst"}, "op is 'Fetch'; allowed"),
        ({"op": "Send", "action": "explode"}, "action is 'explode'; allowed: rst"),
        ({"op": "Send", "action": "rst", "time": 1}, r"unknown fields \['time'\]"),
        ({"op": "Send", "action": "rst", "times": 0}, "times is 0, not a whole number from 1"),
        ({"op": "Send", "action": "rst", "times": True}, "times is True"),
        ({"op": "Send", "action": "rst", "skip": -1}, "skip is -1"),
        ({"op": "Send", "action": "rst", "after": "yes"}, "after is 'yes'"),
        ({"op": "Send", "action": "slow", "seconds": "1"}, "seconds is '1'"),
        ({"op": "Send", "action": "slow", "seconds": 86_401}, "seconds is 86401"),
        ({"op": "Command", "action": "lost_input"}, "lost_input is for op Send"),
        ({"op": "Send", "action": "lost_input", "after": True}, "would not be lost"),
        ({"op": "HTTP", "action": "busy"}, "busy is an answer to a WS-Management operation"),
        ({"op": "HTTP", "action": "http500", "after": True}, "after is for rst"),
        ("rst", "a rule is an object"),
    ],
)
def test_what_cannot_be_meant(rule: Any, complaint: str) -> None:
    with pytest.raises(InvalidRule, match=complaint):
        faults.parse(rule)


def test_skip_and_times() -> None:
    standing = rules({"op": "Send", "action": "rst", "skip": 1, "times": 2})
    assert [standing.take("Send") is not None for _ in range(4)] == [False, True, True, False]
    assert standing.listed() == []


def test_another_operation_is_not_counted() -> None:
    standing = rules({"op": "Send", "action": "rst", "skip": 1})
    standing.take("Receive")
    assert standing.listed()[0]["skip"] == 1


def test_rules_are_taken_in_order() -> None:
    standing = rules({"op": "Send", "action": "rst"}, {"op": "Send", "action": "fin"})
    assert [rule.action for rule in (standing.take("Send"), standing.take("Send")) if rule] == ["rst", "fin"]


def test_the_star_is_every_operation_but_http() -> None:
    standing = rules({"op": "*", "action": "rst"})
    assert standing.take("HTTP") is None
    assert standing.take("Delete") is not None


def test_clear() -> None:
    standing = rules({"op": "*", "action": "rst"})
    standing.clear()
    assert standing.take("Send") is None
