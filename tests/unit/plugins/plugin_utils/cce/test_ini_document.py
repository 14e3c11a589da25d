from __future__ import annotations

import ipaddress

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import ini, ini_document
from hypothesis import example, given
from hypothesis import strategies as st

from .builders import ini_text

HEADERS = ("[Common]", "[ common ]", "[", "[]", "\ufeff[Common]", "[Gateway2]", "[gateway2]")
KEYS = ("SIPDomains=a b", " sipdomains = c ", "=x", "a=", ";a=b", "", "IP=10.0.0.1", "FQDN=")
LINES = st.sampled_from([*HEADERS, *KEYS])
ENDS = st.sampled_from(["\r\n", "\n", "\r", "\n\r", ""])
INI_LIKE = st.lists(st.tuples(LINES, ENDS)).map(lambda parts: "".join(line + end for line, end in parts))
TEXTS = st.one_of(st.text(), INI_LIKE)


@given(TEXTS)
@example(ini_text())
@example("a=b\x0bc\u2028d\r\n[x]")
def test_any_text_comes_back_as_it_was(text: str) -> None:
    assert ini.parse(text).text == text


@given(TEXTS, TEXTS)
def test_no_text_makes_a_traceback(old: str, template: str) -> None:
    document = ini.parse(old)
    assert isinstance(ini.problems(document, "2.1"), list)
    ini.fleet_problems({"a": {"h1": document, "h2": ini.parse(template)}, "b": {"h3": document}})
    ini.carry_over(document, ini.parse(template))
    for ask in (ini.vm_addresses, ini.identity, ini.capacity):
        ask(document)


@given(st.binary())
@example("\ufeff[Common]\r\nCity=Köln\r\n".encode("utf-16-be"))
@example(b"[Common]\nCity=K\xf6ln \x81\n")
def test_no_bytes_make_a_traceback(data: bytes) -> None:
    document = ini.parse(ini.decode(data))
    assert isinstance(ini.problems(document, "2.1"), list)
    assert ini.parse(document.text) == document


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_text_is_read_whatever_editor_wrote_it(encoding: str) -> None:
    assert ini.decode("[Common]\r\nCity=Köln\r\n".encode(encoding)) == "[Common]\r\nCity=Köln\r\n"


PLACED = [
    ("Common", "City"),
    ("Network", "EnableReferSupport"),
    ("Gateway2", "IP"),
    ("Odd", "x"),
    ("HybridVoiceRoutes", "Far"),
]
PLACED += [("Common", "SIPDomains"), ("Common", "InternalDomains"), ("gateway1", "Port")]
KEPT = st.lists(st.tuples(st.sampled_from(PLACED), st.integers(0, 99).map(str)), max_size=8)


@given(KEPT, st.sampled_from(["1.4.2", "2.1"]))
def test_no_value_is_lost_without_a_word(entries: list[tuple[tuple[str, str], str]], release: str) -> None:
    """A value of the old ini is in the new one or in a sentence for a person, also where a key is there twice."""
    old = ini.parse("".join(f"[{section}]\n{key}=v{value}\n" for (section, key), value in entries))
    done = ini.carry_over(old, ini.render({}, release))
    sentences = " ".join(done.person)
    sources = {place: source for source, place in done.renamed}
    taken = {_low(sources.get(place, place)): done.ini.get(*place) for place in done.carried}
    for entry in old.entries:
        assert taken.get(_low((entry.section, entry.key))) == entry.value or f"'{entry.value}'" in sentences


def _low(place: tuple[str, str]) -> tuple[str, str]:
    return place[0].lower(), place[1].lower()


@given(KEPT)
def test_what_is_carried_over_is_carried_over_as_it_is(entries: list[tuple[tuple[str, str], str]]) -> None:
    document = ini.parse(ini_text())
    for (section, key), value in entries:
        document = document.with_value(section, key, value) if document.get(section, key) is not None else document
    assert ini.carry_over(document, ini.parse(ini_text("Site1", 9, 9))).ini.text == document.text


@given(TEXTS, st.text(st.characters(exclude_characters="\r\n")).map(str.strip))
def test_a_value_written_is_read_again(text: str, value: str) -> None:
    written = ini.parse(text).with_value("Common", "SIPDomains", value)
    assert ini.parse(written.text).get("common", "SIPDOMAINS") == value


@given(TEXTS)
def test_writing_touches_one_line_at_most(text: str) -> None:
    before = ini.parse(text)
    after = before.with_value("Common", "SIPDomains", "x")
    kept = [line for line in before.lines if line in after.lines]
    assert len(kept) >= len(before.lines) - 1


def test_only_the_value_of_a_line_changes() -> None:
    text = "; keep\r\n[Common]\r\n  Site\t= old  \r\nCity=x"
    assert ini.parse(text).with_value("COMMON", "site", "new").text == text.replace("old", "new")


def test_a_new_key_follows_the_last_one_of_its_section() -> None:
    text = "[Common]\nCity=x\n; about the network\n[Network]\n"
    assert ini.parse(text).with_value("Common", "State", "").text == text.replace("City=x\n", "City=x\nState=\n")


def test_a_new_section_stands_at_the_end_in_the_line_ends_of_the_file() -> None:
    assert ini.parse("a=b\r\n[X]").with_value("Common", "State", "y").text == "a=b\r\n[X]\r\n[Common]\r\nState=y\r\n"


@pytest.mark.parametrize("value", ["a\nb", "a\rb", " a", "a\t"])
def test_a_value_that_would_not_come_back_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="one line without blanks"):
        ini.parse("").with_value("Common", "City", value)


def test_a_section_is_removed_with_its_comments() -> None:
    text = "[A]\nx=1\n[Gateway2]\n; about it\nIP=\n[B]\ny=2\n"
    assert ini.parse(text).without_section("gateway2").text == "[A]\nx=1\n[B]\ny=2\n"


def test_names_are_found_whatever_their_case() -> None:
    document = ini.parse(ini_text())
    assert document.get("primarycms", "sharename") == "CmsFileStore"
    assert document.get("PrimaryCMS", "State") is None
    assert document.get("Common", "State") == ""


def test_a_comment_is_no_key() -> None:
    assert ini.parse("[Common]\n;State=\n # City=x\n").entries == ()


def test_the_first_of_two_counts() -> None:
    assert ini.parse("[A]\nx=1\nX=2\n").section("a") == {"x": "1"}


def test_build_line() -> None:
    assert ini.parse(ini_text()).build == "6.0.9319.419"
    assert ini.parse("; no build\n").build is None


def test_what_the_survey_needs() -> None:
    document = ini.parse(ini_text(number=7))
    vms = {"cms": "10.2.7.2", "mediation": "10.2.7.3", "edge": "10.2.7.4", "ad": "10.2.7.1"}
    assert ini.vm_addresses(document) == vms
    assert ini.identity(document) == ("berlin", "ap-berlin.contoso.com", "ms-berlin-7.cce.local", "10.2.7.3")
    assert ini.vm_addresses(document.with_value("PrimaryCMS", "IP", "soon")).keys() == {"mediation", "edge", "ad"}
    assert ini.identity(document.with_value("Common", "SIPDomains", "")) is None


@pytest.mark.parametrize(("hardware", "calls"), [("Normal", 500), ("", 500), ("minimum", 50)])
def test_capacity_follows_the_hardware(hardware: str, calls: int) -> None:
    assert ini.capacity(ini.parse(ini_text(hardware=hardware))) == calls


SAME = ini_text()


@pytest.mark.parametrize(
    ("new", "in_force", "different"),
    [
        (SAME, SAME, []),
        (SAME, SAME.upper().replace("SITENAME", "SiteName"), []),
        (SAME, ini_text(hardware="Minimum"), []),
        (SAME, ini_text("hamburg"), ["site name", "edge fqdn", "mediation fqdn"]),
        (SAME, SAME.replace("ap-berlin", "ap-other"), ["edge fqdn"]),
        (SAME, SAME.replace("ms-berlin-1", "ms-other"), ["mediation fqdn"]),
        (SAME, SAME.replace("10.2.1.3", "10.2.9.3"), ["mediation address"]),
        (SAME, SAME.replace("SiteName=berlin", "SiteName="), []),
        ("", ini_text("hamburg"), []),
    ],
)
def test_two_inis_are_of_one_appliance_if_nothing_of_their_identity_differs(
    new: str, in_force: str, different: list[str]
) -> None:
    problem = ini_document.identity_problem(ini.parse(new), ini.parse(in_force))
    assert (problem is None) == (different == [])
    parts = ("site name", "edge fqdn", "mediation fqdn", "mediation address")
    assert [part for part in parts if f"{part} " in str(problem)] == different
    assert problem is None or problem.endswith("look at ansible_host first")


@given(st.one_of(st.ip_addresses(v=4).map(str), st.text("0123456789.", max_size=15), st.text(max_size=9)))
@example("10.0.0.256")
@example("010.0.0.1")
@example("10.0.0.\u0661")
def test_an_address_is_what_the_standard_library_takes_for_one(text: str) -> None:
    value = "".join(text.split())
    try:
        wanted = {"cms": str(ipaddress.IPv4Address(value))}
    except ValueError:
        wanted = {}
    assert ini.vm_addresses(ini.parse("").with_value("PrimaryCMS", "IP", value)) == wanted


def test_of_a_section_that_comes_twice_the_first_value_of_a_key_counts() -> None:
    document = ini.parse("[A]\nx=1\n[B]\nx=2\n[a]\nX=3\ny=4\n")
    assert document.values == {"a": {"x": "1", "y": "4"}, "b": {"x": "2"}}
    assert list(document.values["a"]) == ["x", "y"]
    assert [(entry.section, entry.key, entry.line) for entry in document.entries][-2:] == [("a", "X", 5), ("a", "y", 6)]


@pytest.mark.parametrize("line", ["x [A]", "[A] x", "[a] [A]", "\ufeff\ufeff[A]", "k=[A]"])
def test_a_header_has_its_line_for_itself(line: str) -> None:
    assert ini.parse(f"{line}\ny=1\n").sections == ()


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_the_build_number_is_that_of_the_first_comment_that_names_one(end: str) -> None:
    text = end.join(["x=; Build number 1.0", "\ufeff; build number 6.0.9", "; Build number 7"])
    assert ini.parse(text).build == "6.0.9"
    assert ini.parse(f"a=b{end}").build is None
