"""What the documentation names is there: files, commands, options, variables, modules, checks, switches, messages."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import re
import shlex
from argparse import ArgumentParser
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import ansible.cli
import pytest
import yaml
from ansible.cli.playbook import PlaybookCLI
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import health, inventory, paths
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.schema import schema

from lab.inprocess import Lab
from lab.wire import faults as wire_faults
from lab.world.description import describe
from lab.world.faults import Action, Fault
from lab.world.record import CmdletRun
from lab.world.switches import Switches

ROOT = Path(__file__).parents[3]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "roles").glob("*/README.md"))]
KINDS = {
    "Module": {path.stem for path in (ROOT / "plugins/modules").glob("[!_]*.py")},
    "Role": {path.parent.parent.name for path in (ROOT / "roles").glob("*/tasks/main.yml")},
    "Playbook": {path.stem for path in (ROOT / "playbooks").glob("*.yml")},
    "Filter": {path.stem for path in (ROOT / "plugins/filter").glob("*.yml")},
    "Callback": {path.stem for path in (ROOT / "plugins/callback").glob("[!_]*.py")},
}
ACTIONS = "ansible_collections.sfb.cloud_connector.plugins.action"
NAMES = set().union(*KINDS.values())
each_page = pytest.mark.parametrize("page", DOCS, ids=lambda page: str(page.relative_to(ROOT)))


def doc(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    """The code blocks of a language, without the indent they have inside a list."""
    found = re.findall(r"^( *)```(\w*)\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", body, flags=re.MULTILINE) for indent, name, body in found if name == language]


def commands(text: str, program: str) -> list[list[str]]:
    """The words of each line in a code block that runs a program; `no_proxy=…` and comments are left out."""
    lines = "\n".join(blocks(text, "")).splitlines()
    found = [shlex.split(line, comments=True) for line in lines]
    bare = [[word for word in words if not word.startswith("no_proxy=")] for words in found]
    return [words[1:] for words in bare if words and words[0].rpartition("/")[2] == program]


def table(text: str, head: str) -> list[list[str]]:
    """The cells of the table whose first heading is `head`."""
    body = re.search(rf"^\| {head} \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert body, head
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in body[1].splitlines()]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", cell)


def anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


# --- links, names, variables ------------------------------------------------------------------------------------------


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text("utf-8")):
        name, _, fragment = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), target
        headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE) if fragment else []
        assert not fragment or fragment in map(anchor, headings), target


@each_page
def test_names_of_the_collection_exist(page: Path) -> None:
    assert (
        set(re.findall(r"\bsfb\.cloud_connector\.(\w+)(?![\w\\])", page.read_text("utf-8")))
        - {
            "site",
            "slot",
            "hold",
            "soaked",
            "lease",
            "suspended",
            *NAMES,
        }
        == set()
    )


@each_page
def test_variables_exist(page: Path) -> None:
    text = page.read_text("utf-8").replace("callback_cloud_connector_report", "")
    known = {*schema("inventory.json")["properties"], "cloud_connector_survey"}
    assert set(re.findall(r"\bcloud_connector_\w+", text)) - known == set()


def test_every_variable_is_documented() -> None:
    text = doc("docs/inventory.md") + doc("docs/playbooks.md")
    assert set(schema("inventory.json")["properties"]) <= set(quoted(text))


@each_page
def test_our_folder_on_an_appliance_is_named_as_it_is(page: Path) -> None:
    assert set(re.findall(r"C:\\[\w ]+\\sfb\.cloud_connector", page.read_text("utf-8"))) <= {paths.OURS}


@pytest.mark.parametrize("kind", KINDS)
def test_the_readme_lists_everything(kind: str) -> None:
    names = [quoted(row[0])[0] for row in table(doc("README.md"), kind)]
    assert sorted(names) == sorted(KINDS[kind])


@pytest.mark.parametrize("name", sorted(KINDS["Role"]))
def test_each_role_has_its_variables_documented(name: str) -> None:
    assert set(role_options(name)) <= set(quoted(doc(f"roles/{name}/README.md")))


def role_options(name: str) -> dict[str, Any]:
    options: dict[str, Any] = yaml.safe_load(doc(f"roles/{name}/meta/argument_specs.yml"))["argument_specs"]["main"]
    return dict(options["options"])


# --- commands ---------------------------------------------------------------------------------------------------------


@each_page
def test_playbook_commands_are_such(page: Path) -> None:
    for words in commands(page.read_text("utf-8"), "ansible-playbook"):
        cli = PlaybookCLI(["ansible-playbook", *words])
        cli.init_parser()
        assert cli.parser is not None
        options = cli.parser.parse_args(words)
        assert {Path(name).name.removesuffix(".yml").rpartition(".")[2] for name in options.args} <= KINDS["Playbook"]
        # A folder would make Ansible read the inis in it as inventories.
        assert all(name.endswith(".yml") for name in options.inventory)


@each_page
def test_make_targets_exist(page: Path) -> None:
    targets = re.findall(r"^([a-z]+):", doc("Makefile"), re.MULTILINE)
    variables = re.search(r"^STAGES := (.*)$", doc("Makefile"), re.MULTILINE)
    assert variables
    named = re.findall(r"(?:`|^)make ([a-z]+)\b", page.read_text("utf-8"), re.MULTILINE)
    assert set(named) <= {*targets, *variables[1].split()}


@each_page
def test_commands_of_the_lab_exist(page: Path) -> None:
    for words in commands(page.read_text("utf-8"), "python"):
        if words[:2] == ["-m", "lab"]:
            lab_parser(words[2]).parse_args(words[3:])


def lab_parser(command: str) -> ArgumentParser:
    parser = ArgumentParser(exit_on_error=False)
    import_module(f"lab.commands.{command}").add_arguments(parser)
    return parser


def test_the_options_of_serve_are_listed_with_their_defaults() -> None:
    options = {quoted(row[0])[0] for row in table(doc("docs/lab.md"), "Option of `serve`")}
    assert options | {"-h", "--help"} == set(lab_parser("serve")._option_string_actions)


@each_page
def test_yaml_is_yaml(page: Path) -> None:
    for block in blocks(page.read_text("utf-8"), "yaml"):
        assert yaml.safe_load(block)


def tasks(text: str) -> Iterator[dict[str, Any]]:
    """The tasks of all plays that a page shows."""
    for block in map(yaml.safe_load, blocks(text, "yaml")):
        for play in block if isinstance(block, list) else []:
            yield from play.get("tasks", [play])


@each_page
def test_the_tasks_shown_have_options_that_there_are(page: Path) -> None:
    for task in tasks(page.read_text("utf-8")):
        for name in set(task) & {f"sfb.cloud_connector.{module}" for module in KINDS["Module"]}:
            accepted = import_module(f"{ACTIONS}.{name.rpartition('.')[2]}").ActionModule.ARGUMENTS
            required = {option for option, spec in accepted.items() if spec.get("required")}
            assert required <= set(task[name]) <= set(accepted), task["name"]


@each_page
def test_the_roles_shown_get_variables_that_there_are(page: Path) -> None:
    for task in tasks(page.read_text("utf-8")):
        if "ansible.builtin.include_role" in task:
            accepted = role_options(task["ansible.builtin.include_role"]["name"].rpartition(".")[2])
            required = {name for name, option in accepted.items() if option.get("required")}
            assert required <= set(task["vars"]) <= set(accepted)


# --- the inventory of the readme, the checks, the messages ------------------------------------------------------------


def flattened(fleet: dict[str, Any]) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """The variables and the site of each host of an inventory."""
    hosts, site_of = {}, {}
    for site, group in fleet["children"].items():
        for host, own in group["hosts"].items():
            hosts[host], site_of[host] = {**fleet["vars"], **group["vars"], **own}, site
    return hosts, site_of


@pytest.mark.parametrize("page", ["README.md", "docs/inventory.md"])
def test_the_inventory_shown_is_complete_and_right(page: str) -> None:
    shown = yaml.safe_load(next(block for block in blocks(doc(page), "yaml") if block.startswith("cloud_connector:")))
    hosts, site_of = flattened(shown["cloud_connector"])
    lab = Lab.from_description({"sites": sites(site_of)})
    for host, variables in hosts.items():
        variables["cloud_connector_ini"] = lab.ini(host)
    assert inventory.problems(hosts, site_of) == []


def sites(site_of: dict[str, str]) -> list[dict[str, Any]]:
    """Sites of the lab with these appliances."""
    members = {site: [host for host in site_of if site_of[host] == site] for site in site_of.values()}
    return [{"name": site, "appliances": hosts} for site, hosts in members.items()]


@pytest.mark.parametrize(
    ("column", "marks", "rules"),
    [(1, ("yes", "first"), health.GATES), (1, ("yes", "switch"), health.SWITCH), (2, ("yes",), health.HEALTH)],
    ids=["gates", "switch", "health"],
)
def test_the_checks_are_listed(column: int, marks: tuple[str, ...], rules: list[health.Rule]) -> None:
    rows = table(doc("docs/how-it-works.md"), "Check")
    named = [name for row in rows if row[column] in marks for name in quoted(row[0])]
    assert sorted(named) == sorted({rule.id for rule in rules})


def texts(source: str) -> Iterator[str]:
    """The texts of a Python file; what is put into them is a NUL."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_the_messages_of_the_runbook_are_ours() -> None:
    sources = [path.read_text("utf-8") for path in (ROOT / "plugins").rglob("*.py")]
    known = "\n".join(text for source in [*sources, inspect.getsource(ansible.cli)] for text in texts(source))
    known += "".join(path.read_text("utf-8") for path in (ROOT / "playbooks").rglob("*.yml"))
    known += doc("roles/site_validation/tasks/main.yml")
    for row in table(doc("docs/runbook.md"), "The message says"):
        for message in quoted(row[0]):
            assert all(piece.strip() in known for piece in re.split("[…']+", message)), message


# --- the lab ----------------------------------------------------------------------------------------------------------


def test_the_switches_are_listed_with_their_defaults() -> None:
    listed = {quoted(row[0])[0]: yaml.safe_load(quoted(row[1])[0]) for row in table(doc("docs/lab.md"), "Switch")}
    assert listed == dataclasses.asdict(Switches())


def test_the_fleet_shown_is_one() -> None:
    (shown,) = blocks(doc("docs/lab.md"), "yaml")
    assert describe(yaml.safe_load(shown)).sites[0].name == "oslo"


def test_the_faults_shown_are_such() -> None:
    text = doc("docs/lab.md")
    fields = {name for row in table(text, "Field") for name in quoted(row[0])}
    assert fields == {field.name for field in dataclasses.fields(Fault)}
    assert set(quoted(table(text, "Field")[2][1])) == set(Action.__args__)  # type: ignore[attr-defined]
    shown = next(words for words in commands(text, "curl") if "-d" in words)
    assert Fault(**json.loads(shown[shown.index("-d") + 1]))


def test_the_faults_of_the_wire_are_listed() -> None:
    paragraph = next(part for part in doc("docs/lab.md").split("\n\n") if part.startswith("Faults of the wire"))
    assert set(quoted(paragraph)) - {"op", "action", "after", "HTTP", "*"} == set(wire_faults.ACTIONS)


def test_the_record_is_described() -> None:
    rows = {quoted(row[0])[0]: quoted(row[1]) for row in table(doc("docs/lab.md"), "`kind`")}
    assert {field.name for field in dataclasses.fields(CmdletRun)} - {"time"} <= set(rows["cmdlet"])
