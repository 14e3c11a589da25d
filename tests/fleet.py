"""A fleet for the modules that only think: inventory variables, and the states of a lab that nobody touched."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

from lab.inprocess import Lab
from tests.operations import operate

MODULES = "ansible_collections.sfb.cloud_connector"
SITES = {
    "amsterdam": ["cce-ams-1"],
    "berlin": ["cce-ber-1", "cce-ber-2", "cce-ber-3"],
    "cairo": ["cce-cai-1", "cce-cai-2"],
}
HOSTS = [host for hosts in SITES.values() for host in hosts]
CONSENT = {"until": "2999-01-01T00:00:00+00:00", "emergency_calls": "112 by mobile", "reason": "Ann agreed"}
PROOF = {
    "version": "2.1",
    "way": "signoff",
    "at": "2026-01-31T04:00:00+00:00",
    "by": "Ann",
    "evidence": "two calls",
}
PEAKS = {"amsterdam": 100, "berlin": 600, "cairo": 400}


@cache
def lab() -> Lab:
    return Lab.from_description()


@cache
def state(host: str) -> dict[str, Any]:
    """What `appliance_info` returns of an appliance at 2.0.1."""
    site = next(name for name, hosts in SITES.items() if host in hosts)
    filters = importlib.import_module(f"{MODULES}.plugins.filter.filters")
    read = operate(
        lab(),
        host,
        "appliance_info",
        appliance_directory=filters.appliance_directory(variables(host)),
        site_directory=rf"\\files\{site}",
        vms=filters.vm_addresses(lab().ini(host)),
    )
    return dict(read["appliance"])


def upgraded(host: str) -> dict[str, Any]:
    """The same appliance at 2.1, with 2.0.1 as its backup."""
    found = state(host)
    machines = [{**machine, "version": "2.1"} for machine in found["machines"]]
    ini = lab().ini(host)
    new = {"scripts": "2.1", "running": "2.1", "backup": "2.0.1", "machines": machines, "proof": PROOF}
    return {**found, **new, "ini_appliance": ini, "ini_imported": ini}


def variables(host: str) -> dict[str, Any]:
    """The inventory variables of a host."""
    site = next(name for name, hosts in SITES.items() if host in hosts)
    found = {
        "cloud_connector_target_version": "2.1",
        "cloud_connector_package_source": "https://packages.lab/CloudConnector-2.1.msi",
        "cloud_connector_package_sha256": "a" * 64,
        "cloud_connector_deployment_user": "CceAdmin",
        "cloud_connector_deployment_password": "lab",
        "cloud_connector_site_directory": rf"\\files\{site}",
        "cloud_connector_peak_calls": PEAKS[site],
        "cloud_connector_ini": lab().ini(host),
    }
    return found | ({"cloud_connector_outage_consent": CONSENT} if site == "amsterdam" else {})


def task_vars(play_hosts: list[str] | None = None, **more: Any) -> dict[str, Any]:
    """What Ansible hands to an action of a play on these hosts (default: all appliances)."""
    return {
        "hostvars": {host: variables(host) for host in HOSTS},
        "groups": {"all": [*HOSTS, "web1"], "web": ["web1"], "cloud_connector": HOSTS, **SITES},
        "ansible_play_hosts_all": HOSTS if play_hosts is None else play_hosts,
        "ansible_run_tags": ["all"],
        "ansible_skip_tags": [],
        **more,
    }


def think(
    module: str,
    given: dict[str, Any],
    check: bool = False,
    connect: Callable[..., Any] = lambda task_vars, host: None,
    **arguments: Any,
) -> dict[str, Any]:
    """What the module returns, `given` being its variables; `connect` makes the connections that it looks at."""
    action = importlib.import_module(f"{MODULES}.plugins.action.{module}").ActionModule
    task = SimpleNamespace(args=arguments, check_mode=check, diff=False, async_val=0, environment=None, action=module)
    connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
    made = action(task, connection, None, None, None, None)
    made._load_name = module
    made.connect = connect
    return dict(made.run(task_vars=given))
