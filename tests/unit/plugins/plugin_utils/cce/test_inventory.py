from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import inventory, schema
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.pace import Pace
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.settings import Settings
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.site import Consent, Policy
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.versions import Version
from hypothesis import given
from hypothesis import strategies as st

from .builders import ini_text

SITE_OF = {"ams-1": "amsterdam", "ber-1": "berlin", "ber-2": "berlin"}
CONSENT = {"until": "2026-01-31T04:00:00+01:00", "emergency_calls": "mobile", "reason": "night shift"}
SECRET = "s3cret"


def variables(site: str, number: int, place: int, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ansible_connection": "winrm",
        "cloud_connector_target_version": "2.1",
        "cloud_connector_package_source": "https://packages.lab/CloudConnector-2.1.msi",
        "cloud_connector_package_sha256": "a" * 64,
        "cloud_connector_deployment_user": "CceAdmin",
        "cloud_connector_deployment_password": SECRET,
        "cloud_connector_prompts": [{"prompt": "tenant", "user": "admin", "password": SECRET}],
        "cloud_connector_site_directory": rf"\\files\{site}",
        "cloud_connector_release_dates": {"2.1": "2017-11-15"},
        "cloud_connector_accepted_ini_changes": ["Gateway1/IP"],
        "cloud_connector_peak_calls": 300,
        "cloud_connector_ini": ini_text(site, number, place),
        "cloud_connector_appliance_directory": r"C:\CloudConnector\ApplianceRoot",
        "cloud_connector_install_timeout": 28800,
    }
    return found | changes


def fleet(**changes: Any) -> dict[str, dict[str, Any]]:
    """`changes` are those of ber-2."""
    return {
        "ams-1": variables("amsterdam", 1, 1, cloud_connector_outage_consent=CONSENT),
        "ber-1": variables("berlin", 1, 2),
        "ber-2": variables("berlin", 2, 2, **changes),
    }


def problems(hosts: dict[str, dict[str, Any]]) -> list[str]:
    return inventory.problems(hosts, SITE_OF)


def test_a_good_inventory_has_no_problem() -> None:
    assert problems(fleet()) == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("target_version", "2.2", "is '2.2': write the release"),
        ("target_version", 2.1, "in quotes"),
        ("package_sha256", "abc", "64 hexadecimal digits"),
        ("site_directory", "files", r"such as \\files\berlin"),
        ("peak_calls", "300", "is a text: write the most calls"),
        ("peak_calls", True, "is true or false: write"),
        ("deployment_user", ["s3cret"], "is a list: write the account"),
        ("deployment_user", {"password": "s3cret"}, "is a mapping: write the account"),
        ("target_version", {"password": "s3cret"}, "is a mapping: write the release"),
        ("peak_calls", 1.5, "is a number: write"),
        ("peak_calls", 0, "a whole number from 1"),
        ("prompts", [{"prompt": "tenant"}], "cloud_connector_prompts.0.password is missing"),
        (
            "release_dates",
            {"2.1": "2017-11-31"},
            "cloud_connector_release_dates.2.1 is '2017-11-31': write a day in quotes",
        ),
        ("release_dates", {"2.1": date(2017, 11, 15)}, "write a day in quotes"),
        ("release_dates", {"2.2": "2018-01-01"}, "cloud_connector_release_dates.2.2 is not known"),
        ("accepted_ini_changes", ["EnableReferSupport"], "write a change as Section/Key"),
        ("accepted_ini_changes", "Gateway1/IP", "is a text: write a list of changes"),
        ("outage_consent", {**CONSENT, "until": "2026-01-31 04:00"}, "a time with its zone"),
        ("outage_consent", {**CONSENT, "why": "x"}, "cloud_connector_outage_consent.why is not known"),
        ("appliance_directory", r"C:\Program Files\x", "without spaces"),
        ("install_timeout", 0, "the deployment of the VMs"),
        ("call_proof", {"way": "luck"}, "write one of counters, probe, command, signoff"),
        ("call_proof", {"call_seconds": 60}, "cloud_connector_call_proof.way is missing"),
        ("call_proof", {"way": "probe"}, "cloud_connector_call_proof.probe is missing: the way probe needs it"),
        ("call_proof", {"way": "command"}, "cloud_connector_call_proof.command is missing"),
        ("call_proof", {"way": "command", "command": {"argv": "true"}}, "write a list: the program"),
        (
            "call_proof",
            {"way": "probe", "probe": {"caller": "1"}},
            "cloud_connector_call_proof.probe.callee is missing",
        ),
        ("proof_wait", -1, "a whole number from 0"),
        (
            "signoffs",
            [{"appliance": "ber-1", "at": "2026-01-31T04:00:00Z"}],
            "cloud_connector_signoffs.0.by is missing",
        ),
        ("signoffs", [{"appliance": "ber-1", "by": "Ann", "at": "now"}], "a time with its zone"),
        ("ini", "", "CloudConnector.ini"),
    ],
)
def test_a_wrong_variable_is_one_sentence(name: str, value: Any, words: str) -> None:
    (sentence,) = problems(fleet(**{f"cloud_connector_{name}": value}))
    assert sentence.startswith(f"ber-2: cloud_connector_{name}")
    assert words in sentence
    assert SECRET not in sentence


@pytest.mark.parametrize("name", schema.schema("inventory.json")["required"])
def test_a_missing_variable_says_what_to_write(name: str) -> None:
    hosts = fleet()
    del hosts["ber-1"][name]
    (sentence,) = problems(hosts)
    assert sentence.startswith(f"ber-1: {name} is missing: write ")


@pytest.mark.parametrize("value", [None, "", "  "])
def test_what_is_null_or_blank_is_not_given(value: Any) -> None:
    (sentence,) = problems(fleet(cloud_connector_deployment_user=value))
    assert (
        sentence == "ber-2: cloud_connector_deployment_user is missing: write the account that deployed the appliances."
    )
    assert problems(fleet(cloud_connector_download_url=value, cloud_connector_outage_consent=value)) == []


@pytest.mark.parametrize(
    ("source", "good"),
    [
        ("https://me:s3cret@packages.lab/a.msi", False),
        ("HTTPS://s3cret@packages.lab/a.msi", False),
        ("https://packages.lab/a@2.msi", True),
        (r"\\files\packages\me@home.msi", True),
    ],
)
def test_a_source_with_a_user_is_refused_and_not_shown(source: str, good: bool) -> None:
    hosts = {host: {**found, "cloud_connector_package_source": source} for host, found in fleet().items()}
    found = problems(hosts)
    assert (found == []) == good
    assert good or ("holds a user" in found[0] and "s3cret" not in found[0])


@pytest.mark.parametrize("directory", ["C:\\CloudConnector\\SiteRoot", "\\\\localhost\\share", "\\\\127.0.0.1\\share"])
def test_a_site_directory_that_each_appliance_has_of_its_own_is_refused(directory: str) -> None:
    hosts = fleet(cloud_connector_site_directory=directory)
    hosts["ber-1"]["cloud_connector_site_directory"] = directory
    (sentence,) = problems(hosts)
    assert sentence.startswith(
        f"cloud_connector_site_directory of berlin: {directory} is another folder on each of the 2"
    )


def test_a_site_of_one_may_have_a_local_directory() -> None:
    hosts = fleet()
    hosts["ams-1"]["cloud_connector_site_directory"] = "C:\\CloudConnector\\SiteRoot"
    assert problems(hosts) == []


def test_the_same_fault_everywhere_is_said_once() -> None:
    hosts = {host: {**found, "cloud_connector_poll_interval": -1} for host, found in fleet().items()}
    (sentence,) = problems(hosts)
    assert sentence.startswith("ams-1 and 2 more: cloud_connector_poll_interval is -1")


def test_a_misspelled_variable_is_found() -> None:
    (sentence,) = problems(fleet(cloud_connector_peek_calls=1))
    assert sentence.endswith("did you mean cloud_connector_peak_calls?")


def test_facts_of_a_run_may_be_named() -> None:
    hosts = fleet(cloud_connector_predicted={})
    assert inventory.problems(hosts, SITE_OF, ["cloud_connector_predicted"]) == []
    assert inventory.problems(hosts, SITE_OF) != []


@pytest.mark.parametrize(
    "change",
    [
        {"cloud_connector_deployment_password": [SECRET]},
        {"cloud_connector_prompts": SECRET},
        {"cloud_connector_prompts": [{"prompt": "x", "password": [SECRET]}]},
        {"cloud_connector_deployment_password": "other"},
    ],
)
def test_a_secret_is_never_shown(change: dict[str, Any]) -> None:
    (sentence,) = problems(fleet(**change))
    assert SECRET not in sentence


def test_a_host_without_a_site_is_named() -> None:
    assert inventory.problems({"x-1": variables("x", 1, 5)}, {}) == [
        "x-1 is in no site: put it into a group below cloud_connector."
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"cloud_connector_target_version": "2.0.1"},
            "differs between ams-1 and ber-2: write it once, for the group cloud",
        ),
        ({"cloud_connector_peak_calls": 301}, "differs between ber-1 and ber-2: write it once, for the group berlin"),
        ({"cloud_connector_ini": ini_text("berlin", 1, 2)}, "ber-2 and ber-1 both have ms-berlin-1"),
        (
            {"cloud_connector_ini": ini_text("berlin", 2, 2).replace("State=", "Stat=")},
            ": [Common] State is missing",
        ),
    ],
)
def test_appliances_must_agree(change: dict[str, Any], words: str) -> None:
    assert any(words in sentence for sentence in problems(fleet(**change)))


def test_a_site_directory_belongs_to_one_site() -> None:
    hosts = fleet()
    hosts["ams-1"]["cloud_connector_site_directory"] = "\\\\FILES\\berlin\\"
    (sentence,) = problems(hosts)
    assert sentence.startswith("cloud_connector_site_directory of amsterdam and berlin is the same")


@pytest.mark.parametrize(("peak", "needed"), [(500, False), (501, True)])
def test_consent_is_for_sites_without_a_spare(peak: int, needed: bool) -> None:
    changes = {"cloud_connector_outage_consent": CONSENT, "cloud_connector_peak_calls": peak}
    hosts = {"ber-1": variables("berlin", 1, 2, **changes), "ber-2": variables("berlin", 2, 2, **changes)}
    assert any("has a spare: leave it out" in sentence for sentence in problems(hosts)) != needed


@pytest.mark.parametrize(("count", "found"), [(16, []), (17, ["berlin has 17 appliances: a site has at most 16."])])
def test_a_site_has_at_most_16_appliances(count: int, found: list[str]) -> None:
    hosts = {f"ber-{number}": variables("berlin", number, 2) for number in range(1, count + 1)}
    assert inventory.problems(hosts, dict.fromkeys(hosts, "berlin")) == found


@pytest.mark.parametrize(("count", "found"), [(200, []), (201, ["There are 201 sites: a tenant has at most 200."])])
def test_a_tenant_has_at_most_200_sites(count: int, found: list[str]) -> None:
    hosts = {f"h-{place}": variables(f"s{place}", 1, place) for place in range(count)}
    assert inventory.problems(hosts, {host: host for host in hosts}) == found


def test_the_policy_of_a_site() -> None:
    assert inventory.policy(fleet()["ams-1"]) == Policy(300, Consent(**CONSENT))
    assert inventory.policy(fleet()["ber-1"]) == Policy(300, None)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=2)
)
NAMES = st.sampled_from(sorted(schema.schema("inventory.json")["properties"]))


@given(st.dictionaries(NAMES, VALUES))
def test_no_value_makes_a_traceback(changes: dict[str, Any]) -> None:
    assert all(isinstance(sentence, str) for sentence in problems(fleet(**changes)))


# --- the order and the time of a run --------------------------------------------------------------------------------------

NIGHT = {"days": ["mon", "fri"], "from": "22:00", "to": "04:00", "zone": "Europe/Berlin"}
FREEZE = {"from": "2026-12-20", "to": "2027-01-02", "reason": "end of the year"}
WAIVER = {"check": "disk", "site": "berlin", "owner": "Ann", "reason": "4711", "expires": "2026-03-31"}


def all_with(name: str, value: Any) -> dict[str, dict[str, Any]]:
    return {host: {**one, f"cloud_connector_{name}": value} for host, one in fleet().items()}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("canary", "berlin"),
        ("site_priority", -3),
        ("site_priority", "7"),
        ("sites_at_once", 2),
        ("sites_at_once", "2"),
        ("sites_at_once", "200"),
        ("appliance_time", 3600),
        ("way_back_time", 0),
        ("windows", [NIGHT, {"from": "00:00", "to": "24:00", "zone": "UTC"}]),
        ("windows", []),
        ("freeze", [{**FREEZE, "zone": "Asia/Tokyo"}]),
        ("waivers", [WAIVER, {**WAIVER, "site": None, "appliance": "ams-1"}]),
    ],
)
def test_order_and_time_may_be_declared(name: str, value: Any) -> None:
    if name == "waivers":
        value = [{key: one for key, one in waiver.items() if one is not None} for waiver in value]
    assert problems(all_with(name, value)) == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("canary", "hamburg", "cloud_connector_canary is hamburg, which is no site: write one of amsterdam, berlin."),
        ("site_priority", "first", "the lowest comes first"),
        ("sites_at_once", 0, "a whole number from 1 to 200"),
        ("sites_at_once", "0", "a whole number from 1 to 200"),
        ("sites_at_once", "201", "a whole number from 1 to 200"),
        ("sites_at_once", "2.0", "a whole number from 1 to 200"),
        ("sites_at_once", True, "a whole number from 1 to 200"),
        ("appliance_time", "3600", "is a text: write the seconds"),
        ("windows", NIGHT, "is a mapping: write a list of windows"),
        (
            "windows",
            [{**NIGHT, "from": 1320}],
            "cloud_connector_windows.0.from is a number: write a time of day in quotes",
        ),
        ("windows", [{**NIGHT, "to": "25:00"}], "cloud_connector_windows.0.to is '25:00'"),
        ("windows", [{**NIGHT, "days": ["monday"]}], "cloud_connector_windows.0.days.0 is 'monday': write one of mon"),
        ("windows", [{**NIGHT, "zone": "Europe/Berln"}], "Europe/Berln is no time zone: did you mean Europe/Berlin?"),
        ("windows", [{**NIGHT, "to": "22:00"}], "of amsterdam: a window from 22:00 to 22:00 is none"),
        ("windows", [{"from": "22:00", "to": "04:00"}], "cloud_connector_windows.0.zone is missing"),
        ("freeze", [FREEZE], "needs its zone"),
        (
            "freeze",
            [{**FREEZE, "from": date(2026, 12, 20)}],
            "cloud_connector_freeze.0.from is of another type: write the first day in quotes",
        ),
        ("freeze", [{**FREEZE, "zone": "UTC", "to": "2026-12-01"}], "ends before it begins"),
        ("waivers", [{**WAIVER, "owner": ""}], "cloud_connector_waivers.0.owner is '': write who answers for it"),
        ("waivers", [{**WAIVER, "check": "counters"}], "that check is never waived"),
        ("waivers", [{**WAIVER, "site": "hamburg"}], "names no site of the inventory"),
        ("waivers", [{**WAIVER, "expires": date(2026, 3, 31)}], "the last day in quotes"),
    ],
)
def test_order_and_time_that_cannot_be_meant_are_one_sentence(name: str, value: Any, words: str) -> None:
    (sentence, *more) = problems(all_with(name, value))
    assert words in sentence
    assert more == [] or name in ("windows", "freeze")


def settings(hosts: dict[str, dict[str, Any]]) -> Settings:
    return inventory.settings(hosts, SITE_OF, [], Version("2.1"))


@pytest.mark.parametrize(("declared", "first"), [("restart", True), ("stop", False), ("go_on", False)])
def test_a_restart_comes_first_where_it_is_declared(declared: str, first: bool) -> None:
    assert settings(all_with("on_restart_required", declared)).restarts_first is first


def test_what_is_not_declared_is_one_at_a_time_in_the_order_of_the_inventory() -> None:
    found = settings(fleet())
    assert (found.canary, found.priorities, found.sites_at_once, found.waivers) == (None, {}, 1, ())
    assert all(one.is_open_always for one in found.calendars.values())
    assert found.pace == Pace(4 * 3600.0, 4 * 3600.0)


def test_what_is_declared_is_taken_as_numbers_also_where_it_is_a_text() -> None:
    hosts = all_with("sites_at_once", "2")
    for name, value in {
        "canary": "berlin",
        "windows": [NIGHT],
        "freeze": [FREEZE],
        "waivers": [WAIVER],
        "site_priority": "4",
    }.items():
        for one in hosts.values():
            one[f"cloud_connector_{name}"] = value
    found = settings(hosts)
    assert (found.canary, found.sites_at_once, found.priorities) == ("berlin", 2, {"amsterdam": 4, "berlin": 4})
    assert found.waivers[0].owner == "Ann" and not found.calendars["berlin"].is_open_always
    assert found.approved.fleet["cloud_connector_waivers"] == [WAIVER]
    assert found.approved.sites["berlin"]["cloud_connector_windows"] == [NIGHT]


def test_an_approval_is_about_the_msi_and_each_ini_and_about_no_secret() -> None:
    found = settings(fleet()).approved
    assert found.fleet == {"cloud_connector_package_sha256": "a" * 64}
    assert set(found.appliances["ber-2"]) == {"cloud_connector_ini", "cloud_connector_accepted_ini_changes"}
    assert found.appliances["ber-1"]["cloud_connector_ini"] != found.appliances["ber-2"]["cloud_connector_ini"]
    assert len(str(found.appliances["ber-1"]["cloud_connector_ini"])) == 16
    secret = {name for name, rules in schema.schema("inventory.json")["properties"].items() if rules.get("writeOnly")}
    approved = {name for name, rules in schema.schema("inventory.json")["properties"].items() if rules.get("approved")}
    assert not secret & approved
