"""A connection to another host is what a delegated task would have: held to real objects of ansible-core.

Where one of these fails after an update of ansible-core, compare `connections.py` with `TaskExecutor._get_connection` and
`_set_connection_options` of that version.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleConnectionFailure
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play import Play
from ansible.playbook.play_context import PlayContext
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import connection_loader
from ansible.template import Templar
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.bridge.connections import (
    connect,
    log_on,
    refuse_unsafe,
    warnings_of,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.exceptions import OptionError

OWN, OTHER = "cce-1", "cce-2"
HOSTS = {
    OWN: {"ansible_host": "192.0.2.1", "ansible_winrm_transport": "basic", "ansible_user": "own"},
    OTHER: {"ansible_host": "192.0.2.2", "ansible_port": 15986, "ansible_winrm_operation_timeout_sec": 77},
}
FLEET = {
    "ansible_connection": "winrm",
    "ansible_winrm_transport": "credssp",
    "ansible_user": "CceAdmin",
    "ansible_password": "{{ vault }}",
    "vault": "Passw0rd",
    "ansible_winrm_ca_trust_path": "/ca/{{ inventory_hostname }}.pem",
}


class Action(ActionBase):
    """What a module of the collection is to its connections."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        return {}


def connection(
    tmp_path: Path,
    host: str = OTHER,
    *,
    others: dict[str, Any] | None = None,
    fleet: dict[str, Any] | None = None,
    own: dict[str, Any] | None = None,
    password: str = "",
    **play: Any,
) -> Any:
    """The connection that a task of a play on the own host gets to `host`.

    `others`, `own` and `fleet` are variables of the other host, the own one, and of both; `password` was typed in.
    """
    hosts = {OWN: {**HOSTS[OWN], **(own or {})}, OTHER: {**HOSTS[OTHER], **(others or {})}}
    path = tmp_path / "inventory.yml"
    path.write_text(yaml.safe_dump({"cloud_connector": {"vars": FLEET if fleet is None else fleet, "hosts": hosts}}))
    loader = DataLoader()
    inventory = InventoryManager(loader, sources=[str(path)])
    manager = VariableManager(loader, inventory)
    described = {
        "hosts": OWN,
        "gather_facts": False,
        "tasks": [{"ansible.builtin.meta": "noop"}],
        **play,
    }
    playing = Play.load(described, variable_manager=manager, loader=loader)
    made = playing.compile()[-2].block[0]
    variables = manager.get_vars(play=playing, host=inventory.get_host(OWN), task=made)
    variables["hostvars"] = HostVars(inventory, manager, loader)
    templar = Templar(loader=loader, variables=variables)
    context = PlayContext(playing, {"conn_pass": password}).set_task_and_variable_override(made, variables, templar)
    return connect(Action(made, None, context, loader, None, None), variables, host)


def options(made: Any, *names: str) -> list[Any]:
    return [made.get_option(name) for name in names]


def test_it_goes_to_the_other_host(tmp_path: Path) -> None:
    made = connection(tmp_path)
    assert options(made, "remote_addr", "port", "transport") == ["192.0.2.2", 15986, ["credssp"]]
    assert made._play_context.remote_addr == "192.0.2.2"


def test_user_and_password_are_those_of_the_other_host(tmp_path: Path) -> None:
    assert options(connection(tmp_path), "remote_user", "remote_password") == ["CceAdmin", "Passw0rd"]


def test_what_only_the_plugins_library_knows_is_handed_on(tmp_path: Path) -> None:
    extras = connection(tmp_path).get_option("_extras")
    assert extras["ansible_winrm_ca_trust_path"] == "/ca/cce-2.pem"
    assert extras["ansible_winrm_operation_timeout_sec"] == 77


def test_without_an_address_the_name_is_the_address(tmp_path: Path) -> None:
    made = connection(tmp_path, others={"ansible_host": "{{ inventory_hostname }}.example.com"})
    assert options(made, "remote_addr") == ["cce-2.example.com"]


@pytest.mark.parametrize("name", ["psrp", "local"])
def test_the_plugin_is_the_one_of_the_other_host(tmp_path: Path, name: str) -> None:
    made = connection(tmp_path, others={"ansible_connection": name})
    assert made.transport == name


def test_variables_of_the_play_count(tmp_path: Path) -> None:
    made = connection(tmp_path, vars={"ansible_winrm_transport": "ntlm", "ansible_winrm_ca_trust_path": "/play.pem"})
    assert options(made, "transport") == [["ntlm"]]
    assert made.get_option("_extras")["ansible_winrm_ca_trust_path"] == "/play.pem"


def test_files_of_variables_of_the_play_count(tmp_path: Path) -> None:
    (tmp_path / "secret.yml").write_text("ansible_password: from the file\n")
    made = connection(tmp_path, vars_files=[str(tmp_path / "secret.yml")])
    assert options(made, "remote_password") == ["from the file"]


def test_keywords_of_the_play_count(tmp_path: Path) -> None:
    made = connection(tmp_path, others={"ansible_port": "{{ omit }}"}, port=5999)
    assert options(made, "port") == [5999]


NO_PASSWORD = {name: value for name, value in FLEET.items() if name != "ansible_password"}


def test_a_password_that_was_asked_for_counts(tmp_path: Path) -> None:
    made = connection(tmp_path, fleet=NO_PASSWORD, password="typed in")
    assert options(made, "remote_password") == ["typed in"]


@pytest.mark.parametrize("name", ["ansible_password", "ansible_ssh_pass"])
@pytest.mark.parametrize("typed", ["", "typed in"])
def test_the_password_of_the_own_host_is_no_other_hosts_business(tmp_path: Path, name: str, typed: str) -> None:
    made = connection(tmp_path, fleet=NO_PASSWORD, own={name: "of the own host"}, password=typed)
    assert options(made, "remote_password") == [None]


PROBE = """
from ansible.plugins.action import ActionBase
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.bridge.connections import connect

class ActionModule(ActionBase):
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        passwords = {host: connect(self, task_vars, host).get_option("remote_password") for host in ("cce-1", "cce-2")}
        return {"passwords": passwords}
"""


HAS = {"ansible_password": "in the inventory"}


@pytest.mark.parametrize(
    ("own", "other", "task", "typed", "expected"),
    [
        (HAS, {}, {}, "", ["in the inventory", None]),
        (HAS, {}, {}, "typed", ["in the inventory", None]),
        ({}, HAS, {}, "typed", ["typed", "in the inventory"]),
        ({}, {}, {}, "typed", ["typed", "typed"]),
        ({}, HAS, {"delegate_to": OTHER}, "", [None, "in the inventory"]),
        ({}, HAS, {"delegate_to": OTHER}, "typed", [None, "in the inventory"]),
        ({}, {}, {"delegate_to": OTHER}, "typed", ["typed", "typed"]),
    ],
)
def test_which_password_a_real_task_offers_to_which_host(
    tmp_path: Path, own: dict[str, Any], other: dict[str, Any], task: dict[str, Any], typed: str, expected: list[Any]
) -> None:
    (tmp_path / "action_plugins").mkdir()
    (tmp_path / "action_plugins" / "probe.py").write_text(PROBE)
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "probe.py").write_text("")
    (tmp_path / "password").write_text(typed)
    (tmp_path / "ansible.cfg").write_text("")
    hosts = {"all": {"vars": {"ansible_connection": "winrm"}, "hosts": {OWN: own, OTHER: other}}}
    (tmp_path / "inventory.yml").write_text(json.dumps(hosts))
    (tmp_path / "play.yml").write_text(
        yaml.safe_dump([{"hosts": OWN, "gather_facts": False, "tasks": [{"probe": {}, **task}]}])
    )
    command = [sys.executable, "-m", "ansible", "playbook", "-i", "inventory.yml", "play.yml"]
    if typed:
        command += ["--connection-password-file", "password"]
    tree = Path(__file__).parents[5] / ".tree"
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(tree),
        "ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg"),
        "ANSIBLE_HOME": str(tmp_path),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal",
        "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1",
    }
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads(ran.stdout[ran.stdout.index("{") : ran.stdout.rindex("}") + 1])
    assert [found["passwords"][OWN], found["passwords"][OTHER]] == expected


def test_it_is_not_opened(tmp_path: Path) -> None:
    assert connection(tmp_path).connected is False


def test_the_own_host_is_a_host_as_well(tmp_path: Path) -> None:
    assert options(connection(tmp_path, OWN), "remote_addr", "transport") == ["192.0.2.1", ["basic"]]


@pytest.mark.parametrize(
    ("host", "others", "reason"),
    [
        ("web1", {}, "web1 can be made: it is not in the inventory"),
        (OTHER, {"ansible_connection": "carrier.pigeon.mail"}, "'carrier.pigeon.mail' was not found"),
        (OTHER, {"ansible_password": "{{ nowhere }}"}, "'nowhere' is undefined"),
        (OTHER, {"ansible_port": "high"}, "port"),
    ],
)
def test_why_there_is_none_is_said(tmp_path: Path, host: str, others: dict[str, Any], reason: str) -> None:
    with pytest.raises(AnsibleConnectionFailure, match=reason):
        connection(tmp_path, host, others=others)


# --- which connections are used at all -------------------------------------------------------------------------------


def plugin(name: str = "winrm", user: str = "CceAdmin", **variables: Any) -> Any:
    """A connection plugin with options; `extra_x` becomes `ansible_winrm_x`."""
    made = connection_loader.get(name, PlayContext())
    extras = {
        f"ansible_winrm_{key.removeprefix('extra_')}": value for key, value in variables.items() if "extra_" in key
    }
    given = {f"ansible_winrm_{key}": value for key, value in variables.items() if "extra_" not in key}
    made.set_options(var_options={"ansible_host": "cce-2", "ansible_user": user, **given, "_extras": extras})
    return made


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"transport": "basic"},
        {"transport": "basic", "port": 443},
        {"transport": ["basic", "ssl", "plaintext"], "scheme": "https", "port": 5985},
        {"transport": "certificate"},
        {"transport": "credssp", "scheme": "http"},
        {"transport": ["kerberos", "ntlm"], "port": 5985},
        {"transport": "ntlm", "port": 5985, "extra_message_encryption": "auto"},
        {"transport": "ntlm", "port": 5985, "extra_message_encryption": "always"},
        {"transport": "ntlm", "extra_message_encryption": "never"},
        {"port": 5985, "user": "CceAdmin@example.com"},
    ],
)
def test_a_connection_that_encrypts_is_used(variables: dict[str, Any]) -> None:
    refuse_unsafe(plugin(**variables))


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"transport": "basic", "scheme": "http"}, "The transport basic over HTTP"),
        ({"transport": "plaintext", "scheme": "http", "port": 5986}, "The transport plaintext over HTTP"),
        ({"transport": "ssl", "port": 5985}, "The transport ssl over HTTP"),
        ({"transport": "certificate", "port": 5985}, "The transport certificate over HTTP"),
        ({"transport": "credssp,basic,plaintext", "port": 5985}, "The transport basic, plaintext over HTTP"),
        ({"port": 5985}, "The transport plaintext over HTTP"),
        ({"scheme": "http"}, "The transport plaintext over HTTP"),
        ({"transport": "credssp", "port": 5985, "extra_message_encryption": "never"}, "Without message encryption"),
    ],
)
def test_a_connection_that_would_send_secrets_in_clear_is_refused(variables: dict[str, Any], reason: str) -> None:
    with pytest.raises(OptionError, match=reason) as refused:
        refuse_unsafe(plugin(**variables))
    assert "ansible_winrm_scheme: https" in refused.value.remedy


def test_what_was_given_to_another_host_is_judged_by_its_resolved_options(tmp_path: Path) -> None:
    refuse_unsafe(connection(tmp_path))
    others = {"ansible_winrm_scheme": "{{ 'ht' + 'tp' }}", "ansible_winrm_transport": "{{ ['basic'] }}"}
    with pytest.raises(OptionError, match="The transport basic over HTTP"):
        refuse_unsafe(connection(tmp_path, others=others))


@pytest.mark.parametrize("name", ["psrp", "ssh", "local"])
def test_only_winrm_is_supported(name: str) -> None:
    with pytest.raises(OptionError, match=f"Only ansible_connection winrm is supported, this is {name}") as refused:
        refuse_unsafe(connection_loader.get(name, PlayContext()))
    assert refused.value.remedy
    assert warnings_of(connection_loader.get(name, PlayContext())) == []


def test_a_connection_of_tests_is_used() -> None:
    refuse_unsafe(object())
    assert warnings_of(object()) == []
    assert log_on(object()) is False


def test_a_certificate_that_is_not_checked_is_warned_of() -> None:
    (warning,) = warnings_of(plugin(extra_server_cert_validation="ignore"))
    assert "cce-2" in warning and "ansible_winrm_ca_trust_path" in warning


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"extra_server_cert_validation": "validate"},
        {"transport": "ntlm", "scheme": "http", "extra_server_cert_validation": "ignore"},
    ],
)
def test_other_connections_are_not_warned_of(variables: dict[str, Any]) -> None:
    assert warnings_of(plugin(**variables)) == []
