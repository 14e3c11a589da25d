"""The filters for CloudConnector.ini, and their examples in a playbook."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.sfb.cloud_connector.plugins.filter import ini

from lab.inprocess import Lab

ROOT = Path(__file__).parents[4]
LAB = Lab.from_description()
OLD = LAB.ini("cce-ber-1", "2.0.1")
TEMPLATE = ini.ini_render({}, "2.1")
VALUES: dict[str, Any] = {"Common": {"SIPDomains": ["a.example", "b.example"], "omsenabled": True, "City": None}}


def test_what_is_carried_over_is_an_ini_of_the_new_release() -> None:
    assert ini.ini_problems(OLD, "2.1") and ini.ini_problems(TEMPLATE, "2.1")
    assert ini.ini_problems(ini.ini_carry_over(OLD, TEMPLATE), "2.1") == []


def test_the_report_names_what_is_new() -> None:
    report = ini.ini_report(OLD.replace("InternalServerIPs=", "InternalMachineIPs="), TEMPLATE)
    assert report["new"] == ["[Common] State", "[Common] OMSEnabled"]
    assert report["renamed"] == [{"from": "[EdgeServer] InternalMachineIPs", "to": "[EdgeServer] InternalServerIPs"}]
    assert "[Common] SIPDomains" in report["carried"] and len(report["person"]) == 4


def test_values_are_written_as_the_product_wants_them() -> None:
    made = ini.ini_render(VALUES, "2.1")
    assert "\r\nSIPDomains=a.example b.example\r\n" in made
    assert "\r\nOMSEnabled=true\r\n" in made and "\r\nCity=\r\n" in made


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"Comon": {}}, r"there is no section \[Comon\]"),
        ({"Common": {"SipDomain": "x"}}, r"there is no key SipDomain in section \[Common\]"),
        ({"Common": "x"}, "make no CloudConnector.ini"),
        ({"Common": {"City": "a\nb"}}, "a value is one line"),
    ],
)
def test_what_the_release_does_not_have_is_an_error(values: Any, words: str) -> None:
    with pytest.raises(AnsibleFilterError, match=words):
        ini.ini_render(values, "2.1")


def test_a_key_of_a_later_release_is_an_error() -> None:
    with pytest.raises(AnsibleFilterError, match="no key omsenabled"):
        ini.ini_render(VALUES, "2.0")


@pytest.mark.parametrize("call", [ini.ini_problems, ini.ini_render])
def test_an_unknown_release_is_an_error(call: Any) -> None:
    with pytest.raises(AnsibleFilterError, match=r"no template of release 9\.9"):
        call({} if call is ini.ini_render else "", "9.9")


def test_a_problem_has_its_place() -> None:
    (problem,) = ini.ini_problems(LAB.ini("cce-ber-1").replace("Protocol=TCP", "Protocol=UDP", 1), "2.1")
    assert (problem["check"], problem["section"], problem["key"]) == ("value", "Gateway1", "Protocol")


def test_bytes_are_decoded() -> None:
    content = base64.b64encode("City=Köln".encode("utf-16")).decode()
    assert ini.ini_decode(content) == "City=Köln"
    with pytest.raises(AnsibleFilterError, match="not Base64"):
        ini.ini_decode("?")


def play(folder: Path, inventory: str, **content: Any) -> str:
    """Runs a play of ansible-playbook and returns what it said; fails when it failed."""
    whole = {"name": "Run the examples", "gather_facts": False, "connection": "local", **content}
    whole["vars"] = {"ansible_python_interpreter": sys.executable, **content["vars"]}
    (folder / "play.yml").write_text(yaml.safe_dump([whole]))
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", inventory, folder / "play.yml"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    environment = {**kept, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_HOME": str(folder / "home")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_examples_run(tmp_path: Path) -> None:
    names = sorted((ROOT / "plugins" / "filter").glob("ini_*.yml"))
    tasks = [task for path in names for task in yaml.safe_load(yaml.safe_load(path.read_text())["EXAMPLES"])]
    (tmp_path / "old.ini").write_bytes(OLD.replace("City=", "City=K\xf6ln").encode("cp1252"))
    given = {"old_ini": OLD, "template": TEMPLATE, "new_ini": LAB.ini("cce-ber-1"), "folder": str(tmp_path)}
    play(tmp_path, "localhost,", hosts="localhost", vars=given, tasks=tasks)
    assert (tmp_path / "new.ini").read_bytes() == ini.ini_carry_over(OLD, TEMPLATE).encode()


def test_the_inventory_of_the_documentation_makes_a_good_ini(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "configuration.md").read_text()
    (inventory,) = re.findall(r"```yaml\n(cloud_connector:\n.*?)```", text, re.DOTALL)
    (tmp_path / "hosts.yml").write_text(inventory)
    problems = "cloud_connector_ini | sfb.cloud_connector.ini_problems('2.1') | map(attribute='sentence')"
    task = {
        "name": "Judge",
        "ansible.builtin.assert": {"that": f"{problems} | length == 0", "fail_msg": f"{{{{ {problems} }}}}"},
    }
    given = {"cloud_connector_target_version": "2.1"}
    assert "ok=1" in play(tmp_path, str(tmp_path / "hosts.yml"), hosts="cloud_connector", vars=given, tasks=[task])
