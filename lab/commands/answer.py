"""Answer requests of the bridge without PowerShell: one JSON document a line in, one a line out. Simulated.

A line is a request, or a record with a `request` in it. Each line is answered by a session of its own.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import simpy

from lab.powershell import probe, remoting, syntax_twin
from lab.powershell.answer import answer_now
from lab.powershell.catalogue import Registry
from lab.powershell.contract import Misfit
from lab.powershell.json_text import MARK, format_json
from lab.powershell.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--probe",
        action="store_true",
        required=True,
        help="answer for the cmdlets of the module Probe, and of the module Syntax where a request names that",
    )


def run(options: argparse.Namespace) -> int:
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
    return json.dumps(as_recorded(json.loads(format_json(answer_now(env, Session(env, _registry(request)), request)))))


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
    if any(name.startswith(f"{syntax_twin.MODULE.lower()}\\") for name in names):
        return syntax_twin.registry
    return Registry().merge(remoting.registry, probe.registry)
