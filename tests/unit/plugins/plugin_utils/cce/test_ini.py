from __future__ import annotations

import json

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import ini, schema
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.versions import KNOWN

from .builders import BUILD, OLD_BUILD, ini_text

GOOD = ini.parse(ini_text())
OLD = ini.parse(ini_text(build=OLD_BUILD))


def sentences(document: ini.Ini, release: str = "2.1") -> list[str]:
    return [str(problem) for problem in ini.problems(document, release)]


def without(section: str, key: str, build: str = BUILD) -> ini.Ini:
    value = GOOD.get(section, key)
    header = f"[{section}]\r\n"
    before, after = ini_text(build=build).split(header)
    return ini.parse(before + header + after.replace(f"{key}={value}\r\n", "", 1))


@pytest.mark.parametrize("release", KNOWN)
def test_a_good_ini_has_no_problem(release: str) -> None:
    assert sentences(GOOD if release == "2.1" else OLD, release) == []


def test_an_ini_with_the_build_number_of_another_release_is_refused() -> None:
    (sentence,) = sentences(GOOD, "2.0.1")
    assert sentence == (
        "Its build number 6.0.9319.419 is that of the template of 2.1: make it from the template of release 2.0.1."
    )


@pytest.mark.parametrize("line", ["", "; Build number 6.0.9319.5000 - Keep"])
def test_what_is_not_known_of_a_build_number_is_no_problem(line: str) -> None:
    assert sentences(ini.parse(ini_text().replace(ini_text().splitlines()[0], line))) == []


@pytest.mark.parametrize("name", ["inventory.json", *(f"ini-{release}.json" for release in KNOWN)])
def test_the_schemas_are_schemas(name: str) -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(schema.schema(name))
    assert schema.schema(name)["$id"] == name


def test_every_rule_of_a_key_says_what_to_write() -> None:
    base = schema.schema("ini-1.4.1.json")
    assert all(rules["description"] for rules in base["$defs"].values())


def test_state_is_needed_from_2_1_on() -> None:
    assert sentences(without("Common", "State", OLD_BUILD), "2.0.1") == []
    (sentence,) = sentences(without("Common", "State"))
    assert sentence.startswith("[Common] State is missing: copy it from the template of release 2.1")


@pytest.mark.parametrize(
    ("section", "key"),
    [
        (section, key)
        for section, rules in schema.schema("ini-1.4.1.json")["properties"].items()
        for key in rules.get("required", [])
    ],
)
def test_a_missing_key_is_named(section: str, key: str) -> None:
    assert any(sentence.startswith(f"[{section}] {key} is missing") for sentence in sentences(without(section, key)))


@pytest.mark.parametrize("section", schema.schema("ini-1.4.1.json")["required"])
def test_a_missing_section_is_named(section: str) -> None:
    assert f"Section [{section}] is missing: copy it from the template of release 2.1." in sentences(
        GOOD.without_section(section)
    )


@pytest.mark.parametrize(
    ("section", "key", "value", "wanted"),
    [
        ("Network", "ManagementIPPrefixLength", "7", "from 8 to 29"),
        ("Network", "ManagementIPPrefixLength", "30", "from 8 to 29"),
        ("Network", "CorpnetIPPrefixLength", "33", "from 1 to 32"),
        ("EdgeServer", "ExternalMRPortRange", "98", "even number from 100 to 10000"),
        ("EdgeServer", "ExternalMRPortRange", "101", "even number from 100 to 10000"),
        ("EdgeServer", "ExternalMRPortRange", "10002", "even number from 100 to 10000"),
        ("EdgeServer", "ExternalMRPortRange", "", "even number from 100 to 10000"),
        ("EdgeServer", "ExternalSIPPoolName", "SIP", "not 'sip'"),
        ("EdgeServer", "ExternalSIPIPs", "203.0.113.1 203.0.113.2", "one IPv4 address"),
        ("PrimaryCMS", "ServerName", "a-name-too-long1", "1 to 15 letters"),
        ("PrimaryCMS", "ServerName", "cms.local", "without a dot"),
        ("Common", "SIPDomains", "", "the SIP domains"),
        ("Common", "SIPDomains", "contoso.com local", "a domain name"),
        ("Common", "HardwareType", "Huge", "Normal or Minimum"),
        ("Common", "IP", "10.2.1.300", "one IPv4 address"),
        ("Gateway1", "Protocol", "UDP", "TCP or TLS"),
        ("Gateway1", "Port", "0", "from 1 to 65535"),
        ("TrunkConfiguration", "ForwardPAI", "yes", "true or false"),
        ("Common", "OMSEnabled", "yes", "true or false"),
    ],
)
def test_a_wrong_value_is_one_sentence(section: str, key: str, value: str, wanted: str) -> None:
    (sentence,) = sentences(GOOD.with_value(section, key, value))
    assert sentence.startswith(f"[{section}] {key} is ")
    assert wanted in sentence


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("EdgeServer", "ExternalMRPortRange", "100"),
        ("Network", "ManagementIPPrefixLength", "29"),
        ("Gateway1", "Protocol", "tcp"),
        ("Common", "HardwareType", "MINIMUM"),
        ("Common", "BaseVMIP", "10.2.1.9"),
        ("Gateway1", "FQDN", "10.2.99.1"),
        ("Gateway1", "FQDN", ""),
        ("Gateway1", "Protocol", "TLS"),
    ],
)
def test_values_at_the_edge_are_good(section: str, key: str, value: str) -> None:
    assert sentences(GOOD.with_value(section, key, value)) == []


def test_names_are_read_whatever_their_case() -> None:
    assert sentences(ini.parse(ini_text().replace("[EdgeServer]", "[edgeserver]").replace("State=", "STATE="))) == []


def test_an_unknown_release_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no template of release 3\.0"):
        ini.problems(GOOD, "3.0")


SECOND_GATEWAY = (
    "[Gateway{}]\r\nFQDN=gw2.contoso.com\r\nIP=10.2.99.2\r\nPort=5068\r\nProtocol=TCP\r\nVoiceRoutes=LocalRoute\r\n"
)


@pytest.mark.parametrize(
    ("check", "document", "words"),
    [
        ("nothing_twice", ini.parse(ini_text() + "[common]\r\n"), "is there twice"),
        ("nothing_twice", ini.parse(ini_text().replace("City=\r\n", "City=\r\ncity=x\r\n")), "is there twice"),
        ("sip_domains", GOOD.with_value("Common", "SIPDomains", "a.onmicrosoft.com"), "leave it out"),
        ("internal_domain", GOOD.with_value("Common", "VirtualMachineDomain", "Contoso.com"), "of its own"),
        ("site_name", GOOD.with_value("Common", "SiteName", "Site1"), "name of the PSTN site"),
        ("server_names", GOOD.with_value("PrimaryCMS", "ServerName", "AD-berlin-1"), "[Common] ServerName"),
        ("internal_addresses", GOOD.with_value("EdgeServer", "InternalServerIPs", "10.2.1.1"), "[Common] IP"),
        ("switch_names", GOOD.with_value("Network", "InternetSwitchName", "sfb cce corpnet switch"), "different ones"),
        ("readable", GOOD.with_value("Common", "City", "K\ufffdln"), "wrong encoding"),
        ("management_network", GOOD.with_value("Network", "ManagementIPPrefix", "10.2.1.0"), "internal network"),
        ("management_network", GOOD.with_value("Network", "ManagementIPPrefix", "203.0.2.0"), "external network"),
        ("gateways_numbered", ini.parse(ini_text() + SECOND_GATEWAY.format(3)), "[Gateway3]"),
        ("gateway_routes", GOOD.with_value("Gateway1", "VoiceRoutes", "LocalRoute Far"), "'Far'"),
        ("gateway_names", GOOD.with_value("Gateway1", "FQDN", "").with_value("Gateway1", "Protocol", "TLS"), "TLS"),
    ],
)
def test_keys_that_do_not_agree(check: str, document: ini.Ini, words: str) -> None:
    (problem,) = ini.problems(document, "2.1")
    assert problem.check == check
    assert words in problem.sentence


def test_an_empty_second_gateway_is_refused() -> None:
    document = ini.parse(ini_text() + "[Gateway2]\r\nFQDN=\r\nIP=\r\nPort=\r\nProtocol=\r\nVoiceRoutes=\r\n")
    assert {problem.section for problem in ini.problems(document, "2.1")} == {"Gateway2"}


def test_a_second_gateway_is_good() -> None:
    assert sentences(ini.parse(ini_text() + SECOND_GATEWAY.format(2))) == []


# --- appliances together ----------------------------------------------------------------------------------------------


def fleet() -> dict[str, dict[str, ini.Ini]]:
    return {
        "berlin": {f"ber-{number}": ini.parse(ini_text("berlin", number, 2)) for number in (1, 2)},
        "cairo": {"cai-1": ini.parse(ini_text("cairo", 1, 3))},
    }


def test_a_good_fleet_has_no_problem() -> None:
    assert ini.fleet_problems(fleet()) == []


@pytest.mark.parametrize(
    ("host", "section", "key", "value", "words"),
    [
        ("ber-2", "Common", "SIPDomains", "contoso.de contoso.com", "ber-2 has contoso.de contoso.com and ber-1"),
        ("cai-1", "Common", "VirtualMachineDomain", "other.local", "cairo has other.local and berlin has cce.local"),
        ("ber-2", "Common", "SiteName", "hamburg", "ber-2 has hamburg and ber-1 has berlin"),
        ("cai-1", "Common", "SiteName", "BERLIN", "cairo and berlin both have berlin"),
        ("ber-2", "MediationServer", "ServerName", "ms-berlin-1", "ber-2 and ber-1 both have ms-berlin-1"),
        ("cai-1", "PrimaryCMS", "IP", "10.2.1.2", "cairo and berlin both have 10.2.1.2"),
        ("ber-2", "EdgeServer", "ExternalSIPIPs", "203.0.2.1", "ber-2 and ber-1 both have 203.0.2.1"),
        ("ber-2", "EdgeServer", "ExternalSIPPoolName", "ap2", "ber-2 has ap2 and ber-1 has ap-berlin"),
        ("cai-1", "EdgeServer", "InternalPoolName", "pool", "cairo has pool and berlin has edgepool"),
        ("ber-2", "Gateway1", "Port", "5069", "gw1.berlin.contoso.com 10.2.99.1 5069"),
        ("cai-1", "Gateway1", "IP", "10.2.99.1", "cairo and berlin both have 10.2.99.1"),
        ("ber-2", "TrunkConfiguration", "EnableReferSupport", "false", "enablerefersupport=false"),
    ],
)
def test_appliances_that_do_not_agree(host: str, section: str, key: str, value: str, words: str) -> None:
    sites = fleet()
    site = next(site for site in sites if host in sites[site])
    sites[site][host] = sites[site][host].with_value(section, key, value)
    assert any(words in str(problem) for problem in ini.fleet_problems(sites))


def test_one_host_may_use_an_external_address_twice() -> None:
    assert GOOD.get("EdgeServer", "ExternalSIPIPs") == GOOD.get("EdgeServer", "ExternalMRIPs")
    assert ini.fleet_problems({"berlin": {"ber-1": GOOD}}) == []


# --- values ----------------------------------------------------------------------------------------------------------------


def of_document(document: ini.Ini) -> dict[str, dict[str, str]]:
    return {section: document.section(section) for section in document.sections}


@pytest.mark.parametrize("release", KNOWN)
def test_the_values_of_an_ini_make_the_same_ini(release: str) -> None:
    made = ini.render({}, release)
    good = ini.carry_over(GOOD, made).ini
    assert sentences(good, release) == []
    assert ini.render(of_document(good), release) == good


@pytest.mark.parametrize("release", KNOWN)
def test_a_template_has_what_its_release_requires(release: str) -> None:
    missing = [problem for problem in ini.problems(ini.render({}, release), release) if "is missing" in str(problem)]
    assert missing == []


def test_gateways_and_routes_are_those_that_are_given() -> None:
    made = ini.render({"gateway2": {"ip": "10.0.0.2"}, "Gateway1": {}, "hybridvoiceroutes": {"Far": "1.*"}}, "2.1")
    assert ini.gateways(made) == ["Gateway1", "Gateway2"]
    assert (made.get("Gateway2", "IP"), made.section("HybridVoiceRoutes")) == ("10.0.0.2", {"Far": "1.*"})


# --- a new release ----------------------------------------------------------------------------------------------------


def template() -> ini.Ini:
    return ini.parse(ini_text("Site1", 9, 9) + SECOND_GATEWAY.format(2))


def test_values_are_carried_over_into_the_template() -> None:
    done = ini.carry_over(without("Common", "State"), template())
    assert done.ini.text == ini_text()
    assert done.new == (("Common", "State"),)
    assert json.dumps(done.carried).count("ServerName") == 4


def test_old_names_and_places_are_found() -> None:
    old = ini.parse(
        ini_text().replace("InternalServerIPs=", "InternalMachineIPs=").replace("SIPDomains=", "InternalDomains=")
    )
    done = ini.carry_over(old, template())
    assert done.ini.get("EdgeServer", "InternalServerIPs") == "10.2.1.4"
    assert (("Common", "InternalDomains"), ("Common", "SIPDomains")) in done.renamed
    assert not any("InternalDomains" in sentence for sentence in done.person)


@pytest.mark.parametrize(
    ("wrong", "right"), [("InternetIPPrefix", "InternetIPPrefixLength"), ("CmsFileStore", "ShareName")]
)
def test_keys_named_as_the_documents_name_them_are_found(wrong: str, right: str) -> None:
    section = "Network" if wrong == "InternetIPPrefix" else "PrimaryCMS"
    done = ini.carry_over(ini.parse(f"[{section}]\n{wrong}=28\n"), template())
    assert done.ini.get(section, right) == "28"


def test_of_two_values_the_one_left_out_is_told() -> None:
    done = ini.carry_over(ini.parse("[Common]\nCity=a\nCITY=b\n"), template())
    assert done.ini.get("Common", "City") == "a"
    assert "[Common] CITY is there more than once, and this one was left out: its value was 'b'." in done.person


def test_all_gateways_and_routes_are_carried_over() -> None:
    old = ini.parse(ini_text() + SECOND_GATEWAY.format(2) + SECOND_GATEWAY.format(3)).with_value(
        "HybridVoiceRoutes", "Far", "1.*"
    )
    done = ini.carry_over(old, ini.parse(ini_text("Site1", 9, 9)))
    assert ini.gateways(done.ini) == ["Gateway1", "Gateway2", "Gateway3"]
    assert done.ini.section("HybridVoiceRoutes") == {"LocalRoute": ".*", "Far": "1.*"}


def test_a_person_looks_at_what_is_new_or_left_out() -> None:
    done = ini.carry_over(without("Common", "City").with_value("Common", "Odd", "7"), template())
    assert "[Common] City is new and has the template's value ''" in done.person[0]
    assert any(sentence.startswith("[Common] Odd is not in the template") for sentence in done.person)
    assert any(sentence.startswith("[Common] SiteName is 'berlin'") for sentence in done.person)


def test_the_same_problem_in_a_site_is_not_repeated_between_sites() -> None:
    sites = fleet()
    sites["berlin"]["ber-2"] = sites["berlin"]["ber-2"].with_value("EdgeServer", "InternalPoolName", "other")
    (problem,) = ini.fleet_problems(sites)
    assert problem.sentence == "[EdgeServer] InternalPoolName: ber-2 has other and ber-1 has edgepool: write the same."
