"""What a person says about a run: several words at once, and files that nobody understands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import control
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.control import Control, Word

ANNA = Word("anna", "storm", "2026-05-04T01:00:00+00:00")
BERT = Word("bert", "its disk is being replaced")
SAID = {"by": "anna", "reason": "storm"}


def parsed(found: Any) -> Control:
    return control.parse(json.dumps(found))


def test_two_words_at_once_hold_both() -> None:
    held = control.applied(Control(), control.HOLD, ANNA)
    both = control.applied(held, control.LEAVE_OUT, BERT, "cce-2")
    three = control.applied(both, control.STOP, ANNA)
    assert control.parse(control.written(three)) == three
    assert three.sentences() == [
        "The run is held by anna at 2026-05-04T01:00:00+00:00 (storm).",
        "The run is to stop after this appliance, by anna at 2026-05-04T01:00:00+00:00 (storm).",
        "cce-2 is left out by bert (its disk is being replaced).",
    ]


def test_go_on_takes_back_hold_and_stop_and_leaves_out_who_is_left_out() -> None:
    said = Control(ANNA, ANNA, {"cce-2": BERT})
    assert control.applied(said, control.GO_ON, ANNA) == Control(left_out={"cce-2": BERT})
    assert control.applied(said, control.GO_ON, ANNA, "cce-2") == Control(ANNA, ANNA)
    assert control.applied(said, control.SHOW, ANNA) == said


@pytest.mark.parametrize(
    ("before", "action", "appliance", "words"),
    [
        (Control(), control.LEAVE_OUT, "", "say which appliance"),
        (Control(), control.GO_ON, "cce-2", "is not left out"),
        (Control(problem="is no file"), control.HOLD, "", "say go_on first"),
    ],
)
def test_what_cannot_be_said(before: Control, action: str, appliance: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        control.applied(before, action, ANNA, appliance)


def test_go_on_begins_a_file_anew_that_nobody_understands() -> None:
    assert control.applied(Control(problem="is no file"), control.GO_ON, ANNA) == Control()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hold",
        "[]",
        "null",
        '{"hold": true}',
        '{"hold": {"by": "anna"}}',
        '{"hold": {"by": "", "reason": "x"}}',
        '{"hold": {"by": " \\u0007", "reason": " "}}',
        '{"hold": {"by": "anna", "reason": 3}}',
        '{"hold": {"by": "anna", "reason": "x", "until": "noon"}}',
        '{"held": {"by": "anna", "reason": "x"}}',
        '{"hold": {"by": "anna", "reason": "' + "x" * 301 + '"}}',
        '{"leave_out": ["cce-1"]}',
        '{"leave_out": {"cce-1": "x"}}',
        '{"stop_after_appliance": []}',
        '{"hold": ' * 100_000,
        '{"hold": {"by": "anna", "reason": "x"}',
    ],
)
def test_a_file_that_nobody_understands_holds_the_run(text: str) -> None:
    found = control.parse(text)
    assert found.held.startswith("held, since the control file") and found.hold is None
    assert "\n" not in found.held and len(found.held) < 500


def test_a_hostile_name_cannot_write_to_the_terminal() -> None:
    found = parsed({"hold": {"by": "an\x1b[2Jna", "reason": "a\nb\u202e"}, "leave_out": {"x\x1b": SAID}})
    text = " ".join(found.sentences())
    assert "\x1b" not in text and "\n" not in text and "\u202e" not in text and "an\ufffd[2Jna" in text


def test_a_file_by_hand_needs_no_time() -> None:
    assert parsed({"hold": SAID}).held == "held by anna (storm)"
    assert parsed({}) == Control() and parsed({"leave_out": None, "hold": None}) == Control()


@pytest.mark.parametrize(("taken", "stops"), [("", True), ("this", True), ("another", False)])
def test_a_stop_is_for_the_run_that_took_it_up(taken: str, stops: bool) -> None:
    assert Control(stop=Word("anna", "shift ends", run=taken)).stops("this") is stops
    assert not Control().stops("this")
