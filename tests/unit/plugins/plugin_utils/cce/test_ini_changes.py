from __future__ import annotations

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import ini, ini_changes
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.ini_changes import changes

from .builders import BUILD, OLD_BUILD, ini_text

IN_FORCE = ini.parse(ini_text(build=OLD_BUILD))
NEW = ini.parse(ini_text())


def told(new: ini.Ini, in_force: ini.Ini = IN_FORCE, release: str = "2.1") -> list[str]:
    return [str(difference) for difference in changes(new, in_force, release)]


def test_the_same_values_in_a_new_template_are_no_change() -> None:
    assert told(NEW) == []


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("Common", "IP", "10.2.1.9"),
        ("Common", "SiteName", "hamburg"),
        ("Common", "HardwareType", "Minimum"),
        ("EdgeServer", "ExternalSIPIPs", "203.0.113.99"),
        ("Gateway1", "Port", "5067"),
        ("HybridVoiceRoutes", "LocalRoute", "^1.*"),
        ("TrunkConfiguration", "EnableReferSupport", "false"),
        ("Common", "SIPDomains", "contoso.de contoso.com"),
        ("Network", "CorpnetDefaultGateway", ""),
    ],
)
def test_any_other_value_is_a_change(section: str, key: str, value: str) -> None:
    assert [one.name for one in changes(NEW.with_value(section, key, value), IN_FORCE, "2.1")] == [f"{section}/{key}"]


def test_a_change_says_both_values() -> None:
    assert told(NEW.with_value("Gateway1", "IP", "10.2.99.7")) == [
        "Gateway1/IP is '10.2.99.1' in force and '10.2.99.7' in the new ini"
    ]


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("Common", "ServerName", "AD-BERLIN-1"),
        ("Common", "SIPDomains", "contoso.com  contoso.de"),
        ("TrunkConfiguration", "EnableReferSupport", "True"),
        ("Common", "HardwareType", ""),
    ],
)
def test_another_spelling_is_no_change(section: str, key: str, value: str) -> None:
    assert told(NEW.with_value(section, key, value)) == []


def test_the_case_of_a_route_is_one() -> None:
    both = [NEW.with_value("HybridVoiceRoutes", "LocalRoute", pattern) for pattern in (r"\d+", r"\D+")]
    assert len(told(*both)) == 1


def without(document: ini.Ini, *lines: str) -> ini.Ini:
    text = document.text
    for line in lines:
        assert f"{line}\r\n" in text
        text = text.replace(f"{line}\r\n", "", 1)
    return ini.parse(text)


def test_keys_that_a_release_brings_are_no_change_whatever_they_say() -> None:
    old = without(IN_FORCE, "OMSEnabled=false", "ForwardPAI=false", "State=")
    new = NEW.with_value("Common", "OMSEnabled", "true").with_value("TrunkConfiguration", "ForwardPAI", "true")
    assert told(new.with_value("Common", "State", "Berlin"), old) == []


def test_the_value_of_such_a_key_that_is_in_force_already_is_kept() -> None:
    assert len(told(NEW.with_value("Common", "OMSEnabled", "true"))) == 1


def test_a_key_that_every_release_has_is_new_only_where_it_says_nothing() -> None:
    old = without(IN_FORCE, "ExternalMRPublicIPs=", "HardwareType=Normal")
    assert told(NEW, old) == []
    (sentence,) = told(NEW.with_value("EdgeServer", "ExternalMRPublicIPs", "203.0.113.9"), old)
    assert sentence == "EdgeServer/ExternalMRPublicIPs is not there in force and '203.0.113.9' in the new ini"


def test_the_place_of_a_key_in_an_older_file_is_known() -> None:
    old = without(IN_FORCE, "EnableReferSupport=true").with_value("Network", "EnableReferSupport", "false")
    assert told(NEW.with_value("TrunkConfiguration", "EnableReferSupport", "false"), old) == []
    assert [one.name for one in changes(NEW, old, "2.1")] == ["TrunkConfiguration/EnableReferSupport"]


def test_a_gateway_more_or_less_is_a_change_of_each_of_its_keys() -> None:
    more = ini.parse(NEW.text + "[Gateway2]\r\nFQDN=gw2\r\nIP=10.2.99.2\r\nPort=5068\r\n")
    names = ["Gateway2/FQDN", "Gateway2/IP", "Gateway2/Port"]
    assert [one.name for one in changes(more, IN_FORCE, "2.1")] == names
    assert [one.name for one in changes(NEW, more, "2.1")] == names
    assert all(sentence.endswith("not there in the new ini") for sentence in told(NEW, more))


def test_a_value_that_has_no_place_any_more_is_a_change() -> None:
    assert [one.name for one in changes(NEW, IN_FORCE.with_value("Common", "Odd", "1"), "2.1")] == ["Common/Odd"]
    assert told(NEW, IN_FORCE.with_value("Common", "Odd", "")) == []


def test_a_change_is_declared_by_its_name_in_any_case() -> None:
    found = changes(NEW.with_value("Gateway1", "IP", "1.2.3.4").with_value("Common", "City", "Bonn"), IN_FORCE, "2.1")
    assert [one.name for one in ini_changes.undeclared(found, ["gateway1/ip", "Common/Gone"])] == ["Common/City"]


def test_an_unknown_release_is_an_error() -> None:
    with pytest.raises(ValueError, match="no template of release"):
        changes(NEW, without(IN_FORCE, "State="), "3.0")


def test_a_build_number_tells_an_older_template() -> None:
    assert OLD_BUILD in (ini_changes.reused_build(IN_FORCE, IN_FORCE) or "")
    assert ini_changes.reused_build(NEW, IN_FORCE) is None
    nameless = ini.parse(NEW.text.replace(BUILD, ""))
    assert ini_changes.reused_build(nameless, nameless) is None
