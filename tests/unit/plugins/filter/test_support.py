"""How long releases are supported, in playbooks."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.sfb.cloud_connector.plugins.filter.support import FilterModule

support = FilterModule().filters()["support"]
STATES = [
    {"name": "a", "running": "2.0.1"},
    {"name": "b", "running": {"unknown": "no answer"}},
    {"name": "c", "unreadable": "x"},
]


def test_what_runs_is_judged_by_the_days_given() -> None:
    assert "Support of 2.0.1 (a) ends on 2018-01-14" in support(STATES, {"2.1": "2017-11-15"}, "2018-01-01")[1]


def test_without_a_day_it_is_that_of_the_controller() -> None:
    assert "no release is supported any more" in support(STATES)[0]


def test_a_day_that_is_none_is_told() -> None:
    with pytest.raises(AnsibleFilterError, match="no release dates"):
        support(STATES, {"2.1": "autumn"})
