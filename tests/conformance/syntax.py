"""The module Syntax of the recorded bindings: every cmdlet of the facts as a function that says what was bound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from lab.powershell.catalogue import Registry
from lab.powershell.convert import convert, net_name
from lab.powershell.errors import CannotConvert, ErrorRecord
from lab.powershell.invocation import Invocation
from lab.powershell.objects import Credential, Secret, as_utc
from lab.powershell.syntax import Kind, Parameter, Syntax, known
from lab.powershell.text import to_text

MODULE = "Syntax"


def _as_function(syntax: Syntax) -> Syntax:
    """The same parameters, declared by a script; its objects are of a class that nothing converts to."""
    return replace(
        syntax,
        module=MODULE,
        compiled=False,
        parameters=tuple(map(_without_class, syntax.parameters)),
    )


def _without_class(parameter: Parameter) -> Parameter:
    if parameter.kind.base != "opaque":
        return parameter
    return replace(parameter, kind=replace(parameter.kind, net_name="Opaque"))


registry = Registry({syntax.name: _as_function(syntax) for syntax in known().values()})


def answer_bound(call: Invocation) -> None:
    """Write the parameter set and `name=value` of everything bound, as the recorded function did."""
    call.write({"set": call.parameter_set, "bound": _bound(call)})


registry.implements(*(syntax.name for syntax in known().values()))(answer_bound)


def _bound(call: Invocation) -> list[object]:
    """The function's loop assigns to `$name` and `$value`; where these are parameters, the assignment converts."""
    kinds = {parameter.name.lower(): parameter.kind for parameter in call.syntax.parameters}
    lines: list[object] = []
    for name in sorted(call.parameters, key=str.lower):
        try:
            lines.append(_line(call, name, kinds))
        except CannotConvert as failed:
            call.report(ErrorRecord(str(failed), "ConvertToFinalInvalidCastException", "InvalidArgument"))
            return [None]
    return lines


def _line(call: Invocation, name: str, kinds: dict[str, Kind]) -> str:
    own = kinds.get(name.lower())
    index = _assigned(name, kinds.get("name"))
    value: object = call.parameters[name]
    if isinstance(index, list):  # a list of names gives a list of values
        value = [net_name(own) if own and isinstance(value, list) else value]
    value = _assigned(value, kinds.get("value"))
    return f"{to_text(index)}={_shown(value)}"


def _assigned(value: object, kind: Kind | None) -> object:
    return convert(value, kind) if kind else value


_SHOWN: dict[type, Callable[..., str]] = {
    Secret: lambda value: "(secret)",
    Credential: lambda value: value.user,
    dict: lambda value: " ".join(sorted(map(to_text, value), key=str.lower)),
    datetime: lambda value: as_utc(value).isoformat()[:19],
}


def _shown(value: object) -> str:
    writer = next((writer for kind, writer in _SHOWN.items() if isinstance(value, kind)), to_text)
    return writer(value)
