"""The lab answers what the real PowerShell answered: every recorded request, replayed."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from lab.powershell import contract
from lab.powershell.json_text import MARK
from tests.conformance.replay import answered

DATA = Path(__file__).parent / "data"
#: Errors whose text is the product's own, or the bridge's; the wording of PowerShell's own errors may differ.
OWN_TEXT = ("OperationStopped", "ResourceBusy")
OWN_IDS = ("Microsoft.PowerShell.Commands.WriteErrorException", "CcVmNotFound", "UnexpectedPrompt", "NoOutput")


def _records(name: str) -> list[Any]:
    return [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]


CONFORMANCE = _records("conformance.jsonl")
BINDING = _records("binding.jsonl")


def test_all_records_are_there() -> None:
    bindings = sum(len(record["request"]["steps"]) for record in BINDING)
    assert (len(CONFORMANCE), bindings) == (347, 1652)


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
    assert _comparable(_answer(record["request"])) == _comparable(record["answer"])


@pytest.mark.parametrize("record", CONFORMANCE + BINDING, ids=lambda record: record["name"])
def test_what_was_recorded_fits_the_contract(record: Any) -> None:
    contract.checked(record["request"])
    contract.check_answer(record["answer"])


def test_a_bare_request_is_a_request_too() -> None:
    record = CONFORMANCE[0]
    assert answered(json.dumps(record)) == answered(json.dumps(record["request"]))
