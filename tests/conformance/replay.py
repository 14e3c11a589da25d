"""Answers recorded requests with the PowerShell of the lab: `python -m tests.conformance.replay < …/data/binding.jsonl`.

One JSON document a line in, one a line out. A line is a request, or a record with a `request` in it. Each line is answered by a
session of its own, which has the modules Probe and Syntax.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import simpy

from lab.powershell import remoting
from lab.powershell.answer import answer_now
from lab.powershell.catalogue import Registry
from lab.powershell.contract import Misfit
from lab.powershell.json_text import MARK, format_json
from tests.conformance import probe, syntax
from tests.conformance.probe import ProbeSession


def main() -> int:
    """Answer standard input line by line; 2 when a line was no request (its answer says what is wrong with it)."""
    failed = False
    for line in filter(str.strip, sys.stdin):
        try:
            text = answered(line)
        except (Misfit, json.JSONDecodeError) as error:
            failed = True
            text = json.dumps({"internal_error": str(error)})
        print(text, flush=True)
    return 2 if failed else 0


def answered(line: str) -> str:
    """The answer to one line, as JSON text."""
    document = json.loads(line)
    request = document.get("request", document)
    env = simpy.Environment()
    return json.dumps(
        as_recorded(json.loads(format_json(answer_now(env, ProbeSession(env, _registry(request)), request))))
    )


def as_recorded(answer: Any) -> Any:
    """The answer as the records have it: no times, and answers of nested requests as Python writes JSON."""
    for result in answer["results"]:
        result["seconds"] = 0
        result["output"] = [_nested(output) for output in result["output"]]
    return answer


def _nested(output: Any) -> Any:
    if not (isinstance(output, str) and MARK in output):
        return output
    head, text = output.split(MARK, 1)
    return head + MARK + json.dumps(as_recorded(json.loads(text)), separators=(",", ":"))


def _registry(request: dict[str, Any]) -> Registry:
    names = [str(step.get("cmdlet")).lower() for step in request.get("steps", ())]
    if any(name.startswith(f"{syntax.MODULE.lower()}\\") for name in names):
        return syntax.registry
    return Registry().merge(remoting.registry, probe.registry)


if __name__ == "__main__":
    sys.exit(main())
