"""Names, parameter sets and what is mandatory, by the rules of PowerShell's binder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.powershell.binding import COMMON, BindingError, all_parameters, bind, find_parameter
from lab.powershell.syntax import Syntax, from_fact, known

Sets = Mapping[str, Mapping[str, Any]]


def _cmdlet(parameters: Mapping[str, Any], kind: str = "function", **more: Any) -> Syntax:
    facts = {name: {"type": "string", **fact} for name, fact in parameters.items()}
    return from_fact("Test-It", {"module": "Test", "kind": kind, "parameters": facts, **more})


def _outcome(syntax: Syntax, parameters: Mapping[str, object]) -> Any:
    try:
        return bind(syntax, parameters)
    except BindingError as refused:
        return refused.record.id.split(",")[0]


ABCD = _cmdlet({"Alpha": {"aliases": ["Zed"]}, "Alphabet": {}, "Beta": {"aliases": ["Verb"]}, "Path": {}})


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ALPHA", "Alpha"),
        ("alphab", "Alphabet"),
        ("z", "Alpha"),
        ("Verb", "Beta"),
        ("Verbo", "Verbose"),
        ("vb", "Verbose"),
        ("P", "Path"),
        ("-Path", "Path"),
    ],
)
def test_a_name_is_exact_an_alias_or_a_unique_beginning(name: str, meant: str) -> None:
    found = find_parameter(ABCD, all_parameters(ABCD), name)
    assert found is not None and found.name == meant


@pytest.mark.parametrize("name", ["A", "Alp", "Out", "E"])
def test_several_meanings_are_ambiguous(name: str) -> None:
    assert _outcome(ABCD, {name: "x"}) == "AmbiguousParameter"


def test_what_if_exists_only_where_the_cmdlet_supports_it() -> None:
    assert _outcome(_cmdlet({}), {"WhatIf": True}) == "NamedParameterNotFound"
    assert _outcome(_cmdlet({}, should_process=True), {"wi": True})[0] == {"WhatIf": True}


def test_one_parameter_given_under_two_names_is_refused() -> None:
    assert _outcome(ABCD, {"Alpha": "x", "Zed": "y"}) == "ParameterAlreadyBound"


def test_a_bad_value_comes_before_an_unknown_name() -> None:
    syntax = _cmdlet({"Number": {"type": "int"}})
    assert _outcome(syntax, {"Nonsense": 1, "Number": "x"}) == "ParameterArgumentTransformationError"


def test_sets_that_exclude_each_other_come_before_an_unknown_name() -> None:
    syntax = _cmdlet({"A": {"sets": {"One": {}}}, "B": {"sets": {"Two": {}}}})
    assert _outcome(syntax, {"A": "x", "B": "x", "Nonsense": 1}) == "AmbiguousParameterSet"


def test_an_unknown_name_comes_before_a_missing_parameter() -> None:
    syntax = _cmdlet({"Name": {"sets": {"__AllParameterSets": {"mandatory": True}}}})
    assert _outcome(syntax, {"Nonsense": 1}) == "NamedParameterNotFound"


TWO: Sets = {
    "Id": {"sets": {"ById": {"mandatory": True}}},
    "Name": {"sets": {"ByName": {"mandatory": True}, "Both": {}}},
    "Force": {"type": "switch"},
}


@pytest.mark.parametrize(
    ("default", "given", "chosen"),
    [
        (None, {"Id": "1"}, "ById"),
        (None, {"Name": "x"}, "AmbiguousParameterSet"),
        (None, {}, "Both"),
        ("ById", {}, "MissingMandatoryParameter"),
        ("Both", {"Name": "x"}, "Both"),
        ("Other", {"Force": True}, "Other"),
        ("ByName", {"Id": "1"}, "ById"),
    ],
)
def test_which_set_is_meant(default: str | None, given: Mapping[str, object], chosen: str) -> None:
    outcome = _outcome(_cmdlet(TWO, default_set=default), given)
    assert (outcome if isinstance(outcome, str) else outcome[1]) == chosen


def test_a_single_set_without_default_is_not_named_until_one_of_its_parameters_is_bound() -> None:
    syntax = _cmdlet({"A": {"sets": {"One": {}}}})
    assert (_outcome(syntax, {})[1], _outcome(syntax, {"A": "x"})[1]) == ("__AllParameterSets", "One")


@pytest.mark.parametrize(
    ("kind", "value", "id"),
    [
        ("string", "", "EmptyStringNotAllowed"),
        ("string", None, "EmptyStringNotAllowed"),
        ("string[]", None, "NullNotAllowed"),
        ("string[]", [], "EmptyArrayNotAllowed"),
        ("string[]", ["a", ""], "EmptyStringNotAllowed"),
        ("object[]", ["a", None], "NullNotAllowed"),
        ("hashtable", None, "NullNotAllowed"),
    ],
)
def test_a_mandatory_parameter_refuses_what_is_empty(kind: str, value: object, id: str) -> None:
    syntax = _cmdlet({"Name": {"type": kind, "sets": {"__AllParameterSets": {"mandatory": True}}}})
    assert _outcome(syntax, {"Name": value}) == f"ParameterArgumentValidationError{id}"


@pytest.mark.parametrize(
    ("kind", "value", "outcome"),
    [
        ("switch", 1, True),
        ("switch", None, True),
        ("switch", "yes", "CannotConvertArgument"),
        ("bool", None, "ParameterArgumentValidationErrorNullNotAllowed"),
        ("int", "x", "CannotConvertArgumentNoMessage"),
        ("int", [1], "CannotConvertArgument"),
        ("int", None, "ParameterBindingFailed"),
        ("string", None, None),
        ("string[]", [1, None], ["1", None]),
        ("int[]", "5", [5]),
    ],
)
def test_a_compiled_cmdlet_converts_by_its_own_rules(kind: str, value: object, outcome: object) -> None:
    got = _outcome(_cmdlet({"It": {"type": kind}}, "cmdlet"), {"It": value})
    assert (got if isinstance(got, str) else got[0]["It"]) == outcome


def test_error_ids_name_the_class_of_a_compiled_cmdlet() -> None:
    with pytest.raises(BindingError) as refused:
        bind(known()["get-content"], {})
    assert refused.value.record.id == "MissingMandatoryParameter,Microsoft.PowerShell.Commands.GetContentCommand"
    assert refused.value.record.command == "Get-Content"


@pytest.mark.parametrize(
    ("name", "value", "outcome"),
    [
        ("ErrorAction", "stop", "Stop"),
        ("ea", 1, "Stop"),
        ("ErrorAction", "Sometimes", "CannotConvertArgumentNoMessage"),
        ("OutBuffer", -1, "ParameterArgumentValidationError"),
        ("Verbose", 1, True),
        ("Verbose", "yes", "CannotConvertArgument"),
    ],
)
def test_common_parameters_are_bound_as_a_compiled_cmdlet_binds(
    bound: Callable[[str, Any], Any], name: str, value: object, outcome: object
) -> None:
    assert bound(name, value) == outcome


@given(st.sampled_from(sorted(known())), st.data())
def test_every_full_name_and_alias_means_its_parameter(cmdlet: str, data: st.DataObject) -> None:
    syntax = known()[cmdlet]
    parameter = data.draw(st.sampled_from(syntax.parameters + COMMON))
    name = data.draw(st.sampled_from((parameter.name, *parameter.aliases)))
    if parameter.declared:
        assert find_parameter(syntax, all_parameters(syntax), name.swapcase()) is parameter


@given(st.sampled_from(sorted(known())), st.data())
def test_an_abbreviation_means_one_of_the_names_it_begins_or_is_refused(cmdlet: str, data: st.DataObject) -> None:
    syntax = known()[cmdlet]
    parameter = data.draw(st.sampled_from(syntax.parameters + COMMON))
    start = parameter.name[: data.draw(st.integers(1, len(parameter.name)))]
    try:
        found = find_parameter(syntax, all_parameters(syntax), start)
    except BindingError as refused:
        assert refused.record.id.startswith("AmbiguousParameter,")
    else:
        assert found and any(name.lower().startswith(start.lower()) for name in (found.name, *found.aliases))
