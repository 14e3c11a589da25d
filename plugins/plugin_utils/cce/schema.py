# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The JSON Schemas in `schemas/`, and what is wrong with a document by one of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

FOLDER = Path(__file__).parent / "schemas"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        wanted: the schema's description of what is to be written there.
        wrong_type: what is there is not even of the type that is wanted: it may belong elsewhere, and should not be shown.
    """

    place: tuple[str, ...]
    wanted: str
    value: Any = None
    missing: bool = False
    unknown: bool = False
    wrong_type: bool = False


@cache
def schema(name: str) -> Any:
    """The schema of that file name; do not change it.

    Raises:
        FileNotFoundError: there is none.
    """
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


@cache
def _validator(name: str) -> Draft202012Validator:
    from jsonschema import Draft202012Validator, FormatChecker
    from referencing import Registry, Resource

    registry: Registry[Any] = Registry(retrieve=lambda uri: Resource.from_contents(schema(uri)))  # type: ignore[call-arg]
    return Draft202012Validator(schema(name), registry=registry, format_checker=FormatChecker())


def faults(name: str, document: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with the document, each fault once, sorted by place."""
    found = {
        (fault.place, fault.missing): fault
        for error in _validator(name).iter_errors(document)
        for fault in _faults(error)
    }
    return [found[key] for key in sorted(found)]


def _faults(error: ValidationError) -> list[Fault]:
    """A missing or unknown property is a fault of its own place."""
    place = tuple(str(part) for part in error.absolute_path)
    rules: Any = error.schema
    value: Any = error.instance
    if error.validator == "required":
        names = [name for name in rules["required"] if name not in value]
        known = rules.get("properties", {})
        return [Fault((*place, name), known.get(name, {}).get("description", ""), missing=True) for name in names]
    if error.validator == "additionalProperties":
        return [Fault((*place, name), "", unknown=True) for name in value if name not in rules["properties"]]
    wrong_type = error.validator == "type" or isinstance(value, list | dict)
    return [Fault(place, rules.get("description", error.message), value, wrong_type=wrong_type)]
