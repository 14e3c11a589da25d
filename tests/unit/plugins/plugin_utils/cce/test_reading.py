from __future__ import annotations

import json

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.codec import encode
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import NotReadError, Unknown, need

from .builders import healthy


def test_an_unknown_is_neither_true_nor_false() -> None:
    with pytest.raises(TypeError, match="the line was cut"):
        bool(Unknown("the line was cut"))


def test_need_gives_the_value_or_the_reason() -> None:
    assert need(False) is False
    with pytest.raises(NotReadError, match="denied"):
        need(Unknown("denied"))


def test_an_unknown_is_an_object_in_json() -> None:
    assert encode(Unknown("denied")) == {"unknown": "denied"}


@pytest.mark.parametrize(
    "appliance",
    [healthy(), healthy("2.1", saved={"scripts": "2.0.1"}, jobs=("switch-2.1",)), Appliance.unread("no answer")],
    ids=["healthy", "resumed", "unread"],
)
def test_an_appliance_survives_json(appliance: Appliance) -> None:
    assert Appliance.from_dict(json.loads(json.dumps(appliance.to_dict()))) == appliance


@pytest.mark.parametrize("wrong", [{}, {"running": "2.1"}, {**healthy().to_dict(), "machines": 5}])
def test_what_is_no_appliance_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not the state of an appliance"):
        Appliance.from_dict(wrong)


def test_other_values_beside_it_do_not_matter() -> None:
    described = {"name": "cce-ber-1", "read_at": 12.5, **healthy().to_dict()}
    assert Appliance.from_dict(described) == healthy()


def test_changes_make_another_appliance() -> None:
    before = healthy()
    assert before.with_changes(running="2.1").running == "2.1"
    assert before.running == "2.0.1"
