"""Planted secrets of nasty shapes, in every form in which a product or a library may give them back."""

from __future__ import annotations

import base64
import html
import json
import re
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.bridge.masking import DEEPEST, MASK, Masker
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.answers import MARK, Answer, parse_line
from hypothesis import given, settings
from hypothesis import strategies as st

SECRETS = {
    "ordinary": "Canary-9d3f",
    "two blanks": "Canary  9d3f",
    "line end": "Canary\r\n9d3f",
    "tab": "Canary\t9d3f",
    "ends with blanks": "  Canary 9d3f ",
    "quotes": "Can'a\"ry''9d3f",
    "markup": "<Canary & \"9d3f'>",
    "entity": "Canary&amp;9d3f&lt;",
    "backslash": "Canary\\9d3f\\",
    "escape": "Canary\\n9d3f\\u0041",
    "regular expression": "^Canary.9d3f!.x[a-z]+(b|c)*${1}#?",
    "PowerShell": "$(Canary) `9d3f` @{a=1};",
    "letters beyond ASCII": "Can\u00e4ry\u20ac\U0001f511",
    "percent": "Canary%209d3f+/=",
    "path": "Canary /9d3f?",
    "all at once": "Can\u00e4\"r'y\\<9d3f>-&~ #]}",
    "shortest": "a<b",
}


def json_of_bridge(text: str) -> str:
    """As Format-JsonString of bridge.ps1."""
    units = text.encode("utf-16-be")
    chars = [chr(int.from_bytes(units[at : at + 2], "big")) for at in range(0, len(units), 2)]
    return "".join(f"\\u{ord(c):04x}" if c in '"\\' or not 0x20 <= ord(c) < 0x7F else c for c in chars)


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda secret: secret,
    "JSON": lambda secret: json.dumps(secret)[1:-1],
    "JSON with letters": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "JSON of the bridge": lambda secret: json_of_bridge(secret),
    "JSON in JSON": lambda secret: json.dumps(json.dumps(secret))[3:-3],
    "ConvertTo-Json of Windows": lambda secret: re.sub(
        "[<>&']", lambda char: f"\\u{ord(char[0]):04x}", json.dumps(secret, ensure_ascii=False)[1:-1]
    ),
    "HTML": html.escape,
    "XML with &apos;": lambda secret: html.escape(secret).replace("&#x27;", "&apos;"),
    "XML with &#39;": lambda secret: html.escape(secret).replace("&#x27;", "&#39;"),
    "XML": lambda secret: secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
    "XML in JSON": lambda secret: json.dumps(html.escape(secret))[1:-1],
    "doubled quotes": lambda secret: secret.replace("'", "''"),
    "doubled double quotes": lambda secret: secret.replace('"', '""'),
    "collapsed": lambda secret: " ".join(secret.split()),
    "wrapped": lambda secret: secret.replace(" ", "\r\n"),
    "upper case": str.upper,
    "lower case": str.lower,
    "regular expression": re.escape,
    "regular expression of .NET": lambda secret: re.sub(r"[\\*+?|{\[()^$.# ]", r"\\\g<0>", secret),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 of UTF-16": lambda secret: base64.b64encode(secret.encode("utf-16-le")).decode(),
    "URL": urllib.parse.quote,
    "URL, all of it": lambda secret: urllib.parse.quote(secret, safe=""),
    "URL of a form": urllib.parse.quote_plus,
}
EVERY = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
SHAPES = pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)


@EVERY
@SHAPES
def test_no_form_of_a_secret_is_left(secret: str, form: Callable[[str], str]) -> None:
    masked = Masker(["other secret", secret]).text(f"it said: {form(secret)}, and ended.")
    blanks = r"(?:\\?\s|%20|\+)*"
    assert re.fullmatch(rf"it said: {blanks}{re.escape(MASK)}{blanks}, and ended\.", masked)


@pytest.mark.parametrize("secret", [secret for secret in SECRETS.values() if len(secret) >= 8])
def test_a_secret_within_something_longer_in_base64_is_found(secret: str) -> None:
    masker = Masker([secret])
    for user in ("u", "us", "use"):
        encoded = base64.b64encode(f"{user}:{secret}".encode()).decode()
        assert MASK in masker.text(f"Authorization: Basic {encoded}")


def test_the_mask_itself_is_masked_already() -> None:
    assert Masker(["***"]).text(f"a {MASK} b*** c") == f"a {MASK} b{MASK} c"


def test_the_longer_of_two_secrets_counts() -> None:
    assert Masker(["Canary", "Canary-9d3f"]).text("Canary-9d3f Canary") == f"{MASK} {MASK}"


@pytest.mark.parametrize("secret", ["", "a", "ab", "  "])
def test_a_secret_that_is_in_every_word_is_left_alone(secret: str) -> None:
    assert Masker([secret]).text("a ab  abc") == "a ab  abc"


def test_a_short_secret_between_blanks_is_searched_with_its_blanks() -> None:
    assert Masker([" a "]).text("an a b") == f"an{MASK}b"


@pytest.mark.parametrize("secrets", [[], ["Canary-9d3f"]])
@pytest.mark.parametrize(
    "text",
    [
        "[Common]\r\n;;; the site's own: \u00e4 & <b> \\\\server\\share\r\n\tSiteName=Oslo  1\r\n\r\n",
        "\ufeff[Gateway1]\nIP=10.0.0.1\n",
        '{"appliance": "cce-1", "token": "0123456789abcdef", "text": "a\\u0020b\\n"}',
        MARK + '{"results": [ ], "note":"spaces and \\u0061 stay"}' + "\r\nmore",
        MARK + '{"results": [',
    ],
)
def test_a_text_without_a_secret_stays_byte_for_byte(secrets: list[str], text: str) -> None:
    masker = Masker(secrets)
    assert masker.text(text) == text
    assert masker.value({"file": [text]}) == {"file": [text]}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07", "\\u001b]0;title\\u0007"),
        ("a\x00b\x7f\x9b2J\x85", "a\\u0000b\\u007f\\u009b2J\\u0085"),
        ("\u202e\u202a\u2066\u2069\u2028\u2029", "\\u202e\\u202a\\u2066\\u2069\\u2028\\u2029"),
        ("\ud800", "\\ud800"),
        ("tab\t and line\r\nends stay", "tab\t and line\r\nends stay"),
    ],
)
def test_control_characters_are_shown_and_not_obeyed(text: str, shown: str) -> None:
    assert Masker([]).text(text) == shown


def test_a_secret_with_a_control_character_is_found_before_that_is_shown() -> None:
    assert Masker(["Can\x1bary"]).text("Can\x1bary") == MASK


VM_PASSWORD = "Failed. Please manually update the VM (Password: {}) and run Convert-CcIsoToVhdx"


@pytest.mark.parametrize(
    "password", ["Canary-vm", "Canary\nvm", "Canary)vm", ")Canary-vm", "Can\"ary'vm", "<Canary&vm>"]
)
def test_the_password_of_a_vm_that_the_product_tells_is_masked(password: str) -> None:
    said, expected = VM_PASSWORD.format(password), VM_PASSWORD.format(MASK)
    found = Masker([]).value({"errors": [{"message": said, "id": said}], "warnings": [said]})
    assert found == {"errors": [{"message": expected, "id": expected}], "warnings": [expected]}


@pytest.mark.parametrize("end", ["", " and no bracket", ")", ").", ")\n", ")'"])
def test_the_password_of_a_vm_at_the_end_of_a_text_is_masked(end: str) -> None:
    assert "Canary" not in Masker([]).text(f"update the VM (Password: Canary{end}")


def test_data_is_masked_at_every_level_and_keeps_its_types() -> None:
    data = {"a": [1, 1.5, True, None, "x Canary-9d3f", {"Canary-9d3f": ["Canary-9d3f"]}], "b": ("Canary-9d3f",)}
    assert Masker(["Canary-9d3f"]).value(data) == {"a": [1, 1.5, True, None, f"x {MASK}", {MASK: [MASK]}], "b": [MASK]}
    assert data["b"] == ("Canary-9d3f",)


def test_keys_that_are_our_own_stay_whatever_the_secrets_are() -> None:
    assert Masker(["Name"]).value({"Name": "Name"}, known={"Name"}) == {"Name": MASK}


def test_data_that_is_nested_too_deep_is_refused() -> None:
    deep: Any = "x"
    for _level in range(DEEPEST + 2):
        deep = [deep]
    with pytest.raises(ValueError, match="nested too deep"):
        Masker([]).value(deep)


def nested(output: str) -> str:
    """What `Invoke-Command` gives for the bridge inside a VM."""
    result = {"name": "inner", "output": [output], "errors": [], "warnings": [], "thrown": False, "seconds": 0.1}
    return MARK + json.dumps({"protocol": 1, "results": [result], "stopped": None, "prompts": []})


@pytest.mark.parametrize("secret", [*SECRETS.values(), "n12", "u00e4", "results", "name"])
def test_an_answer_within_an_answer_is_masked_and_stays_an_answer(secret: str) -> None:
    said_inside = f"line\n12 \u00e4 {secret} end"
    text = f"before\n{nested(nested(said_inside))}\r\nafter"
    masked = Masker([secret]).text(text)
    outer = Answer(parse_line(masked.splitlines()[1].removeprefix(MARK)))
    (inner,) = outer.result("inner").output
    (said,) = Answer(parse_line(inner.removeprefix(MARK))).results.values()
    assert secret not in said.output[0] and MASK in said.output[0]
    assert masked.startswith("before\n") and masked.endswith("\r\nafter")


def test_control_characters_within_an_inner_answer_are_shown() -> None:
    masked = Masker([]).text(nested("\x1b[2J"))
    assert parse_line(masked.removeprefix(MARK))["results"][0]["output"] == ["\\u001b[2J"]


secrets = st.lists(st.text(st.characters(exclude_characters="*"), min_size=3, max_size=12), min_size=1, max_size=4)


@settings(max_examples=150, deadline=None)
@given(secrets=secrets, around=st.text(max_size=8), form=st.sampled_from(sorted(FORMS)))
def test_any_secret_is_taken_out_and_masking_twice_is_masking_once(secrets: list[str], around: str, form: str) -> None:
    secret = secrets[0]
    masker = Masker(secrets)
    try:
        shown = FORMS[form](secret)
    except UnicodeEncodeError:
        return
    masked = masker.text(f"{around} {shown} {around}")
    assert masker.text(masked) == masked
    if len(secret.strip()) >= 3:
        assert MASK in masked
        assert secret.strip() not in masked
