"""A connection to another host is what a delegated task would have: held to real objects of ansible-core.

Where one of these fails after an update of ansible-core, compare `_connections.py` with `TaskExecutor._get_connection` and
`_set_connection_options` of that version.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleConnectionFailure
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play import Play
from ansible.playbook.play_context import PlayContext
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from ansible_collections.sfb.cloud_connector.plugins.action.site_info import ActionModule
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._connections import connect

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


def connection(
    tmp_path: Path, host: str = OTHER, *, others: dict[str, Any] | None = None, password: str = "", **play: Any
) -> Any:
    """The connection that a task of a play on the own host gets to `host`; `others` are variables of the other one."""
    hosts = {**HOSTS, OTHER: {**HOSTS[OTHER], **(others or {})}}
    path = tmp_path / "inventory.yml"
    path.write_text(yaml.safe_dump({"cloud_connector": {"vars": FLEET, "hosts": hosts}}))
    loader = DataLoader()
    inventory = InventoryManager(loader, sources=[str(path)])
    manager = VariableManager(loader, inventory)
    described = {"hosts": OWN, "gather_facts": False, "tasks": [{"ansible.builtin.meta": "noop"}], **play}
    playing = Play.load(described, variable_manager=manager, loader=loader)
    task = playing.compile()[-2].block[0]
    action = ActionModule(task, None, PlayContext(playing, {"conn_pass": password}), loader, None, None)
    return connect(action, {"hostvars": HostVars(inventory, manager, loader)}, host)


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


def test_a_password_that_was_asked_for_counts(tmp_path: Path) -> None:
    made = connection(tmp_path, others={"ansible_password": "{{ omit }}"}, password="typed in")
    assert options(made, "remote_password") == ["typed in"]


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
