"""The bridge's schema, which is the contract between the collection and the lab."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

SCHEMA = Path(__file__).parents[2] / "plugins" / "plugin_utils" / "cce" / "schemas" / "bridge.json"


class Misfit(Exception):
    """A document that is not what the bridge and its caller agreed on: an internal error of whoever wrote it."""


def checked(request: Any) -> Mapping[str, Any]:
    """The request itself when it fits; raises `Misfit` with the place and the reason when it does not."""
    _check(request, "request")
    assert isinstance(request, dict)
    return request


def check_answer(answer: Any) -> None:
    """Raises `Misfit` when an answer is not what the bridge answers."""
    _check(answer, "answer")


def _check(document: Any, part: str) -> None:
    error = next(_validator(part).iter_errors(document), None)
    if error:
        raise Misfit(f"internal error: not a {part} of the bridge: at {error.json_path}: {error.message}")


@cache
def _validator(part: str) -> jsonschema.Draft202012Validator:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    return jsonschema.Draft202012Validator({"$defs": schema["$defs"], "$ref": f"#/$defs/{part}"})
