"""What was approved, and how another plan differs from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import intent
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.intent import Approved, Intent
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.site import Consent, Site
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.versions import Version

from .builders import healthy, site

BERLIN, AMSTERDAM = site(healthy(), healthy(number=2)), site(healthy(), name="amsterdam", host="ams")
ALL = {"ber-1", "ber-2", "ams-1"}
NIGHT = [{"from": "22:00", "to": "04:00", "zone": "Europe/Berlin"}]


def made(
    *sites: Site,
    target: str = "2.1",
    hosts: set[str] = ALL,
    canary: str | None = None,
    at_once: int = 1,
    fleet: Mapping[str, Any] | None = None,
    of_sites: Mapping[str, Any] | None = None,
    of_appliances: Mapping[str, Any] | None = None,
) -> Intent:
    approved = Approved(fleet or {}, of_sites or {}, of_appliances or {})
    return intent.make(Version(target), sites or (BERLIN, AMSTERDAM), hosts, canary, at_once, approved)


APPROVED = made(
    fleet={"cloud_connector_package_sha256": "a" * 64},
    of_sites={"berlin": {"cloud_connector_windows": NIGHT}},
    of_appliances={"ber-1": {"cloud_connector_ini": intent.digest("one")}},
)


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (made(target="2.0.1"), "The target is 2.0.1, approved was 2.1."),
        (made(canary="amsterdam"), "The canary is amsterdam, approved was not given."),
        (made(at_once=8), "The number of sites at once is 8, approved was 1."),
        (
            made(BERLIN),
            "Site amsterdam was approved, and is left out: give no other limit than then; what is done is skipped.",
        ),
        (
            made(BERLIN, AMSTERDAM, site(healthy(), name="cairo", host="cai"), hosts={*ALL, "cai-1"}),
            "Site cairo is in this run, and was not approved.",
        ),
        (made(AMSTERDAM, BERLIN), 'The sites come in another order (["amsterdam", "berlin"]) than was approved.'),
        (made(hosts={"ber-1", "ams-1"}), "Site berlin was approved with ber-2, which is left out."),
        (
            made(Site("berlin", BERLIN.policy, dict(reversed(list(BERLIN.appliances.items())))), AMSTERDAM),
            'The appliances of site berlin come in another order (["ber-2", "ber-1"]) than was approved.',
        ),
        (
            made(site(healthy(), healthy(), healthy()), AMSTERDAM, hosts={*ALL, "ber-3"}),
            "Site berlin has ber-3 in this run, which was not approved.",
        ),
        (
            made(site(healthy(), healthy(), peak=301), AMSTERDAM),
            "cloud_connector_peak_calls of site berlin is 301, approved was 300.",
        ),
        (
            made(site(healthy(), healthy(), consent=Consent("2026-01-31T04:00:00Z", "mobile", "Ann")), AMSTERDAM),
            'cloud_connector_outage_consent of site berlin is {"until": "2026-01-31T04:00:00Z", "emergency_calls": "mobile", '
            '"reason": "Ann"}, approved was not given.',
        ),
        (
            made(fleet={"cloud_connector_package_sha256": "b" * 64}),
            f"cloud_connector_package_sha256 is {'b' * 64}, approved was {'a' * 64}.",
        ),
        (
            made(of_sites={"berlin": {}}),
            f"cloud_connector_windows of site berlin is not given, approved was {json.dumps(NIGHT)}.",
        ),
        (
            made(of_appliances={"ber-1": {"cloud_connector_ini": "other"}}),
            f"cloud_connector_ini of ber-1 is other, approved was {intent.digest('one')}.",
        ),
    ],
)
def test_each_difference_is_named(found: Intent, sentence: str) -> None:
    assert sentence in intent.differences(APPROVED, found)
    assert intent.hash_of(found) != intent.hash_of(APPROVED)


def test_the_same_intent_has_no_difference_also_once_it_was_a_file() -> None:
    again = json.loads(json.dumps(APPROVED))
    assert intent.differences(again, APPROVED) == []
    assert intent.hash_of(again) == intent.hash_of(APPROVED)


def test_a_long_value_is_cut() -> None:
    (said,) = intent.differences(made(fleet={"x": "y" * 500}), made(fleet={"x": "z" * 500}))
    assert len(said) < 250


def entry(**more: Any) -> dict[str, Any]:
    whole = ["package", "version", "health"]
    found = {
        "host": "ber-1",
        "running": "2.0.1",
        "steps": whole,
        "reason": "r",
        "consent": False,
        "notes": ["disk: 1 GiB"],
    }
    return {**found, **more}


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([], None),
        ([entry(steps=["version", "health"], running="2.0.1")], None),
        ([entry(steps=["health"], running="2.1")], None),
        ([entry(running=None)], None),
        ([entry(notes=["disk: 2 GiB"])], None),
        ([entry(host="ber-2")], "ber-2 was to be left as it is, and now needs package"),
        ([entry(steps=["package", "extra"])], "ber-1 needs extra, which was done when"),
        ([entry(running="2.0")], "ber-1 runs 2.0, and ran 2.0.1 when"),
        ([entry(consent=True)], "would leave service by consent only"),
        ([entry(notes=["pending_restart: yes"])], "has something to be seen to that it had not when"),
    ],
)
def test_what_is_left_has_to_be_a_part_of_what_was_approved(found: list[dict[str, Any]], words: str | None) -> None:
    said = intent.more_work([entry()], found, "2.1")
    assert said == [] if words is None else (len(said) == 1 and words in said[0])


def test_what_was_waived_then_is_nothing_new() -> None:
    assert intent.more_work([entry(waived=["memory: waived"])], [entry(notes=["memory: 1 GiB"])], "2.1") == []
