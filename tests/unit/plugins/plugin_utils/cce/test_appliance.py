from __future__ import annotations

from dataclasses import fields

import yaml
from ansible_collections.sfb.cloud_connector.plugins.modules import appliance_info
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance


def test_every_reading_is_documented_where_it_is_returned() -> None:
    documented = list(yaml.safe_load(appliance_info.RETURN)["appliance"]["contains"])
    assert documented[0] == "name"
    assert sorted(documented) == sorted({"name", "unreadable"} | {field.name for field in fields(Appliance)})
