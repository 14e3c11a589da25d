"""Validation of a converted value: ValidateSet, ValidateRange, ValidateNotNullOrEmpty, and mandatory parameters."""

from __future__ import annotations

from lab.powershell.syntax import VALUES, Parameter
from lab.powershell.text import to_text

VALIDATION_ERROR = "ParameterArgumentValidationError"
EMPTY = "The argument is null or empty. Provide an argument that is not null or empty, and then try the command again."


class Invalid(Exception):
    """A value that a parameter refuses; `id` is the id of PowerShell's error."""

    def __init__(self, text: str, id: str = VALIDATION_ERROR) -> None:
        super().__init__(text)
        self.id = id


def validate(parameter: Parameter, value: object) -> None:
    """Check a converted value; raises `Invalid`."""
    for check in (_check_set, _check_range, _check_not_empty):
        try:
            check(parameter, value)
        except ValueError as failed:
            raise Invalid(f"Cannot validate argument on parameter '{parameter.name}'. {failed}") from None
    if parameter.ever_mandatory:
        _check_mandatory(parameter, value)


def _elements(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _check_set(parameter: Parameter, value: object) -> None:
    if not parameter.allowed:
        return
    allowed = [one.lower() for one in parameter.allowed]
    if value is None:
        raise ValueError(EMPTY)
    for item in _elements(value):
        if to_text(item).lower() not in allowed:
            raise ValueError(
                f'The argument "{to_text(item)}" does not belong to the set "{",".join(parameter.allowed)}" specified by '
                "the ValidateSet attribute. Supply an argument that is in the set and then try the command again."
            )


def _check_range(parameter: Parameter, value: object) -> None:
    if not parameter.limits:
        return
    low, high = parameter.limits
    for item in _elements(value):
        if not isinstance(item, (int, float)) or not low <= item <= high:
            raise ValueError(f"The {to_text(item)} argument is not in the allowed range of {low} to {high}.")


def _check_not_empty(parameter: Parameter, value: object) -> None:
    if parameter.not_empty and (value in (None, "", []) or None in _elements(value) or "" in _elements(value)):
        raise ValueError(EMPTY)


def _check_mandatory(parameter: Parameter, value: object) -> None:
    what = f"Cannot bind argument to parameter '{parameter.name}' because it is"
    if value is None:
        raise Invalid(f"{what} null.", f"{VALIDATION_ERROR}NullNotAllowed")
    if parameter.kind.base == "string" and not parameter.kind.array and value == "":
        raise Invalid(f"{what} an empty string.", f"{VALIDATION_ERROR}EmptyStringNotAllowed")
    if not parameter.kind.array or not isinstance(value, list):
        return
    if not value:
        raise Invalid(f"{what} an empty array.", f"{VALIDATION_ERROR}EmptyArrayNotAllowed")
    if parameter.kind.base in VALUES:
        return
    if None in value:
        raise Invalid(f"{what} null.", f"{VALIDATION_ERROR}NullNotAllowed")
    if parameter.kind.base == "string" and "" in value:
        raise Invalid(f"{what} an empty string.", f"{VALIDATION_ERROR}EmptyStringNotAllowed")
