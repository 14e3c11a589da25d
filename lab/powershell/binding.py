"""PowerShell's parameter binder: from the parameters of a request to the bound parameters of a cmdlet, or an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from zlib import crc32

from lab.powershell.convert import convert, is_number, net_name, refuse_for_bool
from lab.powershell.errors import NAMESPACE, NON_INTERACTIVE, CannotConvert, ErrorRecord
from lab.powershell.objects import Credential
from lab.powershell.parameter_sets import Candidates, Unresolved
from lab.powershell.syntax import ALL_SETS, VALUES, Kind, Parameter, SetRule, Syntax
from lab.powershell.text import type_name
from lab.powershell.validate import Invalid, validate

BINDING = NAMESPACE + "ParameterBindingException"
TRANSFORMATION = NAMESPACE + "ParameterBindingArgumentTransformationException"
VALIDATION = NAMESPACE + "ParameterBindingValidationException"

_PREFERENCE = Kind(
    "enum",
    values=("SilentlyContinue", "Stop", "Continue", "Inquire", "Ignore", "Suspend", "Break"),
    net_name=NAMESPACE + "ActionPreference",
)


def _added(name: str, alias: str, kind: Kind, limits: tuple[int, int] | None = None) -> Parameter:
    return Parameter(name, kind, (alias,), {ALL_SETS: SetRule()}, limits=limits, declared=False)


COMMON = (
    _added("Verbose", "vb", Kind("switch")),
    _added("Debug", "db", Kind("switch")),
    _added("ErrorAction", "ea", _PREFERENCE),
    _added("WarningAction", "wa", _PREFERENCE),
    _added("InformationAction", "infa", _PREFERENCE),
    _added("ProgressAction", "proga", _PREFERENCE),
    _added("ErrorVariable", "ev", Kind("string")),
    _added("WarningVariable", "wv", Kind("string")),
    _added("InformationVariable", "iv", Kind("string")),
    _added("OutVariable", "ov", Kind("string")),
    _added("OutBuffer", "ob", Kind("int"), (0, 2**31 - 1)),
    _added("PipelineVariable", "pv", Kind("string")),
)
SHOULD_PROCESS = (_added("WhatIf", "wi", Kind("switch")), _added("Confirm", "cf", Kind("switch")))


class BindingError(Exception):
    """The parameters do not fit; the cmdlet does not run."""

    def __init__(self, record: ErrorRecord) -> None:
        super().__init__(record.message)
        self.record = record


def bind(syntax: Syntax, given: Mapping[str, object]) -> tuple[dict[str, object], str]:
    """The bound parameters by their full names, and the parameter set. Raises `BindingError`.

    The order of the checks is PowerShell's: each named parameter in turn (name, then value), parameter sets, unknown
    names, the one set that remains, its missing mandatory parameters.
    """
    parameters = all_parameters(syntax)
    candidates = Candidates(parameters, syntax.default_set)
    bound: dict[str, object] = {}
    unknown: list[str] = []
    for name, value in _as_splatted(syntax, given):
        parameter = find_parameter(syntax, parameters, name)
        if parameter is None:
            unknown.append(name)
            continue
        if parameter.name in bound:
            raise _already_bound(syntax, name)
        bound[parameter.name] = bind_value(syntax, parameter, value)
        candidates.narrow(parameter)
    return bound, _chosen_set(syntax, candidates, unknown)


def _as_splatted(syntax: Syntax, given: Mapping[str, object]) -> list[tuple[str, object]]:
    """The parameters as a splatted hashtable hands them over: in an order that has nothing to do with the request.

    With several wrong parameters that order decides which one is reported. PowerShell's is another one in each process;
    here it is always the same for the same cmdlet, and one of those that were recorded.
    """
    return sorted(given.items(), key=lambda item: _place(syntax.name, item[0]))


@lru_cache(maxsize=4096)
def _place(cmdlet: str, parameter: str) -> int:
    return crc32(f"{cmdlet}/{parameter}".lower().encode())


@lru_cache(maxsize=1024)
def all_parameters(syntax: Syntax) -> tuple[Parameter, ...]:
    """The cmdlet's own parameters and those PowerShell adds."""
    return syntax.parameters + COMMON + (SHOULD_PROCESS if syntax.should_process else ())


@lru_cache(maxsize=4096)
def find_parameter(syntax: Syntax, parameters: tuple[Parameter, ...], name: str) -> Parameter | None:
    """The parameter meant by a name: exact, alias, or the unique beginning of either (the cmdlet's own come first)."""
    wanted = name.removeprefix("-").lower()
    matches: list[Parameter] = []
    for parameter, known in _names(parameters):
        if known == wanted:
            return parameter
        if known.startswith(wanted) and parameter not in matches:
            matches.append(parameter)
    if len(matches) < 2:
        return matches[0] if matches else None
    own = [parameter for parameter in matches if parameter.declared]
    if len(own) == 1:
        return own[0]
    raise _ambiguous(syntax, name, matches)


def _names(parameters: Sequence[Parameter]) -> list[tuple[Parameter, str]]:
    names = [(parameter, parameter.name.lower()) for parameter in parameters]
    return names + [(parameter, alias.lower()) for parameter in parameters for alias in parameter.aliases]


def bind_value(syntax: Syntax, parameter: Parameter, value: object) -> object:
    """The value converted and validated for a parameter. Raises `BindingError`."""
    if parameter.kind.base == "pscredential" and not parameter.kind.array:
        _want_credential(syntax, parameter, value)
    compiled = syntax.compiled or not parameter.declared
    converted = _coerce(syntax, parameter, value) if compiled else _transform(syntax, parameter, value)
    try:
        validate(parameter, converted)
    except Invalid as failed:
        raise BindingError(
            ErrorRecord(str(failed), f"{failed.id},{syntax.error_name}", "InvalidData", VALIDATION, syntax.name)
        ) from None
    if converted is None and parameter.kind.base in VALUES and not parameter.kind.array:
        raise _not_set(syntax, parameter)
    return converted


def _want_credential(syntax: Syntax, parameter: Parameter, value: object) -> None:
    """Anything but a credential makes PowerShell ask for one, which fails where nobody is at the console."""
    if isinstance(value, Credential) or (value is None and not parameter.ever_mandatory):
        return
    why = NON_INTERACTIVE if value is None or isinstance(value, str) else "userName"
    raise _not_transformed(syntax, parameter, why)


def _transform(syntax: Syntax, parameter: Parameter, value: object) -> object:
    """How a function's parameter takes a value."""
    kind = parameter.kind
    try:
        if kind.base == "string" and not kind.array and isinstance(value, list):
            raise CannotConvert("Cannot convert value to type System.String.")
        if kind.base in ("bool", "switch"):
            for one in value if kind.array and isinstance(value, list) else [value]:
                refuse_for_bool(one, kind.element())
        return convert(value, kind)
    except CannotConvert as failed:
        raise _not_transformed(syntax, parameter, str(failed)) from None


def _coerce(syntax: Syntax, parameter: Parameter, value: object) -> object:
    """How a compiled cmdlet's parameter (and a common one) takes a value."""
    kind = parameter.kind
    if kind.array and value is not None:
        items = value if isinstance(value, list) else [value]
        return [_coerce_one(syntax, parameter, kind.element(), item) for item in items]
    return _coerce_one(syntax, parameter, kind, value)


def _coerce_one(syntax: Syntax, parameter: Parameter, kind: Kind, value: object) -> object:
    if value is None:
        return _null_for(syntax, parameter, kind)
    if kind.base in ("bool", "switch"):
        if isinstance(value, bool) or is_number(value):
            return bool(getattr(value, "number", value))
        raise _not_converted(syntax, parameter, "CannotConvertArgument", type_name(value))
    if isinstance(value, list) and kind.base not in ("object", "psobject", "enum"):
        raise _not_converted(syntax, parameter, "CannotConvertArgument", "Specified method is not supported.")
    try:
        return convert(value, kind)
    except CannotConvert as failed:
        raise _not_converted(syntax, parameter, "CannotConvertArgumentNoMessage", str(failed)) from None


def _null_for(syntax: Syntax, parameter: Parameter, kind: Kind) -> object:
    if kind.base == "bool":
        text = f"Cannot bind argument to parameter '{parameter.name}' because it is null."
        raise _refused(syntax, "ParameterArgumentValidationErrorNullNotAllowed", text)
    return True if kind.base == "switch" else None


def _chosen_set(syntax: Syntax, candidates: Candidates, unknown: Sequence[str]) -> str:
    try:
        candidates.check()
        if unknown:
            text = f"A parameter cannot be found that matches parameter name '{unknown[0]}'."
            raise _refused(syntax, "NamedParameterNotFound", text)
        candidates.choose()
        missing = candidates.missing()
        if missing:
            text = f"Cannot process command because of one or more missing mandatory parameters: {' '.join(missing)}."
            raise _refused(syntax, "MissingMandatoryParameter", text)
        return candidates.verified()
    except Unresolved:
        text = (
            "Parameter set cannot be resolved using the specified named parameters. "
            "One or more parameters issued cannot be used together or an insufficient number of parameters were provided."
        )
        raise _refused(syntax, "AmbiguousParameterSet", text) from None


def _not_set(syntax: Syntax, parameter: Parameter) -> BindingError:
    """A compiled cmdlet's property of a value type cannot be null."""
    why = f'Exception setting "{parameter.name}": "Cannot convert null to type "{net_name(parameter.kind)}"."'
    text = f"Cannot bind parameter '{parameter.name}' to the target. {why}"
    return BindingError(
        ErrorRecord(text, f"ParameterBindingFailed,{syntax.error_name}", "WriteError", BINDING, syntax.name)
    )


def _refused(syntax: Syntax, id: str, text: str) -> BindingError:
    return BindingError(ErrorRecord(text, f"{id},{syntax.error_name}", "InvalidArgument", BINDING, syntax.name))


def _ambiguous(syntax: Syntax, name: str, matches: Sequence[Parameter]) -> BindingError:
    possible = " ".join(f"-{match.name}" for match in matches)
    text = f"Parameter cannot be processed because the parameter name '{name}' is ambiguous."
    return _refused(syntax, "AmbiguousParameter", f"{text} Possible matches include: {possible}.")


def _already_bound(syntax: Syntax, name: str) -> BindingError:
    text = f"Cannot bind parameter because parameter '{name}' is specified more than once."
    return _refused(syntax, "ParameterAlreadyBound", text)


def _not_transformed(syntax: Syntax, parameter: Parameter, why: str) -> BindingError:
    text = f"Cannot process argument transformation on parameter '{parameter.name}'. {why}"
    id = f"ParameterArgumentTransformationError,{syntax.error_name}"
    return BindingError(ErrorRecord(text, id, "InvalidData", TRANSFORMATION, syntax.name))


def _not_converted(syntax: Syntax, parameter: Parameter, id: str, why: str) -> BindingError:
    text = f"Cannot bind parameter '{parameter.name}'. {why}"
    return _refused(syntax, id, text)
