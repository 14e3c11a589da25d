"""The module `inventory`: nothing is connected to unless the whole inventory is right and there is something to do."""

from __future__ import annotations

from tests.fleet import HOSTS, SITES, task_vars, think, variables


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
