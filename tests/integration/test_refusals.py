"""What is wrong before anything begins: one clear sentence each, and nothing is changed.

Also with the settings of a user that would let the other appliances go on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.harness import Run, Stage, fleet


@pytest.fixture(scope="module")
def stage(open_stage: Callable[..., Stage]) -> Stage:
    return open_stage(fleet(3, 2))


def play(stage: Stage, hosts: dict[str, Any], variables: dict[str, Any] | None = None) -> Run:
    """With these variables of hosts and of the whole fleet, for this run alone."""
    stage.add_inventory("wrong.yml", {"cloud_connector": {"vars": variables or {}, "hosts": hosts}})
    try:
        return stage.play(env={"ANSIBLE_STRATEGY": "free", "ANSIBLE_ANY_ERRORS_FATAL": "0"})
    finally:
        stage.inventories.pop()


def untouched(stage: Stage, run: Run) -> bool:
    return run.code != 0 and not stage.mutating()


@pytest.fixture(scope="module")
def misconnected(stage: Stage) -> Run:
    hosts = {
        "north-1": {"ansible_password": "wrong"},
        "north-2": {"ansible_port": 5999},
        "north-3": {"ansible_host": "nowhere.invalid"},
        "south-1": {"ansible_winrm_ca_trust_path": "/etc/ssl/certs/ca-certificates.crt"},
    }
    return play(stage, hosts)


@pytest.mark.parametrize(
    "sentence",
    [
        "north-1 cannot be reached: the logon was rejected: check ansible_user, ansible_password",
        "north-2 cannot be reached: nothing listens at this address and port: check ansible_host and ansible_port",
        "north-3 cannot be reached: the host name does not resolve: check ansible_host",
        "south-1 cannot be reached: the certificate of the host is not trusted: set ansible_winrm_ca_trust_path",
    ],
    ids=["password", "port", "name", "certificate"],
)
def test_a_connection_that_cannot_be_made_says_which_variable_to_check(
    stage: Stage, misconnected: Run, sentence: str
) -> None:
    assert untouched(stage, misconnected)
    assert misconnected.says(sentence), misconnected.output


def test_a_logon_that_reaches_no_share_is_refused(stage: Stage) -> None:
    run = play(stage, {}, {"ansible_winrm_transport": "ntlm"})
    assert untouched(stage, run)
    assert run.says(r"a network logon \(NTLM\) reaches no second host. Use ansible_winrm_transport credssp"), run.output


def test_a_password_is_never_sent_in_clear(stage: Stage) -> None:
    """The first message of Basic has it: nothing at all is sent."""
    before = stage.lab.get("/wire")["total"]
    run = play(stage, {"south-1": {"ansible_winrm_transport": "basic", "ansible_winrm_scheme": "http"}})
    assert run.code != 0 and run.says("south-1: The transport basic over HTTP would send the password"), run.output
    assert stage.lab.get("/wire")["total"] == before


@pytest.fixture(scope="module")
def misdescribed(stage: Stage) -> Run:
    return play(stage, {}, {"cloud_connector_target_version": "2.2", "cloud_connector_peek_calls": 100})


@pytest.mark.parametrize(
    "sentence",
    [
        "cloud_connector_target_version is '2.2': write the release to upgrade to in quotes, one of '2.0', '2.0.1', '2.1'",
        "cloud_connector_peek_calls is no variable of this collection: did you mean cloud_connector_peak_calls",
    ],
    ids=["unknown version", "misspelt variable"],
)
def test_a_wrong_variable_is_named(stage: Stage, misdescribed: Run, sentence: str) -> None:
    assert untouched(stage, misdescribed)
    assert misdescribed.says(sentence), misdescribed.output


def test_an_ini_without_a_required_key_is_named(stage: Stage) -> None:
    ini = (stage.lab.directory / "ini" / "south-2.ini").read_text("utf-8")
    lines = [line for line in ini.splitlines() if not line.startswith("CorpnetDefaultGateway=")]
    asked = len(stage.cmdlets())
    run = play(stage, {"south-2": {"cloud_connector_ini": "\n".join(lines)}})
    assert run.code != 0
    assert run.says(r"south-2: cloud_connector_ini: .*CorpnetDefaultGateway"), run.output
    assert len(stage.cmdlets()) == asked
