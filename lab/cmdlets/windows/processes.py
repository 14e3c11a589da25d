"""Cmdlets for processes: the own number, the process table, and an object written to a file.

Sources: Microsoft's pages of Get-Variable, Get-Process and Export-Clixml, about_Automatic_Variables ($PID), [MS-PSRP] 2.2.5
(the XML; a process as others have exported it).
"""

from __future__ import annotations

import codecs
from datetime import datetime
from typing import NoReturn
from xml.sax.saxutils import escape

from lab.cmdlets.windows.common import absolute, computer_of, files_of, has_wildcard, like, not_simulated, simulated
from lab.powershell.catalogue import Registry
from lab.powershell.invocation import Invocation
from lab.powershell.objects import PSObject
from lab.world.computer import ProcessEntry

PROCESSES = Registry()

PROCESS = "System.Diagnostics.Process"
PROCESS_ERROR = "Microsoft.PowerShell.Commands.ProcessCommandException"
OF_THE_SYSTEM = {0: "Idle", 4: "System"}
"""Processes that are always there, and do not tell when they began."""


@simulated(PROCESSES, "Get-Variable", "Name", "ValueOnly")
def get_variable(call: Invocation) -> None:
    """The value of $PID, the number of this process."""
    if call.get("Name") != ["PID"] or not call.flag("ValueOnly") or call.session.pid is None:
        not_simulated(call, "a variable other than the value of $PID")
    call.write(call.session.pid)


@simulated(PROCESSES, "Get-Process", "Name", "Id")
def get_process(call: Invocation) -> None:
    """Processes by number or name, all of them where neither is given; an error for each that is not there."""
    if call.get("Id") is not None:
        _write_by_id(call, call.get("Id"))
        return
    everyone = _table(call)
    for pattern in call.get("Name") or ["*"]:
        found = [one for name, one in everyone if like(name, pattern)]
        if not found and not has_wildcard(pattern):
            text = (
                f'Cannot find a process with the name "{pattern}". Verify the process name and call the cmdlet again.'
            )
            call.error(text, "NoProcessFoundForGivenName", "ObjectNotFound", PROCESS_ERROR)
        call.write(*found)


def _write_by_id(call: Invocation, wanted: list[int]) -> None:
    known = {one.read("Id"): one for _, one in _table(call)}
    for number in wanted:
        if number in known:
            call.write(known[number])
        else:
            text = f"Cannot find a process with the process identifier {number}."
            call.error(text, "NoProcessFoundForGivenId", "ObjectNotFound", PROCESS_ERROR)


def _table(call: Invocation) -> list[tuple[str, PSObject]]:
    """The processes with their names, by name."""
    found = [(name, _process(number, name)) for number, name in OF_THE_SYSTEM.items()]
    found += [(one.name, _process_of(one)) for one in computer_of(call).processes.values()]
    return sorted(found, key=lambda one: one[0].casefold())


def _process_of(entry: ProcessEntry) -> PSObject:
    return _process(entry.id, entry.name, entry.started)


def _process(number: int, name: str, started: datetime | None = None) -> PSObject:
    start = started if started is not None else _denied
    properties = {
        "BasePriority": 8,
        "Id": number,
        "MachineName": ".",
        "StartTime": start,
        "ProcessName": name,
        "Name": name,
    }
    return PSObject(properties, f"{PROCESS} ({name})", PROCESS)


def _denied() -> NoReturn:
    raise PermissionError("Access is denied")


@simulated(PROCESSES, "Export-Clixml", "LiteralPath", "InputObject", "Depth", "Encoding")
def export_clixml(call: Invocation) -> None:
    """Writes a process to a file, with its properties and nothing of what they hold."""
    value = call.get("InputObject")
    if not isinstance(value, PSObject) or value.type_name != PROCESS or call.get("Depth") != 1:
        not_simulated(call, "Export-Clixml of anything but a process, one level deep")
    if str(call.get("Encoding")).casefold() != "utf8":
        not_simulated(call, "Export-Clixml in another encoding than UTF8")
    lines = [f"      {_property(name, value.read(name))}\r\n" for name in value.properties]
    text = (
        '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">\r\n  <Obj RefId="0">\r\n'
        f'    <TN RefId="0">\r\n      <T>{PROCESS}</T>\r\n    </TN>\r\n    <ToString>{escape(str(value.text))}</ToString>\r\n'
        f"    <Props>\r\n{''.join(lines)}    </Props>\r\n  </Obj>\r\n</Objs>"
    )
    if call.should_process():
        files_of(call).write(absolute(call, call.get("LiteralPath")), codecs.BOM_UTF8 + text.encode())


def _property(name: str, value: object) -> str:
    if value is None:
        return f'<Nil N="{name}" />'
    if isinstance(value, datetime):
        return f'<DT N="{name}">{value.isoformat()}</DT>'
    tag = "I32" if isinstance(value, int) else "S"
    return f'<{tag} N="{name}">{escape(str(value))}</{tag}>'
