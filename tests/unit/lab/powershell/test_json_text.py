"""The bridge's JSON, to the letter."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.powershell.json_text import answer_line, format_json, to_data
from lab.powershell.keep import select_kept
from lab.powershell.objects import Credential, NetList, PSObject, Secret, Version


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (1.0, "1"),
        (-0.0, "-0"),
        (0.0001, "0.0001"),
        (0.00001, "1E-05"),
        (1e14, "100000000000000"),
        (1e15, "1E+15"),
        (1.5e-7, "1.5E-07"),
        (0.1 + 0.2, "0.30000000000000004"),
        (float("nan"), "null"),
        (Decimal("12.50"), "12.50"),
        ('a"\\\x7f\n\U0001f4de', '"a\\u0022\\u005c\\u007f\\u000a\\ud83d\\udcde"'),
        ([], "[]"),
        ({"a": [1, {"b": None}]}, '{"a":[1,{"b":null}]}'),
        (datetime(2021, 7, 31), '"2021-07-31T00:00:00.0000000Z"'),
        (Version((2, 1)), '"2.1"'),
        (Secret("canary"), '"********"'),
        (Credential("user", Secret("canary")), '"********"'),
    ],
)
def test_values_are_written_as_the_bridge_writes_them(value: object, text: str) -> None:
    assert format_json(to_data(value)) == text


def test_the_line_is_marked() -> None:
    assert answer_line({"protocol": 1}) == '#cc-bridge# {"protocol":1}'


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(JSON)
def test_what_is_written_is_ascii_and_reads_back(data: Any) -> None:
    text = format_json(to_data(data))
    assert text.isascii()
    assert json.loads(text) == data


def _broken() -> object:
    raise ValueError("cannot be read")


def test_keep_names_properties_in_any_case_and_answers_the_asked_names() -> None:
    thing = PSObject({"Name": "vm1", "Broken": _broken, "Computed": lambda: 7}, text="a VM")
    assert to_data(thing) == "a VM"
    kept = {"name": "vm1", "Missing": None, "Broken": None, "computed": 7}
    assert select_kept(thing, ["name", "Missing", "Broken", "computed"]) == kept


@pytest.mark.parametrize(
    ("value", "name", "content"),
    [
        ("\U0001f4de", "length", 2),
        ([1, 2], "Count", 2),
        (NetList(["a"]), "Length", None),
        ({"Version": 1}, "Version", None),
        ({"Version": 1}, "Count", 1),
        (Version((2, 1)), "Build", -1),
        (None, "Length", None),
        (7, "Length", None),
    ],
)
def test_keep_reads_the_properties_of_dotnet_s_own_types(value: object, name: str, content: object) -> None:
    assert select_kept(value, [name]) == {name: content}


def test_secrets_do_not_show_themselves() -> None:
    assert "canary" not in repr(Credential("user", Secret("canary")))
