"""The syntax of cmdlets: parameters, types, aliases, parameter sets. Source: `data/cmdlets.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

ALL_SETS = "__AllParameterSets"
FACTS = Path(__file__).parent / "data" / "cmdlets.json"

# The types that cannot be null.
_NUMBERS = ("int", "long", "uint16", "uint32", "uint64", "byte", "double")
VALUES = frozenset((*_NUMBERS, "char", "bool", "switch", "datetime", "timespan", "guid", "enum"))

# The class behind a compiled cmdlet, which is what its error ids name; a function's ids name the function.
_CLASS_NAMES = {
    "BitsTransfer": "Microsoft.BackgroundIntelligentTransfer.Management.{}Command",
    "CimCmdlets": "Microsoft.Management.Infrastructure.CimCmdlets.{}Command",
    "PKI": "Microsoft.CertificateServices.Commands.{}",
    "DnsClient": "Microsoft.DnsClient.Commands.{}",
}


@dataclass(frozen=True)
class Kind:
    """A parameter's type: its base name as in the facts, whether it is an array, and what an enum or an object is."""

    base: str
    array: bool = False
    values: tuple[str, ...] = ()
    net_name: str = ""

    def element(self) -> Kind:
        """The type of one element of this array."""
        return Kind(self.base, False, self.values, self.net_name)


@dataclass(frozen=True)
class SetRule:
    """What a parameter is in one parameter set."""

    mandatory: bool = False
    position: int | None = None


@dataclass(frozen=True, eq=False)
class Parameter:
    """One parameter. `declared`: the cmdlet's own, not one that PowerShell adds to every cmdlet."""

    name: str
    kind: Kind
    aliases: tuple[str, ...] = ()
    sets: Mapping[str, SetRule] = field(default_factory=lambda: {ALL_SETS: SetRule()})
    allowed: tuple[str, ...] = ()
    limits: tuple[int, int] | None = None
    not_empty: bool = False
    declared: bool = True

    @cached_property
    def ever_mandatory(self) -> bool:
        """Whether it is mandatory in some set: then null and empty values are refused in all."""
        return any(rule.mandatory for rule in self.sets.values())


@dataclass(frozen=True, eq=False)
class Syntax:
    """One cmdlet. `compiled`: a binary cmdlet (converts and names its errors otherwise than a function)."""

    name: str
    module: str
    parameters: tuple[Parameter, ...] = ()
    default_set: str | None = None
    compiled: bool = False
    should_process: bool = False

    @property
    def error_name(self) -> str:
        """What stands behind the comma of this cmdlet's error ids."""
        if not self.compiled:
            return self.name
        pattern = _CLASS_NAMES.get(self.module, "Microsoft.PowerShell.Commands.{}Command")
        return pattern.format(self.name.replace("-", ""))


def from_fact(name: str, fact: Mapping[str, Any]) -> Syntax:
    """The syntax that one entry of the facts describes (`should_process`, `range`, `not_empty` are for own declarations)."""
    return Syntax(
        name=name,
        module=fact["module"],
        parameters=tuple(parameter(own, one) for own, one in fact["parameters"].items()),
        default_set=fact.get("default_set"),
        compiled=fact.get("kind") == "cmdlet",
        should_process=bool(fact.get("should_process")),
    )


def parameter(name: str, fact: Mapping[str, Any]) -> Parameter:
    """One parameter of the facts; without `sets` it is an optional one of every set."""
    values = tuple(fact.get("values", ()))
    is_enum = "enum" in fact
    base = fact["type"].removesuffix("[]")
    return Parameter(
        name=name,
        kind=Kind(
            base, fact["type"].endswith("[]"), values if is_enum else (), fact.get("enum") or fact.get("class", "")
        ),
        aliases=tuple(fact.get("aliases", ())),
        sets={group: SetRule(**rule) for group, rule in fact.get("sets", {ALL_SETS: {}}).items()},
        allowed=() if is_enum else values,
        limits=tuple(fact["range"]) if "range" in fact else None,
        not_empty=bool(fact.get("not_empty")),
    )


@cache
def known() -> Mapping[str, Syntax]:
    """The facts: every known cmdlet by its name in lower case."""
    facts = json.loads(FACTS.read_text("utf-8"))
    return {name.lower(): from_fact(name, fact) for name, fact in facts.items()}
