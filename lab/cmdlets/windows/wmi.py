"""Get-WmiObject: a few classes, with filters of `=`, `<>`, `<`, `>`, LIKE, AND, OR."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from lab.cmdlets.windows.common import computer_of, simulated
from lab.powershell.catalogue import Registry
from lab.powershell.invocation import Invocation
from lab.powershell.objects import PSObject
from lab.world.computer import Computer

WMI = Registry()

MANAGEMENT_ERROR = "System.Management.ManagementException"
STATES = {"StartPending": "Start Pending", "StopPending": "Stop Pending"}

Row = dict[str, Any]
Test = Callable[[Row], bool]


class InvalidQuery(Exception):
    """A filter that WMI does not take."""


# --- the classes


def _services(computer: Computer) -> list[Row]:
    return [
        {
            "Name": service.name,
            "DisplayName": service.display_name or service.name,
            "State": STATES.get(service.shown, service.shown),
            "Started": service.state == "Running",
            "Status": "OK",
            "StartMode": service.start_mode,
            "StartName": service.account,
            "PathName": service.image,
        }
        for service in computer.services.values()
    ]


def _disks(computer: Computer) -> list[Row]:
    return [
        {"DeviceID": name, "Name": name, "DriveType": 3, "Size": disk.size, "FreeSpace": disk.free}
        for name, disk in computer.disks.items()
    ]


def _operating_system(computer: Computer) -> list[Row]:
    kibibyte = 1024
    return [
        {
            "Caption": "Microsoft Windows Server 2012 R2 Standard",
            "Version": computer.os_version,
            "CSName": computer.name.upper(),
            "LastBootUpTime": computer.boot_time,
            "LocalDateTime": computer.now(),
            "CurrentTimeZone": computer.zone_minutes,
            "TotalVisibleMemorySize": computer.memory.size // kibibyte,
            "FreePhysicalMemory": computer.memory.free // kibibyte,
        }
    ]


def _processes(computer: Computer) -> list[Row]:
    """Those that a test has put there: what Windows itself runs is not simulated."""
    return [
        {
            "ProcessId": program.number,
            "Name": program.name,
            "CommandLine": program.command_line,
            "CreationDate": program.begun,
        }
        for program in computer.programs
    ]


def _firewall_rules(computer: Computer) -> list[Row]:
    """Enabled: 1 or 2, Direction 1 is inbound, Action 2 is to allow; what Get-NetFirewallRule shows as texts."""
    return [
        {"DisplayName": name, "InstanceID": name, "Enabled": 1 if enabled else 2, "Direction": 1, "Action": 2}
        for name, enabled in computer.firewall.items()
    ]


CLASSES: dict[str, tuple[str, Callable[[Computer], list[Row]]]] = {
    "win32_service": ("Win32_Service", _services),
    "win32_logicaldisk": ("Win32_LogicalDisk", _disks),
    "win32_process": ("Win32_Process", _processes),
    "win32_operatingsystem": ("Win32_OperatingSystem", _operating_system),
    "msft_netfirewallrule": ("MSFT_NetFirewallRule", _firewall_rules),
}
NAMESPACES = {"msft_netfirewallrule": r"root\standardcimv2"}
"""Of the classes that are not in the default namespace."""


# --- the cmdlet


@simulated(WMI, "Get-WmiObject", "Class", "Filter", "Property", "Query", "Namespace")
def get_wmi_object(call: Invocation) -> None:
    """The instances of a class; times are texts of WMI (`20260105080000.000000+000`)."""
    name, condition = _query(call)
    known = CLASSES.get(name.casefold())
    namespace = call.get("Namespace", r"root\cimv2").casefold().replace("/", "\\")
    if known is None or namespace != NAMESPACES.get(name.casefold(), r"root\cimv2"):
        _fail(call, f'Invalid class "{name}"', "InvalidType")
        return
    try:
        rows = select(known[1](computer_of(call)), condition)
    except InvalidQuery:
        query = call.get("Query") or f"select * from {name} where {condition}"
        _fail(call, f'Invalid query "{query}"', "InvalidArgument")
        return
    call.write(*(_management_object(call, known[0], row) for row in rows))


def _query(call: Invocation) -> tuple[str, str]:
    if call.get("Query") is None:
        return call.get("Class"), call.get("Filter") or ""
    parts = re.fullmatch(r"(?is)\s*select\s+.*?\s+from\s+(\w+)(?:\s+where\s+(.*))?", call.get("Query"))
    return (parts[1], parts[2] or "") if parts else ("", "")


def _fail(call: Invocation, message: str, category: str) -> None:
    call.error(message, "GetWMIManagementException", category, MANAGEMENT_ERROR)


def _management_object(call: Invocation, name: str, row: Row) -> PSObject:
    key = next(iter(row.items()))
    text = rf'\\{computer_of(call).name.upper()}\root\cimv2:{name}.{key[0]}="{key[1]}"'
    properties = {"__CLASS": name, **{field: _dmtf(value) for field, value in row.items()}}
    return PSObject(properties, text, "System.Management.ManagementObject")


def _dmtf(value: object) -> object:
    return value.strftime("%Y%m%d%H%M%S.%f+000") if isinstance(value, datetime) else value


# --- the filter


def select(rows: list[Row], condition: str) -> list[Row]:
    """The rows that fulfil a WQL condition; an empty one holds for all. Raises InvalidQuery."""
    test = _alternatives(condition) if condition.strip() else lambda row: True
    return [row for row in rows if test(row)]


CLAUSE = re.compile(r"""\s*(\w+)\s*(=|<>|!=|<=|>=|<|>|\bLIKE\b)\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\w+)\s*""", re.I)
JOINT = re.compile(r"(AND|OR)\b", re.I)


def _alternatives(condition: str) -> Test:
    """`a AND b OR c AND d`: any of the groups, all of a group."""
    groups: list[list[Test]] = [[]]
    position = 0
    while True:
        clause = CLAUSE.match(condition, position)
        if clause is None:
            raise InvalidQuery(condition)
        groups[-1].append(_test(clause))
        if clause.end() == len(condition):
            return lambda row: any(all(test(row) for test in group) for group in groups)
        joint = JOINT.match(condition, clause.end())
        if joint is None:
            raise InvalidQuery(condition)
        groups += [[]] if joint[1].upper() == "OR" else []
        position = joint.end()


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def _test(clause: re.Match[str]) -> Test:
    name, sign, literal = clause[1].casefold(), clause[2].upper(), _literal(clause[3])
    if sign == "LIKE":
        pattern = _like_pattern(literal)
        return lambda row: pattern.fullmatch(str(_field(row, name))) is not None
    compare = OPERATORS[sign]
    return lambda row: compare(*_comparable(_field(row, name), literal))


def _literal(written: str) -> str:
    """A quoted text without its quotes, `\\\\` and `\\'` resolved; a number or True as it stands."""
    return re.sub(r"\\(.)", r"\1", written[1:-1]) if written[0] in "'\"" else written


@lru_cache(maxsize=1024)
def _like_pattern(text: str) -> re.Pattern[str]:
    """`%`: any text, `_`: any character, `[...]`: one of these."""
    parts = re.split(r"(%|_|\[[^\]]*\])", text)
    special = {"%": ".*", "_": "."}
    made = "".join(special.get(part, part if part.startswith("[") else re.escape(part)) for part in parts)
    return re.compile(made, re.I | re.S)


def _field(row: Row, name: str) -> object:
    for own, value in row.items():
        if own.casefold() == name:
            return value
    raise InvalidQuery(name)


def _comparable(value: object, literal: str) -> tuple[Any, Any]:
    if isinstance(value, bool):
        return value, literal.casefold() in ("true", "1")
    if isinstance(value, int):
        if not literal.isdigit():
            raise InvalidQuery(literal)
        return value, int(literal)
    return str(value).casefold(), literal.casefold()
