"""Conversion to a parameter's type, by the rules of PowerShell's language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.powershell import numbers
from lab.powershell.convert import convert
from lab.powershell.errors import CannotConvert
from lab.powershell.objects import EnumValue, from_ticks, span_from_ticks, span_ticks, to_ticks
from lab.powershell.syntax import Kind
from lab.powershell.text import span_text, to_text
from lab.powershell.times import parse_span

Bound = Callable[[str, Any], Any]
BAD = "ParameterArgumentTransformationError"
INVALID = "ParameterArgumentValidationError"


@pytest.mark.parametrize(
    ("parameter", "value", "outcome"),
    [
        ("Number", 2.5, 2),
        ("Number", 3.5, 4),
        ("Number", "2.5", 2),
        ("Number", " 12 ", 12),
        ("Number", "0x1F", 31),
        ("Number", "0xFFFFFFFF", -1),
        ("Number", "1kb", 1024),
        ("Number", "1e3", 1000),
        ("Number", "1,000", 1000),
        ("Number", "+5", 5),
        ("Number", "", 0),
        ("Number", None, 0),
        ("Number", True, 1),
        ("Number", 3000000000, BAD),
        ("Number", "3000000000", BAD),
        ("Number", [1], BAD),
        ("Number", {}, BAD),
        ("Number", {"$ticks": 0}, BAD),
        ("Big", "9223372036854775807", 2**63 - 1),
        ("Big", 2**63, BAD),
        ("Real", "0.25", 0.25),
        ("Real", "1,5", 15),
        ("Real", None, 0),
        ("Real", "x", BAD),
        ("Flag", None, False),
        ("Flag", 1, BAD),
        ("Truth", 0, False),
        ("Truth", 0.5, True),
        ("Truth", None, BAD),
        ("Truth", [True], BAD),
        ("Text", 0.1, "0.1"),
        ("Text", 1e20, "1E+20"),
        ("Text", {"a": 1}, "System.Collections.Hashtable"),
        ("Text", {"$ticks": 637633727980000000}, "07/31/2021 23:59:58"),
        ("Text", {"$secure": "canary"}, "System.Security.SecureString"),
        ("Text", [], BAD),
        ("List", None, None),
        ("List", [["a", "b"], None, 1.5], ["a b", "", "1.5"]),
        ("Numbers", "5", [5]),
        ("Numbers", [2.5, "3", None], [2, 3, 0]),
        ("Numbers", [[1]], BAD),
        ("Table", [], BAD),
        ("Table", None, None),
        ("Secret", None, None),
        ("Credential", None, None),
        ("Credential", {"user": "x"}, BAD),
        ("When", None, BAD),
        ("When", "2021-07-31", "2021-07-31T00:00:00.0000000Z"),
        ("When", "07/31/2021 23:59", "2021-07-31T23:59:00.0000000Z"),
        ("When", "2021-07-31T23:59:58.1234567+02:00", "2021-07-31T21:59:58.1234560Z"),
        ("When", "yesterday", BAD),
        ("When", 5, "0001-01-01T00:00:00.0000005Z"),
        ("When", -1, BAD),
        ("Version", 2.1, "2.1"),
        ("Version", "1.2.3.4", "1.2.3.4"),
        ("Version", 2, BAD),
        ("Version", "1.2.3.4.5", BAD),
        ("Version", "1.-2", BAD),
        ("Span", "3", "3.00:00:00"),
        ("Span", "1.02:03", "1.02:03:00"),
        ("Span", "-1:2:3:4.5", "-1.02:03:04.5000000"),
        ("Span", 5, "00:00:00.0000005"),
        ("Span", "25:00:00", BAD),
        ("Span", None, BAD),
        ("State", "run", "Running"),
        ("State", 1, "Running"),
        ("State", "1", "Running"),
        ("State", "Stopped,Running", "Running"),
        ("State", ["Running"], "Running"),
        ("State", {}, "Stopped"),
        ("State", 2, BAD),
        ("State", "", BAD),
        ("State", None, BAD),
        ("State", True, BAD),
        ("AccountType", None, INVALID),
        ("Path", None, INVALID),
        ("Any", {"a": {"b": 1}}, ["a=System.Collections.Hashtable"]),
    ],
)
def test_a_value_for_a_function_s_parameter(bound: Bound, parameter: str, value: object, outcome: object) -> None:
    assert bound(parameter, value) == outcome


@pytest.mark.parametrize(
    ("kind", "value", "outcome"),
    [
        (Kind("byte"), 255, 255),
        (Kind("uint32"), "0xFFFFFFFF", 2**32 - 1),
        (Kind("uint64"), 2**64 - 1, 2**64 - 1),
        (Kind("char"), 65, "A"),
        (Kind("char", array=True), "ab", ["a", "b"]),
        (Kind("int"), EnumValue("Running", "ProbeState", 1), 1),
        (Kind("guid"), "{0f8fad5b-d9cb-469f-a165-70867728950e}", "0f8fad5b-d9cb-469f-a165-70867728950e"),
        (Kind("uri"), "HTTPS://Server.Example", "https://server.example/"),
        (Kind("uri"), "relative/Path", "relative/Path"),
    ],
)
def test_other_types(kind: Kind, value: object, outcome: object) -> None:
    converted = convert(value, kind)
    assert (to_text(converted) if kind.base == "guid" else converted) == outcome


@pytest.mark.parametrize(
    ("base", "value"),
    [
        ("byte", 256),
        ("uint32", -1),
        ("char", "ab"),
        ("char", 2**16),
        ("guid", "{0f8fad5b-d9cb-469f-a165-70867728950e"),
        ("guid", 5),
        ("hashtable", "x"),
        ("opaque", "x"),
        ("int", float("nan")),
    ],
)
def test_what_does_not_convert(base: str, value: object) -> None:
    with pytest.raises(CannotConvert):
        convert(value, Kind(base))


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_long_survives_its_text(number: int) -> None:
    assert numbers.parse_integer(str(number), "long") == number


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-(2**31) + 1, max_value=2**31 - 1))
def test_a_double_becomes_the_nearest_integer_and_a_half_the_even_one(number: float) -> None:
    whole = numbers.fit(number, "int")
    assert abs(whole - number) <= 0.5
    assert abs(whole - number) < 0.5 or whole % 2 == 0


@given(st.integers(-(10**17), 10**17))
def test_time_spans_keep_every_tick(ticks: int) -> None:
    assert span_ticks(parse_span(span_text(span_from_ticks(ticks)))) == ticks


@given(st.integers(0, 3155378975999999999))
def test_times_keep_every_tick(ticks: int) -> None:
    assert to_ticks(from_ticks(ticks)) == ticks


def test_a_whole_tick_count_is_python_s_own_time_span() -> None:
    assert type(span_from_ticks(10)) is timedelta
