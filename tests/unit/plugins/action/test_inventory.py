"""The module `inventory`: nothing is connected to unless the whole inventory is right and there is something to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.controller.fleet import MADE

from tests.fleet import HOSTS, SITES, task_vars, think, variables


def winrm(**variables: Any) -> Callable[[Any, str], Any]:
    """Makes the connection of `cce-ber-2` with these variables; the others have CredSSP over HTTPS."""

    def connect(task_vars: Any, host: str) -> Any:
        own = variables if host == "cce-ber-2" else {"ansible_winrm_transport": "credssp"}
        made = connection_loader.get("winrm", PlayContext())
        made.set_options(var_options={"ansible_host": host, **own})
        return made

    return connect


def test_a_right_inventory_gives_the_sites_and_who_reads_each() -> None:
    found = think("inventory", task_vars())
    assert {site: members["selected"] for site, members in found["sites"].items()} == SITES
    assert found["readers"] == {"cce-ams-1": "amsterdam", "cce-ber-1": "berlin", "cce-cai-1": "cairo"}


def test_a_limit_leaves_neighbours_outside_and_other_sites_out() -> None:
    found = think("inventory", task_vars(["cce-ber-2", "web1"]))
    assert list(found["sites"]) == ["berlin"]
    assert found["sites"]["berlin"]["outside"] == ["cce-ber-1", "cce-ber-3"]
    assert found["readers"] == {"cce-ber-2": "berlin"}


def test_a_wrong_variable_outside_the_limit_stops_the_run() -> None:
    given = task_vars(["cce-ber-1"])
    given["hostvars"]["cce-cai-2"] = {**variables("cce-cai-2"), "cloud_connector_peak_calls": "many"}
    refused = think("inventory", given)
    assert refused["failed"]
    assert "cce-cai-2: cloud_connector_peak_calls" in refused["msg"]


def test_a_run_without_an_appliance_fails() -> None:
    refused = think("inventory", task_vars(["web1"], ansible_limit="web1"))
    assert refused["failed"]
    assert "no appliance to work on under --limit web1" in refused["msg"]


def test_an_empty_inventory_fails() -> None:
    given = task_vars(["localhost"])
    given.update(hostvars={}, groups={"all": []})
    assert "no appliance to work on" in think("inventory", given)["msg"]


def test_one_site_selects_its_appliances() -> None:
    assert list(think("inventory", task_vars(), site="cairo")["sites"]) == ["cairo"]


def test_an_unknown_site_is_refused_with_those_there_are() -> None:
    refused = think("inventory", task_vars(), site="nowhere")
    assert refused["failed"]
    assert "amsterdam, berlin, cairo" in refused["msg"]


def test_parts_of_a_playbook_are_refused() -> None:
    assert think("inventory", task_vars(ansible_run_tags=["some"]))["failed"]
    assert think("inventory", task_vars(ansible_skip_tags=["some"]))["failed"]


def test_unknown_options_are_refused() -> None:
    assert "hosts" in think("inventory", task_vars(), hosts=HOSTS)["msg"]


# --- what is not for the inventory to say ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", MADE)
def test_a_value_that_the_playbooks_make_is_refused_where_the_run_begins(name: str) -> None:
    """`-e cloud_connector_plan=...` would win over the plan that is made: nothing would be upgraded, with exit code 0."""
    given = task_vars(["cce-ber-1"])
    for values in given["hostvars"].values():
        values[name] = []
    refused = think("inventory", given)
    assert refused["failed"] and f"{name} is made by the playbooks" in refused["msg"]
    assert len(refused["problems"]) == 1


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_site_that_is_nothing_is_no_site_at_all(nothing: str | None) -> None:
    """What a survey of AWX sends for a question that was not answered."""
    assert list(think("inventory", task_vars(), site=nothing)["sites"]) == list(SITES)


# --- connections, before the first packet -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ansible_winrm_transport": "basic", "ansible_winrm_scheme": "http"}, "transport basic over HTTP"),
        ({"ansible_winrm_transport": "plaintext", "ansible_winrm_scheme": "http"}, "transport plaintext over HTTP"),
        ({"ansible_port": 5985}, "transport plaintext over HTTP"),
        (
            {
                "ansible_winrm_transport": "ntlm",
                "ansible_winrm_scheme": "http",
                "ansible_winrm_message_encryption": "never",
                "_extras": {"ansible_winrm_message_encryption": "never"},
            },
            "Without message encryption",
        ),
    ],
)
def test_a_connection_that_would_send_the_password_in_clear_is_refused(given: dict[str, Any], words: str) -> None:
    refused = think("inventory", task_vars(["cce-cai-1"]), connect=winrm(**given))
    assert refused["failed"] and words in refused["msg"]
    (problem,) = refused["problems"]
    assert problem.startswith("cce-ber-2: ") and "HTTPS" in problem


def test_basic_over_https_is_let_through() -> None:
    assert not think("inventory", task_vars(), connect=winrm(ansible_winrm_transport="basic")).get("failed")


def test_a_connection_that_cannot_be_made_is_said_once_for_all_hosts() -> None:
    def connect(task_vars: Any, host: str) -> Any:
        raise AnsibleConnectionFailure("the connection plugin 'winmr' was not found")

    refused = think("inventory", task_vars(), connect=connect)
    assert refused["problems"] == ["cce-ams-1 and 5 more: the connection plugin 'winmr' was not found"]
