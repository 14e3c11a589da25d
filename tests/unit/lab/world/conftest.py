"""A small simulated fleet, and one cmdlet at a time on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.inprocess import Lab
from lab.world.product import install_msi, uninstall_msi

Run = Callable[..., dict[str, Any]]

TWO = {
    "sites": [
        {
            "name": "oslo",
            "peak_calls": 500,
            "appliances": ["cce-1", "cce-2"],
            "calls": {"inbound": {"calls_per_hour": 0}, "outbound": {"calls_per_hour": 0}},
        }
    ]
}
"""Two appliances and no traffic but what a test offers."""


@pytest.fixture
def make() -> Callable[..., Lab]:
    """Makes the lab of two appliances, with keys of its description replaced."""
    return lambda **changes: Lab.from_description(TWO, **changes)


@pytest.fixture
def lab(make: Callable[..., Lab]) -> Lab:
    return make()


@pytest.fixture
def run() -> Run:
    """Runs one cmdlet on cce-1 and returns the bridge's result, with the whole answer's prompts."""

    def one(lab: Lab, cmdlet: str, answers: Any = (), method: str = "credssp", **parameters: Any) -> dict[str, Any]:
        step = {"name": "it", "cmdlet": cmdlet, "parameters": parameters}
        connection = lab.connection("cce-1", method)  # type: ignore[arg-type]
        answer = connection.exchange({"protocol": 1, "steps": [step], "answers": list(answers)})
        return {**answer["results"][0], "prompts": answer["prompts"]}

    return one


@pytest.fixture
def upgrade(run: Run) -> Callable[[Lab], None]:
    """Brings cce-1 to where only Switch-CcVersion is missing: the work before, as the manual procedure does it."""

    def stage(lab: Lab) -> None:
        appliance = lab.appliance("cce-1")
        exchange_msi(lab)
        appliance.computer.files.write_text(
            r"C:\Users\cceadmin\CloudConnector\ApplianceRoot\CloudConnector.ini", lab.ini("cce-1")
        )
        for cmdlet, parameters in STAGES:
            assert run(lab, cmdlet, **parameters)["errors"] == []

    return stage


STAGES: list[tuple[str, dict[str, Any]]] = [
    ("Import-CcConfiguration", {"Force": True}),
    ("Register-CcAppliance", {}),
    ("Start-CcDownload", {"DownloadBitsOnly": True}),
    ("Install-CcAppliance", {"Upgrade": True}),
]


def exchange_msi(lab: Lab) -> None:
    uninstall_msi(lab.appliance("cce-1"))
    install_msi(lab.appliance("cce-1"), "2.1")
