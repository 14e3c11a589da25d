"""What a request holds, as PowerShell values: the tags `$secure`, `$credential`, `$bridge`, `$output`, `$ticks`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lab.powershell.errors import bridge_error
from lab.powershell.objects import BRIDGE, Credential, Secret, from_ticks

Outputs = Mapping[str, list[object]]


def from_wire(value: object, outputs: Outputs) -> object:
    """One value of a request's parameters; `outputs` are the objects of the earlier steps, by name in lower case.

    Raises `Thrown` (`NoOutput`) when a step's output is asked for that gave none. Text stays text: Windows PowerShell
    4.0 and 5.1, which is what an appliance has, do not take a text for a time (PowerShell 7 does).
    """
    if isinstance(value, list):
        return [from_wire(item, outputs) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((tag, content),) = value.items()
        if tag == "$output":
            return step_output(str(content), outputs)
        if tag in _TAGS:
            return _TAGS[tag](content)
    return {name: from_wire(content, outputs) for name, content in value.items()}


def step_output(name: str, outputs: Outputs) -> object:
    """What a step returned: its one object, or a list of several; nothing and null are refused."""
    objects = [one for one in outputs.get(name.lower(), []) if one is not None]
    if not objects:
        raise bridge_error("NoOutput", f"step '{name}' gave nothing to pass on")
    return objects[0] if len(objects) == 1 else objects


def _secret(content: Any) -> Secret:
    return Secret("" if content is None else str(content))


def _credential(content: Any) -> Credential:
    return Credential(content["user"], _secret(content.get("password")))


_TAGS: dict[str, Callable[[Any], object]] = {
    "$secure": _secret,
    "$credential": _credential,
    "$bridge": lambda content: BRIDGE,
    "$ticks": from_ticks,
}
