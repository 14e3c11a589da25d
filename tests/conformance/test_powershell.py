"""Every PowerShell text that the collection carries is parsed by a grammar, and holds nothing that PowerShell 4.0 lacks.

A grammar is no PowerShell: nothing here says that a text does on Windows what it is for.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import tree_sitter_powershell
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.bridge import exchange
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation import job
from tree_sitter import Language, Node, Parser

from lab.cmdlets.windows import update_program
from lab.inprocess import Lab
from lab.world.network import LocalLogon
from lab.world.windows_update import update

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
BRIDGE = PLUGINS / "plugin_utils" / "bridge"
CMDLETS = ROOT / "lab" / "powershell" / "data" / "cmdlets.json"
PARSER = Parser(Language(tree_sitter_powershell.language()))

GAPS = {
    '"`n#cc-bridge# "': "'#cc-bridge# '",
    "Get-Command -Name $Step.cmdlet -CommandType Function, Cmdlet": (
        "Get-Command -Name $Step.cmdlet -CommandType @('Function', 'Cmdlet')"
    ),
    "Format-JsonString $plain.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ss.fffffffZ', $Invariant)": (
        "Format-JsonString ($plain.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ss.fffffffZ', $Invariant))"
    ),
}
"""What the grammar cannot read and a real PowerShell did (bridge.ps1, docs/research/bridge.md), and the same as it can read it:
a number sign after an escape in a string, a list with a blank as an argument, and a chain of calls as an argument."""

SCRIPTS = {path.name: path.read_text("utf-8") for path in sorted(PLUGINS.rglob("*.ps1"))}
CARRIED = {
    **SCRIPTS,
    "job runner": job.JOB_RUNNER.format(path=r"C:\Program Files\sfb.cloud_connector\jobs\install-2.1"),
    "bootstrap": exchange.BOOTSTRAP,
    **{
        f"program {number} inside bridge.ps1": text
        for number, text in enumerate(re.findall(r"AddScript\('([^']*)'\)", SCRIPTS["bridge.ps1"]))
    },
}
BLOCKS = [
    pytest.param(re.sub(r"<\w+>", "x", block), id=f"{path.relative_to(ROOT)} {number}")
    for path in sorted([*ROOT.glob("docs/**/*.md"), *ROOT.glob("roles/*/README.md"), ROOT / "README.md"])
    for number, block in enumerate(re.findall(r"```powershell\n(.*?)```", path.read_text("utf-8"), re.DOTALL))
]
"""What the documentation tells people to type, with any name in place of what they have to fill in."""

SIGNS = re.compile(r"\$\w+\s*=[^=]|\[ScriptBlock\]|\bparam\s*\(|\$_\b|\|\s+[A-Z][a-z]+-[A-Z]")
"""By which a text in Python is known for PowerShell."""

LATER = {"class_statement", "enum_statement", "pipeline_chain_tail"}
"""Constructs of the grammar that PowerShell 4.0 does not know; `using` is a command to it, `? :` and `??` it cannot read."""

OF_OLD = {
    "ConvertFrom-Json",
    "ConvertTo-Json",
    "ForEach-Object",
    "New-Object",
    "Select-Object",
    "Where-Object",
    "Get-Command",
}
"""Cmdlets of PowerShell 3.0 that the recorded ones of Windows Server 2012 R2 do not hold."""


def nodes(text: str) -> Iterator[Node]:
    """All nodes of the syntax tree of a text."""
    waiting = [PARSER.parse(text.encode()).root_node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.children


def source(node: Node) -> str:
    return (node.text or b"").decode()


def unread(text: str) -> list[str]:
    """What the grammar could not read, each with its line."""
    wrong = [node for node in nodes(text) if node.is_error or node.is_missing]
    return [f"line {node.start_point.row + 1}: {source(node)[:80] or node.type}" for node in wrong]


def readable(text: str) -> str:
    """The text without the constructs that the grammar is known not to read."""
    for construct, same in GAPS.items():
        text = text.replace(construct, same)
    return text


def too_new(text: str) -> set[str]:
    """What PowerShell 4.0 would not understand."""
    found = set()
    for node in nodes(text):
        if node.type in LATER:
            found.add(node.type)
        elif node.type == "command_name" and source(node).lower() == "using":
            found.add("using")
        elif node.type == "command_parameter" and source(node).lower() in ("-parallel", "-asjob", "-ashashtable"):
            found.add(source(node))
        elif node.type == "invokation_expression" and re.match(
            r"\[[^]]+\]\s*::\s*new\s*\(", source(node), re.IGNORECASE
        ):
            found.add("::new(")
    return found


@pytest.mark.parametrize("name", CARRIED)
def test_every_text_is_read_to_its_end(name: str) -> None:
    assert unread(readable(CARRIED[name])) == []


@pytest.mark.parametrize("name", CARRIED)
def test_no_text_holds_what_powershell_4_lacks(name: str) -> None:
    assert too_new(CARRIED[name]) == set()


@pytest.mark.parametrize("block", BLOCKS)
def test_what_people_are_told_to_type_is_read_to_its_end(block: str) -> None:
    assert unread(block) == []


@pytest.mark.parametrize("construct", GAPS)
def test_a_gap_of_the_grammar_is_one_and_stands_in_the_text_that_was_run(construct: str) -> None:
    assert construct in SCRIPTS["bridge.ps1"] and unread(construct) and not unread(GAPS[construct])


def test_there_is_no_other_powershell_in_the_plugins() -> None:
    found = {
        f"{path.name}: {node.value[:40]}"
        for path in PLUGINS.rglob("*.py")
        if not {"modules", "doc_fragments"} & set(path.parts) and SIGNS.search(path.read_text("utf-8"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SIGNS.search(node.value)
    }
    known = {f"job.py: {job.JOB_RUNNER[:40]}", f"exchange.py: {exchange.BOOTSTRAP[:40]}"}
    assert found == known and set(SCRIPTS) == {"bridge.ps1", "windows_update.ps1"}


@pytest.mark.parametrize(
    "text",
    [
        "$a = $b ? 1 : 2",
        "$a = $b ?? 1",
        "$a ??= 1",
        "$a?.b",
        "a && b",
        "a || b",
        "class A { }",
        "enum A { B }",
        "using namespace System",
        "1..3 | ForEach-Object -Parallel { $_ }",
        "[Foo]::new(1)",
        "if ($a) { b } }",
        "try { a",
        "$x = @{ a = 1",
    ],
)
def test_what_is_wrong_or_too_new_is_found(text: str) -> None:
    assert unread(text) or too_new(text)


# --- the program for updates of Windows ---------------------------------------------------------------------------------

UPDATES = readable(SCRIPTS["windows_update.ps1"])


def entries(text: str, first: str) -> list[str]:
    """The keys of the ordered table whose first key is that one."""
    for node in nodes(text):
        keys = [source(key) for entry in node.children if entry.type == "hash_entry" for key in entry.children[:1]]
        if keys[:1] == [first]:
            return keys
    raise AssertionError(f"no table begins with {first}")


def test_it_calls_cmdlets_of_windows_server_2012_r2_only() -> None:
    recorded = json.loads(CMDLETS.read_text("utf-8"))
    own = {source(node) for node in nodes(UPDATES) if node.type == "function_name"}
    for node in nodes(UPDATES):
        if node.type != "command":
            continue
        name, *more = [source(child) for child in node.children]
        given = re.findall(r"(?<=\s)-(\w+)", " ".join(more))
        assert name in own | OF_OLD | set(recorded), name
        assert name not in recorded or set(given) <= set(recorded[name]["parameters"]), source(node)


def test_the_lab_answers_with_the_fields_that_it_answers_with() -> None:
    lab = Lab.from_description({"sites": [{"name": "oslo", "appliances": ["cce-1"]}]})
    computer = lab.appliance("cce-1").computer
    computer.updates.available = [update("KB5000001")]
    program = update_program.run(
        computer, LocalLogon("SYSTEM", delegates=False), {"server": 0, "take": [], "install": False}
    )
    answers: list[dict[str, Any]] = []

    def runs() -> Generator[Any, Any, None]:
        answers.append((yield from program))

    lab.world.env.process(runs())
    lab.advance(600)
    (step,) = answers[0]["results"]
    (report,) = step["output"]
    assert entries(UPDATES, "protocol") == list(answers[0])
    assert entries(UPDATES, "name") == list(step)
    assert entries(UPDATES, "updates") == list(report)
    assert entries(UPDATES, "id") == list(report["updates"][0])


def test_what_a_com_object_gives_is_never_part_of_the_answer() -> None:
    """A call that is a statement of its own would be: a null that comes first makes an empty answer."""
    for node in nodes(UPDATES):
        if node.type != "pipeline" or node.parent is None or node.parent.type != "statement_list":
            continue
        assert not re.match(r"\$\w+(\.\w+)+\(", source(node)), source(node)
