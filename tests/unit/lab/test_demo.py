"""What the demo tells a person."""

from __future__ import annotations

from lab.commands.demo import calls_table, introduction, shortages

CONSENT = {"until": "2026-12-01T00:00:00+00:00", "emergency_calls": "by mobile phone", "reason": "agreed"}
INVENTORY = {
    "cloud_connector": {
        "vars": {"cloud_connector_target_version": "2.1"},
        "children": {
            "lone": {"hosts": {"one": {}}, "vars": {"cloud_connector_outage_consent": CONSENT}},
            "pair": {"hosts": {"two": {}, "three": {}}, "vars": {}},
        },
    }
}


def test_the_introduction_shows_the_consent_of_the_site_without_a_spare_only() -> None:
    text = "\n".join(introduction(INVENTORY, 1000))
    assert text.count("emergency_calls: by mobile phone") == text.count("its upgrade is an outage") == 1
    assert text.index("lone") < text.index("outage") < text.index("two, three")


def test_the_introduction_says_that_it_is_simulated() -> None:
    assert "simulated fleet is upgraded to 2.1" in introduction(INVENTORY, 1000)[0]


def test_calls_are_counted_by_what_became_of_them() -> None:
    calls = {"completed": 5, "rerouted": 4, "refused": 3, "cut": 2, "running": 1}
    emergency = {"completed": 6, "refused": 1, "cut": 1}
    line = calls_table({"pair": {"calls": calls, "emergency_calls": emergency}})[3]
    assert line.split() == ["pair", "15", "5", "4", "3", "2", "1", "8", "2"]


def test_a_shortage_is_told_with_its_reason() -> None:
    span = {
        "site": "lone",
        "time": "2026-01-01T00:00:00.5+00:00",
        "end": None,
        "capacity": 0,
        "needed": 9,
        "why": "switch",
    }
    assert shortages([span])[-1].split() == (
        ["lone", "from", "2026-01-01T00:00:00", "to", "now:", "room", "for", "0", "of", "9", "calls,", "switch"]
    )


def test_no_shortage_is_said_too() -> None:
    assert "No site was short of capacity." in shortages([])
