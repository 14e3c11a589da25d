"""What every module has from its base: arguments, keywords, failures as results, who carries the calls, check mode."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.predictions import FACT, run_id

from tests.bench import HOST, NEIGHBOUR, ORDER, WORK, Bench
from tests.operations import Tapped


def run(action: Any, **task_vars: Any) -> dict[str, Any]:
    return dict(action.run(task_vars={"inventory_hostname": HOST, **task_vars}))


# --- arguments and keywords


@pytest.mark.parametrize("module", ORDER)
def test_an_option_that_is_missing_is_named(module: str) -> None:
    bench = Bench(module)
    result = bench.do(module, site_directory=None)
    assert result["failed"] and "missing required arguments: site_directory" in result["msg"]
    assert bench.ran() == []


@pytest.mark.parametrize("module", ORDER)
def test_an_option_that_is_not_known_is_refused(module: str) -> None:
    bench = Bench(module)
    result = bench.do(module, frobnicate=True)
    assert "frobnicate" in result["msg"] and bench.ran() == []


@pytest.mark.parametrize("options", [{"poll_interval": 0}, {"poll_interval": -5}, {"exchange_timeout": 0}])
def test_a_wait_without_sense_is_refused(options: dict[str, int]) -> None:
    bench = Bench("version")
    (name,) = options
    assert f"{name} must be more than 0" in bench.do("version", **options)["msg"] and bench.ran() == []


def test_appliances_without_a_name_are_refused() -> None:
    bench = Bench("version")
    places = [{"appliance_directory": "C:\\a", "site_directory": r"\\files\oslo"}]
    result = bench.do("version", site={"name": "oslo", "peak_calls": 1, "appliances": places})
    assert "missing required arguments: name found in site -> appliances" in result["msg"] and bench.ran() == []


@pytest.mark.parametrize("module", ["configuration", "version"])
def test_a_misspelt_option_begins_with_what_is_wrong(module: str) -> None:
    bench = Bench(module)
    result = bench.do(module, contnet="x")
    assert result["msg"].startswith(f"Unsupported parameters for ({module}) module: contnet.")
    assert "call" not in result["msg"].partition("Supported parameters include")[0].replace("call_logging", "")
    assert "calls" not in result["failure"] and "appliance" not in result and bench.ran() == []
    assert result["failure"]["class"] == "option" and result["changed"] is False


@pytest.mark.parametrize("nothing", [None, ""])
def test_none_and_an_empty_text_of_a_survey_mean_not_given(nothing: str | None) -> None:
    bench = Bench("version")
    options = {"force": nothing, "timeout": nothing, "idle_wait": nothing, "exchange_timeout": nothing}
    action = bench.prepare("version", **options)
    assert run(action)["changed"] is True
    given = action.arguments
    assert (given.force, given.timeout, given.idle_wait, given.exchange_timeout) == (False, 7200, 1800, 300)


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_required_option_that_is_empty_is_missing(nothing: str | None) -> None:
    bench = Bench("version")
    result = run(bench.prepare("version", version=nothing))
    assert result["msg"].startswith("missing required arguments: version") and bench.ran() == []


@pytest.mark.parametrize("module", ["version", "configuration"])
def test_environment_is_refused(module: str) -> None:
    action = Bench(module).prepare(module, keywords={"environment": [{"A": "b"}]})
    assert "environment is not supported" in run(action)["msg"]


def test_become_is_refused() -> None:
    action = Bench("version").prepare("version")
    action._connection.become = SimpleNamespace(name="runas")
    assert "become is not supported" in run(action)["msg"]


def test_async_is_refused() -> None:
    bench = Bench("version")
    action = bench.prepare("version", keywords={"async_val": 60})
    with pytest.raises(AnsibleActionFail, match="async"):
        run(action)
    assert bench.count("version") == 0


# --- failures


@pytest.mark.parametrize("module", WORK)
def test_a_product_that_fails_is_a_result_that_begins_with_the_calls(module: str) -> None:
    bench = Bench(module)
    bench.lab.fault(HOST, cmdlet=WORK[module], text="It does not work.")
    result = bench.do(module)
    assert result["failed"] is True and result["msg"].startswith("oslo: cce-") and "waiting is safe" in result["msg"]
    assert f"{WORK[module]} said: It does not work. " in result["msg"]
    assert result["failure"]["cmdlet"] == WORK[module] and result["failure"]["remedy"]
    assert bench.claims() == []


def test_a_failure_shows_the_state_after_it() -> None:
    bench = Bench("version")
    bench.lab.fault(HOST, trouble="T4")
    assert bench.do("version")["appliance"]["running"] == "2.1"


def test_a_lone_appliance_that_carries_nothing_is_not_safe_to_leave() -> None:
    bench = Bench("version", lone=True)
    bench.consent = {"until": "2099-01-01T00:00:00+00:00", "emergency_calls": "mobile phones", "reason": "CHG1"}
    bench.lab.fault(HOST, cmdlet="Switch-CcVersion", when="during", point="off", text="Stuck.")
    message = bench.do("version")["msg"]
    assert message.startswith("oslo: no appliance carries calls; waiting is not safe.")
    assert "Emergency calls go to: mobile phones." in message


def test_an_appliance_that_is_not_there_was_sent_nothing() -> None:
    bench = Bench("version")
    action = bench.prepare("version")
    bench.appliance.unreachable = True
    with pytest.raises(AnsibleConnectionFailure, match="Nothing was sent to it") as raised:
        run(action)
    assert "outcome" not in str(raised.value)


def test_a_line_lost_on_the_way_leaves_the_outcome_unknown() -> None:
    bench = Bench("configuration")
    action = bench.prepare("configuration")
    bench.lab.fault(HOST, wire="lost_after")
    with pytest.raises(AnsibleConnectionFailure, match="outcome of what was running there is unknown"):
        run(action)


def test_a_host_that_dies_before_the_failure_is_told_does_not_hide_it() -> None:
    """The state after a failure cannot be read any more: the failure itself still is the result."""
    bench = Bench("configuration")
    action = bench.prepare("configuration")

    def die_after_collecting(answer: dict[str, Any]) -> None:
        bench.appliance.unreachable = any(one["name"] == "remove_collected" for one in answer["results"])

    action._connection = Tapped(bench.lab.connection(HOST), after=die_after_collecting)
    bench.lab.fault(HOST, cmdlet="Import-CcConfiguration", text="It does not work.")
    result = run(action)
    assert "It does not work." in result["msg"] and "appliance" not in result and result["changed"] is True
    assert result["msg"].startswith("oslo: cce-2 carries the calls")


def test_a_powershell_that_does_not_answer_is_a_failure() -> None:
    action = Bench("configuration").prepare("configuration")
    action._connection.exec_command = lambda *a, **k: (1, b"", b"The term 'x' is not recognized")
    result = run(action)
    assert result["failed"] and "no answer" in result["msg"] and "is not recognized" in result["msg"]


def test_a_secret_in_a_lost_connection_is_masked() -> None:
    bench = Bench("version")
    action = bench.prepare("version", task_password="canary-bird")

    def lost(*a: Any, **k: Any) -> Any:
        raise ConnectionError("could not send <Password>canary-bird</Password>")

    action._connection.exec_command = lost
    with pytest.raises(AnsibleConnectionFailure) as raised:
        run(action)
    assert "canary-bird" not in str(raised.value) and raised.value.__cause__ is None
    assert "could not send" in str(raised.value)


@pytest.mark.parametrize("method", ["close", "reset"])
def test_a_line_that_cannot_be_closed_does_not_end_the_wait(method: str) -> None:
    bench = Bench("version")
    action = bench.prepare("version")

    def broken() -> None:
        raise OSError("the line is gone")

    action._connection.close = broken
    setattr(action._connection, method, broken)
    assert "failed" not in run(action)


def test_a_connection_that_could_not_be_closed_is_forgotten() -> None:
    bench = Bench("version")
    action = bench.prepare("version")
    resets: list[bool] = []

    def broken() -> None:
        raise OSError("the line is gone")

    action._connection.close, action._connection.reset = broken, lambda: resets.append(True)
    run(action)
    assert resets


# --- whose state it is


def test_a_delegated_task_speaks_of_the_appliance_it_talks_to() -> None:
    bench = Bench("version")
    action = bench.prepare("version", keywords={"delegate_to": NEIGHBOUR})
    result = run(action, hostvars={})
    assert result["failed"] is True or result["appliance"]["name"] == NEIGHBOUR
    assert result["appliance"]["name"] == NEIGHBOUR


def predicted(host: str, bench: Bench, **changes: Any) -> dict[str, Any]:
    state = {**bench.info(HOST), **changes}
    return {FACT: {"run": run_id(), "appliance": host, "parts": {"appliance": state}}}


@pytest.mark.parametrize(("host", "believed"), [(HOST, True), (NEIGHBOUR, False)])
def test_only_what_was_predicted_of_this_appliance_counts(host: str, believed: bool) -> None:
    bench = Bench()
    facts = predicted(host, bench, scripts="2.1")
    assert (bench.do("package", check=True, facts=facts)["changed"] is False) is believed


def test_what_another_run_has_predicted_does_not_count() -> None:
    bench = Bench()
    facts = predicted(HOST, bench, scripts="2.1")
    facts[FACT]["run"] = "yesterday"
    assert bench.do("package", check=True, facts=facts)["changed"] is True


def test_a_prediction_is_for_check_mode_only() -> None:
    bench = Bench()
    facts = predicted(HOST, bench, scripts="2.1")
    assert bench.do("package", facts=facts)["changed"] is True
    assert bench.lab.snapshot(HOST)["scripts"] == "2.1"


def test_what_a_delegated_task_predicted_is_found_with_the_host_it_ran_for() -> None:
    bench = Bench()
    facts = predicted(HOST, bench, scripts="2.1")
    action = bench.prepare("package", keywords={"delegate_to": HOST})
    action._task.check_mode = True
    result = dict(action.run(task_vars={"inventory_hostname": "controller", "ansible_facts": facts, "hostvars": {}}))
    assert result["changed"] is False and result["appliance"]["name"] == HOST
