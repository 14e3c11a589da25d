"""A registration that takes longer than one exchange may: over the real wire, by Ansible's own winrm plugin, without a playbook.

Registering may ask for passwords, so it is no job but runs attached, under a claim. What the controller gives up goes on there.
"""

from __future__ import annotations

import importlib
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from tests.bench import DIRECTORY
from tests.integration.harness import Stage, fleet, stage

HOST = "north-1"
MODULE = "ansible_collections.sfb.cloud_connector.plugins.action.registration"
PATIENCE = 4
"""Seconds after which the controller gives an exchange up (`exchange_timeout`)."""
SPEED = 1000.0
LASTS = 5.0
"""Seconds that the registration takes, of the controller's clock."""


def connect(lab_inventory: Path) -> Any:
    """The connection that a task to the appliance has."""
    described = yaml.safe_load(lab_inventory.read_text("utf-8"))["cloud_connector"]
    variables = described["vars"]
    made = connection_loader.get("winrm", PlayContext())
    extras = {"ansible_winrm_ca_trust_path": variables["ansible_winrm_ca_trust_path"]}
    given = {name: value for name, value in variables.items() if name.startswith("ansible_") and name not in extras}
    address = _address(described)
    made.set_options(
        var_options={**given, "ansible_winrm_transport": ["credssp"], "ansible_host": address, "_extras": extras}
    )
    return made


def _address(described: Any) -> str:
    """Of the appliance, wherever the inventory has it."""
    if isinstance(described, dict):
        if isinstance(described.get(HOST), dict) and "ansible_host" in described[HOST]:
            return str(described[HOST]["ansible_host"])
        return next(filter(None, map(_address, described.values())), "")
    return ""


def register(opened: Stage) -> tuple[dict[str, Any], float]:
    """What the module returns, and the seconds it took."""
    arguments = {
        "appliance_directory": DIRECTORY,
        "site_directory": r"\\files\north",
        "version": "2.1",
        "exchange_timeout": PATIENCE,
        "poll_interval": 1,
    }
    task = {"async_val": 0, "environment": None, "delegate_to": None, "check_mode": False, "diff": False}
    made = importlib.import_module(MODULE).ActionModule(
        SimpleNamespace(args=arguments, action="registration", **task), connect(opened.lab.inventory), None, None, None
    )
    made._load_name = "registration"
    begun = time.monotonic()
    result = dict(made.run(task_vars={"inventory_hostname": HOST}))
    return result, time.monotonic() - begun


def test_it_is_found_by_its_claim_waited_for_and_run_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    described = fleet(1, switches={"register_seconds": LASTS * SPEED})
    described["sites"][0]["appliances"] = [{"name": HOST, "scripts": "2.1"}]
    with stage(tmp_path, described, SPEED) as opened:
        result, took = register(opened)
        assert "failed" not in result and result["changed"], result.get("msg")
        (ran,) = opened.cmdlets(name="Register-CcAppliance", appliance=HOST)
        assert took > LASTS > PATIENCE and ran["outcome"] == "ok", ran
        told = " ".join(capsys.readouterr().out.split())
        assert f"no answer within {PATIENCE} seconds; looking whether it goes on there" in told
        again, _took = register(opened)
        assert again["changed"] is False and len(opened.cmdlets(name="Register-CcAppliance")) == 1
