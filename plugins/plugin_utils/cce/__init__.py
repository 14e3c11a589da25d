# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The domain: what a Cloud Connector appliance, site and fleet are. Pure Python: no Ansible, no I/O, no clock of its own.

reading    Unknown(reason): neither true nor false (bool() raises); Reading[T] = T | Unknown; need(reading)
codec      encode(value): readings as JSON; decode(value, type)
versions   versions are texts: check_target(text) -> "2.1"; is_upgrade(old, new); find(text); path_problem(running, target)
steps      every step the collection sends
state      survey_steps(appliance_directory, site_directory, vms, subset=None) -> list[Step]; SUBSETS
           parse_survey(answer) -> Appliance
appliance  Appliance: .to_dict(), .from_dict(d), .unread(reason), .with_changes(**fields), .ini; its fields and their meaning
ini        parse(text) -> Ini; .text, .get(section, key), .with_value(section, key, value), .section(name), .sections, .entries
           problems(ini, "2.1") -> list[Problem]; fleet_problems({site: {host: Ini}}) -> list[Problem]; str(problem) is a sentence
           carry_over(old, template) -> CarriedOver; vm_addresses(ini); capacity(ini) -> 500 | 50; identity(ini)
           decode(bytes) -> text; render({section: {key: value}}, "2.1") -> Ini
health     health(appliance, "2.1"), gates(appliance, "2.1"), own_health(appliance) -> list[Check]
           Check(id, status, evidence, remedy, consequence), .blocks, .to_dict(); blocking(checks), healthy(checks)
           registered(appliance), serves(appliance) -> Reading[bool]
capacity   refusal(host, site, now) -> str | None, calls_sentence(host, appliance | None, site | None) -> str (the option `site`)
           Policy, Consent, Carrier, carrier(), leave_problem(), who_carries() below them
plan       Site(name, policy, {host: Appliance | Unknown}); make_plan("2.1", sites, limit, now) -> Plan
           Plan: entries, skips, refusals, idle_sites, hash, .empty, .message, .to_dict()
inventory  problems({host: variables}, {host: site}, also_known=()) -> list[str]; policy(variables) -> Policy
tenant     Tenant(sites, windows, appliances, notes): the tenant's records; tenant_steps: what reads and changes them
troubles   documented troubles recognised in messages
"""

from __future__ import annotations
