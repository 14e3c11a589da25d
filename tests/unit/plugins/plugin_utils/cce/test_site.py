from __future__ import annotations

from datetime import timedelta

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.site import (
    Observation,
    Unreadable,
    marker_path,
    observation,
    observed,
    site_directory_problem,
)

from .builders import NOW, healthy, site

LOCAL = [
    r"C:\CloudConnector\SiteRoot",
    "Z:\\",
    r"\\localhost\share",
    r"\\LOCALHOST.localdomain\share",
    r"\\127.0.0.1\share",
    r"\\127.1\share",
    r"\\0.0.0.0\share",
    r"\\::1\share",
    r"\\0--1.ipv6-literal.net\share",
    r"\\.\C$\share",
    r"\\?\C:\share",
    "//localhost/share",
    "relative",
    r"\\files",
    "",
]


@pytest.mark.parametrize("path", LOCAL)
def test_several_appliances_need_a_share_of_one_server(path: str) -> None:
    assert str(site_directory_problem(path, 2)).startswith(f"{path} is another folder on each of the 2 appliances")
    assert site_directory_problem(path, 1) is None


@pytest.mark.parametrize(
    "path", [r"\\files\berlin", r"\\10.0.0.5\cce\berlin", "\\\\files\\berlin\\", r"\\localhost1\s"]
)
def test_a_share_of_one_server_is_a_site_directory(path: str) -> None:
    assert site_directory_problem(path, 16) is None


def test_the_marker_is_in_the_site_directory() -> None:
    assert marker_path("\\\\files\\berlin\\") == r"\\files\berlin\sfb.cloud_connector.site"


@pytest.mark.parametrize("found", [healthy(), Unreadable("no answer")])
def test_an_observation_comes_back_from_json(found: Observation) -> None:
    made = observed("ber-1", found)
    assert made["name"] == "ber-1"
    assert observation(made) == found


@pytest.mark.parametrize(
    "state", [{}, {**observed("x", healthy()), "jobs": 5}, {**observed("x", healthy()), "read_at": "?"}]
)
def test_an_observation_that_is_not_understood_is_unreadable(state: dict[str, object]) -> None:
    assert isinstance(observation(state), Unreadable)


def test_newer_observations_take_the_place_of_older_ones() -> None:
    both = site(healthy(), Unreadable("no"))
    assert list(both.with_observations({"ber-1": Unreadable("late")}).appliances.values()) == [
        Unreadable("late"),
        Unreadable("no"),
    ]


def test_each_appliance_has_an_age_of_its_own() -> None:
    found = site(
        healthy(read_at=NOW - timedelta(seconds=60)),
        healthy(read_at=NOW - timedelta(seconds=61)),
        healthy(read_at=NOW + timedelta(seconds=61)),
        Unreadable("no"),
    )
    assert found.stale(NOW, 60) == {"ber-2": 61.0, "ber-3": -61.0}


def test_twins_are_found_whatever_the_case_of_their_name() -> None:
    twin = healthy().with_changes(computer_name="CCE-ber-1")
    unknown = healthy().with_changes(computer_name=Unknown("no"))
    assert site(healthy(), healthy(number=2), twin, unknown, unknown).twins() == [("ber-1", "ber-3")]
