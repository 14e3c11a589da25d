"""The lab answers what the real PowerShell answered: every recorded request, replayed."""

from __future__ import annotations

import json
from copy import deepcopy
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from lab.commands.answer import answered
from lab.powershell import contract
from lab.powershell.json_text import MARK

DATA = Path(__file__).parents[3] / "data"
#: Errors whose text is the product's own, or the bridge's; the wording of PowerShell's own errors may differ.
OWN_TEXT = ("OperationStopped", "ResourceBusy")
OWN_IDS = ("Microsoft.PowerShell.Commands.WriteErrorException", "CcVmNotFound", "UnexpectedPrompt", "NoOutput")


def _records(name: str) -> list[Any]:
    return [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]


CONFORMANCE = _records("conformance.jsonl")
BINDING = _records("binding.jsonl")


def _comparable(answer: Any) -> Any:
    """An answer without PowerShell's own wording, and nested answers as data (the record has them written anew)."""
    answer = deepcopy(answer)
    for result in answer["results"]:
        result["output"] = [_nested(output) for output in result["output"]]
        for error in result["errors"]:
            if error["category"] not in OWN_TEXT and error["id"].split(",")[0] not in OWN_IDS:
                error["message"] = None
    return answer


def _nested(output: Any) -> Any:
    if isinstance(output, str) and MARK in output:
        return _comparable(json.loads(output.split(MARK, 1)[1]))
    return output


def _answer(request: Any) -> Any:
    return json.loads(answered(json.dumps(request)))


@pytest.mark.parametrize("record", CONFORMANCE, ids=lambda record: record["name"])
def test_every_request_for_the_probe_is_answered_as_recorded(record: Any) -> None:
    assert _comparable(_answer(record["request"])) == _comparable(record["answer"])


@pytest.mark.parametrize("record", BINDING, ids=lambda record: record["name"])
def test_every_binding_is_as_recorded(record: Any) -> None:
    steps, recorded = record["request"]["steps"], _comparable(record["answer"])["results"]
    got = _comparable(_answer(record["request"]))["results"]
    assert len(got) == len(recorded)
    for step, ours, theirs in zip(steps, got, recorded, strict=True):
        assert ours == theirs or theirs in _any_order(step), step["name"]


def _any_order(step: Any) -> list[Any]:
    """A splatted hashtable has no order: of several wrong parameters PowerShell reports a random one.

    The record has both: `-InputObject thing -Tas text` is a bad value for Start-ScheduledTask and an ambiguous name for
    Stop-ScheduledTask, though the two have the same syntax.
    """
    orders = [dict(order) for order in permutations(step["parameters"].items())] if len(step["parameters"]) < 4 else []
    requests = [{"protocol": 1, "steps": [{**step, "parameters": order}]} for order in orders]
    return [_comparable(_answer(request))["results"][0] for request in requests]


@pytest.mark.parametrize("record", CONFORMANCE + BINDING, ids=lambda record: record["name"])
def test_what_was_recorded_fits_the_contract(record: Any) -> None:
    contract.checked(record["request"])
    contract.check_answer(record["answer"])


def test_a_bare_request_is_a_request_too() -> None:
    record = CONFORMANCE[0]
    assert answered(json.dumps(record)) == answered(json.dumps(record["request"]))
