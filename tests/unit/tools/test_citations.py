"""What comments and pages cite of the research notes (`docs/research/README.md`) is in those notes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
RESEARCH = ROOT / "docs" / "research"
NOTES = ("cloud-connector.md", "winrm.md", "ansible.md", "bridge.md")
PRODUCT = "cloud-connector.md"
FOLDERS = ("plugins", "lab", "tests", "docs", "roles", "playbooks", "benchmarks", "extensions")
SUFFIXES = {".py", ".md", ".yml", ".yaml", ".json", ".ps1", ".sh", ".txt"}
# It has former names and wrong citations on purpose.
SELF = Path(__file__).resolve()
FORMER = re.compile(r"ansible-craft\.md|bridge/README\.md")

NAME = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, NOTES))})`?")
GAP = r"\s+(?:#\s*)?"
PLACE = re.compile(
    r"(?P<section>\d+(?:\.\d+)*)"
    rf"(?:{GAP}(?:no\.|item)\s(?P<entries>\d+(?:,\s\d+(?![.\d]))*))?"
    rf"(?:{GAP}(?P<troubles>T\d+(?:(?:,|\sand)\sT\d+)*))?"
    rf"(?:{GAP}(?P<cmdlet>[A-Z][a-z]+-[A-Z]\w+))?"
)
TITLE = re.compile(r',?\s+"(?P<title>[^"\n]+)"')
# "(services), 9.3" goes on with a section; "6.3, 24 hours later" does not.
NEXT = re.compile(
    rf"(?:\s*\([^()]*\))?(?:[,;]|\sand){GAP}"
    r"(?=\d+(?:\.\d+)*(?:[).,;:\"'`|]|\s*$|\s+(?:\(|and\b|no\.|item\b|T\d|[A-Z][a-z]+-[A-Z])))",
    re.MULTILINE,
)
# Without the name of a note: of the product's note.
TROUBLE = re.compile(r"\bT[1-9]\d?\b")
ENTRY = re.compile(r"(?<![\w.])(?P<section>\d{1,2}\.\d{1,2})\s(?:no\.|item)\s(?P<entries>\d+)")
PARAGRAPH = re.compile(r"§(?P<section>\d+(?:\.\d+)*)")
BARE = re.compile(r"(?<=\s)\((?P<section>[3-9]\.[1-9])(?:, inferred)?\)")


@dataclass(frozen=True, order=True)
class Citation:
    """What is cited of a note: `section` by number or title, there an entry, a trouble, or what is said of a cmdlet."""

    note: str
    section: str
    detail: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.note, self.section, self.detail)))


Reader = Callable[[str], Iterator[tuple[int, Citation]]]


class Note:
    """The sections of a note by number and by title, with their text up to the next section of the same level."""

    def __init__(self, text: str) -> None:
        self.sections: dict[str, str] = {}
        for heading in re.finditer(r"^(#{2,4}) (?:(\d+(?:\.\d+)?)\.? )?(.+)$", text, re.MULTILINE):
            end = re.compile(rf"^#{{2,{len(heading[1])}}} ", re.MULTILINE).search(text, heading.end())
            body = text[heading.start() : end.start() if end else len(text)]
            self.sections |= {name: body for name in (heading[2], heading[3]) if name}

    def lacks(self, citation: Citation) -> str:
        """What is cited and not there; empty where all of it is."""
        body = self.sections.get(citation.section)
        if body is None:
            return f"{citation.note} has no section {citation.section}"
        if citation.detail and citation.detail not in self.details(body):
            return f"{citation.note} {citation.section} has no {citation.detail}"
        return ""

    @staticmethod
    def details(body: str) -> set[str]:
        entries = re.findall(r"^(?:\| )?(\d+)(?:\. | \|)", body, re.MULTILINE)
        troubles = re.findall(r"^\| (T\d+) \|", body, re.MULTILINE)
        return {*(f"no. {entry}" for entry in entries), *troubles, *re.findall(r"\b[A-Z][a-z]+-[A-Z]\w+", body)}


def of_place(note: str, place: re.Match[str]) -> Iterator[Citation]:
    found = place.groupdict()
    details = [f"no. {entry}" for entry in re.findall(r"\d+", found.get("entries") or "")]
    details += re.findall(r"T\d+", found.get("troubles") or "")
    details += [found["cmdlet"]] if found.get("cmdlet") else []
    yield from (Citation(note, found["section"], detail) for detail in details or [""])


def named(text: str) -> Iterator[tuple[int, Citation]]:
    """Citations that name their note, with their place in the text."""
    for name in NAME.finditer(text):
        title = TITLE.match(text, name.end())
        if title:
            yield title.start("title"), Citation(name[1], title["title"])
        gap = re.compile(GAP).match(text, name.end())
        while gap and (place := PLACE.match(text, gap.end())):
            yield from ((place.start(), citation) for citation in of_place(name[1], place))
            gap = NEXT.match(text, place.end())


def troubles(text: str) -> Iterator[tuple[int, Citation]]:
    for trouble in TROUBLE.finditer(text):
        yield trouble.start(), Citation(PRODUCT, "6.3", trouble[0])


def unnamed(text: str) -> Iterator[tuple[int, Citation]]:
    """Citations of the product's note that do not name it."""
    for pattern in (ENTRY, PARAGRAPH, *([BARE] if PRODUCT in text else [])):
        for place in pattern.finditer(text):
            yield from ((place.start(), citation) for citation in of_place(PRODUCT, place))


def citations(text: str, read: tuple[Reader, ...] = (named, unnamed, troubles)) -> list[tuple[int, Citation]]:
    """Line and citation, each once a line."""
    found = [pair for reader in read for pair in reader(text)]
    return sorted({(text.count("\n", 0, at) + 1, citation) for at, citation in found})


def pages() -> Iterator[tuple[str, str]]:
    """Name and text of what may cite."""
    inside = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES)
    for path in sorted([*inside, ROOT / "README.md", ROOT / "Makefile"]):
        if path.resolve() != SELF and path.is_file():
            yield path.relative_to(ROOT).as_posix(), path.read_text("utf-8")


def cited() -> Iterator[object]:
    for name, text in pages():
        # A test may name a trouble that there is not.
        read = (named, unnamed) if name.startswith("tests/") else (named, unnamed, troubles)
        for line, citation in citations(text, read):
            yield pytest.param(citation, id=f"{name}:{line} {citation}")


NOTE = {name: Note((RESEARCH / name).read_text("utf-8")) for name in NOTES}


@pytest.mark.parametrize("citation", [*cited()])
def test_what_is_cited_is_there(citation: Citation) -> None:
    assert NOTE[citation.note].lacks(citation) == ""


def test_notes_go_by_the_names_they_have() -> None:
    old = {name: text for name, text in pages() if FORMER.search(text)}
    assert [f"{name}:{at}" for name, text in old.items() for at in lines_of(FORMER, text)] == []


def lines_of(pattern: re.Pattern[str], text: str) -> list[int]:
    return [at for at, line in enumerate(text.splitlines(), 1) if pattern.search(line)]


# --- the notes --------------------------------------------------------------------------------------------------------


def test_each_source_of_the_product_is_listed() -> None:
    text = (RESEARCH / PRODUCT).read_text("utf-8")
    listed = re.findall(r"^\| ([A-Z0-9, -]+) \|", NOTE[PRODUCT].sections["0.1"], re.MULTILINE)
    keys = {key.strip() for row in listed for key in row.split(",")}
    marks = re.findall(r"(?:\[D|\[I from) ([A-Z][A-Z0-9, -]+)\b", text)
    assert {key.strip() for mark in marks for key in mark.split(",")} <= keys


@pytest.mark.parametrize(
    ("note", "section", "entries", "kind"),
    [
        (PRODUCT, "6.3", 25, "T"),
        (PRODUCT, "9.1", 25, "no. "),
        (PRODUCT, "9.3", 12, "no. "),
        ("ansible.md", "13", 9, "no. "),
    ],
)
def test_no_number_is_left_out(note: str, section: str, entries: int, kind: str) -> None:
    there = NOTE[note].details(NOTE[note].sections[section])
    assert {f"{kind}{number}" for number in range(1, entries + 1)} <= there


@pytest.mark.parametrize(("note", "last"), [(PRODUCT, 10), ("winrm.md", 10), ("ansible.md", 13), ("bridge.md", 15)])
def test_no_section_is_left_out(note: str, last: int) -> None:
    numbers = [int(name) for name in NOTE[note].sections if name.isdecimal()]
    assert numbers == list(range(0 if note == PRODUCT else 1, last + 1))


@pytest.mark.parametrize("note", NOTES)
def test_the_readme_names_each_note(note: str) -> None:
    assert f"({note})" in (RESEARCH / "README.md").read_text("utf-8")


# --- the reader of citations ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"""Asks (winrm.md 4 and 5, bridge.md 1)."""', ["bridge.md 1", "winrm.md 4", "winrm.md 5"]),
        ("What clients do: winrm.md 3. CredSSP is longer.", ["winrm.md 3"]),
        ("`cloud-connector.md` for the product", []),
        ("see [the note](research/winrm.md)", []),
        ("docs/my-winrm.md 4", []),
        ('bridge.md, "Jobs need no more than steps"', ["bridge.md Jobs need no more than steps"]),
        ("PowerShell (5.1), without the note", []),
    ],
)
def test_citations_are_found(text: str, found: list[str]) -> None:
    assert [str(seen) for at, seen in citations(text)] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cloud-connector.md 4: trunks", ["4"]),
        ("cloud-connector.md 6.3, 24 hours later", ["6.3"]),
        ("cloud-connector.md 9.1 item 1)", ["9.1 no. 1"]),
        ("cloud-connector.md 9.3 no. 1, 2, 9.4)", ["9.3 no. 1", "9.3 no. 2", "9.4"]),
        ("cloud-connector.md 6.3 T4 and T8, 8", ["6.3 T4", "6.3 T8", "8"]),
        ("cloud-connector.md 1.1 Get-CcCredential)", ["1.1 Get-CcCredential"]),
        ("cloud-connector.md 1 (cmdlets), 2 (tenant); more", ["1", "2"]),
        ("# cloud-connector.md 4,\n# 4.1 (services)", ["4", "4.1"]),
        ("cloud-connector.md\n    4.2", ["4.2"]),
        ("nothing answers (T7)", ["6.3 T7"]),
        ("two pages differ (§9.1 no. 4, §10)", ["10", "9.1", "9.1 no. 4"]),
        ("cloud-connector.md says so (4.2), calls go on (5.3, inferred)", ["4.2", "5.3"]),
    ],
)
def test_citations_of_the_product_are_found(text: str, found: list[str]) -> None:
    assert [str(seen).removeprefix(f"{PRODUCT} ") for at, seen in citations(text)] == found


def test_a_citation_has_the_line_it_stands_in() -> None:
    assert [line for line, found in citations("one\ncloud-connector.md 4,\n4.1 (services)\n")] == [2, 3]


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("cloud-connector.md 6.9", "cloud-connector.md has no section 6.9"),
        ("cloud-connector.md 1.4.2", "cloud-connector.md has no section 1.4.2"),
        ("winrm.md 11", "winrm.md has no section 11"),
        ("bridge.md 16", "bridge.md has no section 16"),
        ('bridge.md "Jobs"', "bridge.md has no section Jobs"),
        ("T26", "cloud-connector.md 6.3 has no T26"),
        ("ansible.md 13 no. 10", "ansible.md 13 has no no. 10"),
        ("9.1 no. 26", "cloud-connector.md 9.1 has no no. 26"),
        ("cloud-connector.md 1.2 Enter-CcUpdate", "cloud-connector.md 1.2 has no Enter-CcUpdate"),
    ],
)
def test_what_is_not_there_is_told(text: str, missing: str) -> None:
    assert [NOTE[found.note].lacks(found) for line, found in citations(text)] == [missing]
