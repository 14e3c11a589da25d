"""WS-Management envelopes: what clients send is parsed, what they accept is formatted. Pure functions, no I/O.

Source of what the clients insist on: winrm.md 4.
"""

from __future__ import annotations

import base64
import re
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn
from xml.sax.saxutils import escape, quoteattr

from lab.wire.shell import Shell, Stream

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
IDENTITY = "http://schemas.dmtf.org/wbem/wsman/identify/1/wsmanidentity.xsd"
CONFIG = "http://schemas.microsoft.com/wbem/wsman/1/config"
CMD_SHELL = SHELL + "/cmd"
CONTENT_TYPE = "application/soap+xml;charset=UTF-8"

_ACTIONS = {
    **{f"{TRANSFER}/{name}": name for name in ("Create", "Delete", "Get")},
    **{f"{SHELL}/{name}": name for name in ("Command", "Send", "Receive", "Signal")},
}
_NAMESPACES = (
    f'xml:lang="en-US" xmlns:s="{SOAP}" xmlns:a="{ADDRESSING}" xmlns:x="{TRANSFER}" xmlns:w="{WSMAN}" '
    f'xmlns:rsp="{SHELL}" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"'
)
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_DEFAULT_TIMEOUT = 60.0
_DEFAULT_ENVELOPE = 153_600
_SMALLEST_ENVELOPE = 8_192
_ENVELOPE_OVERHEAD = 1_700


class Malformed(ValueError):
    """The message is not a WS-Management envelope; answered with HTTP 400."""


class _NoDoctype(ET.TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> NoReturn:
        raise Malformed("a document type declaration is not allowed")


@dataclass(frozen=True)
class Request:
    """One WS-Management request: its header in words, its body as XML."""

    action: str
    message_id: str
    to: str
    resource: str
    shell_id: str
    timeout: float
    """Seconds the service may take to answer (OperationTimeout)."""
    max_envelope: int
    """Largest answer the client takes, in bytes."""
    body: ET.Element

    @property
    def operation(self) -> str:
        """`Create`, `Command`, ... ; empty when the action is not one of ours."""
        if not self.action and self.body.find(f"{{{IDENTITY}}}Identify") is not None:
            return "Identify"
        return _ACTIONS.get(self.action, "")

    @property
    def room(self) -> int:
        """Bytes of output that fit into the answer, base64 and envelope taken off."""
        return (max(self.max_envelope, _SMALLEST_ENVELOPE) - _ENVELOPE_OVERHEAD) * 3 // 4


@dataclass(frozen=True)
class CommandLine:
    """Body of `Command`. The identifier is the client's choice, or empty."""

    line: str
    identifier: str


@dataclass(frozen=True)
class Input:
    """One stream of a `Send`."""

    command_id: str
    data: bytes
    end: bool


def parse(document: bytes) -> Request:
    """Read an envelope; raises `Malformed`. External entities and document types are refused."""
    try:
        envelope = ET.fromstring(document, ET.XMLParser(target=_NoDoctype()))
    except ET.ParseError as error:
        raise Malformed(str(error)) from error
    header, body = envelope.find(f"{{{SOAP}}}Header"), envelope.find(f"{{{SOAP}}}Body")
    if envelope.tag != f"{{{SOAP}}}Envelope" or header is None or body is None:
        raise Malformed("no SOAP 1.2 envelope with header and body")
    return _request(header, body)


def _request(header: ET.Element, body: ET.Element) -> Request:
    def text(namespace: str, name: str) -> str:
        return (header.findtext(f"{{{namespace}}}{name}") or "").strip()

    return Request(
        action=text(ADDRESSING, "Action"),
        message_id=text(ADDRESSING, "MessageID"),
        to=text(ADDRESSING, "To"),
        resource=text(WSMAN, "ResourceURI"),
        shell_id=_selector(header, "ShellId"),
        timeout=duration(text(WSMAN, "OperationTimeout"), _DEFAULT_TIMEOUT),
        max_envelope=_number(text(WSMAN, "MaxEnvelopeSize"), _DEFAULT_ENVELOPE),
        body=body,
    )


def _selector(header: ET.Element, name: str) -> str:
    selectors = header.iter(f"{{{WSMAN}}}Selector")
    return next(((found.text or "").strip() for found in selectors if found.get("Name") == name), "")


def _number(text: str, default: int) -> int:
    if not text:
        return default
    if not text.isascii() or not text.isdigit():
        raise Malformed(f"{text!r} is not a number")
    return int(text)


def duration(text: str, default: float) -> float:
    """Seconds of an ISO 8601 duration such as `PT20S`; `default` for an empty one."""
    if not text:
        return default
    found = _DURATION.fullmatch(text)
    if not found:
        raise Malformed(f"{text!r} is not a duration")
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _part(request: Request, name: str) -> ET.Element:
    found = request.body.find(f"{{{SHELL}}}{name}")
    if found is None:
        raise Malformed(f"no {name} in the body of {request.operation}")
    return found


def wanted_streams(request: Request) -> tuple[str, str]:
    """The input and output streams a `Create` asks for."""
    shell = _part(request, "Shell")
    return (
        shell.findtext(f"{{{SHELL}}}InputStreams") or "stdin",
        shell.findtext(f"{{{SHELL}}}OutputStreams") or "stdout stderr",
    )


def command_line(request: Request) -> CommandLine:
    """The line a `Command` wants run: the command and its arguments, one blank between them."""
    part = _part(request, "CommandLine")
    arguments = (argument.text or "" for argument in part.findall(f"{{{SHELL}}}Arguments"))
    line = " ".join([part.findtext(f"{{{SHELL}}}Command") or "", *arguments])
    return CommandLine(line, part.get("CommandId") or "")


def inputs(request: Request) -> list[Input]:
    """What a `Send` carries."""
    return [_input(stream) for stream in _part(request, "Send").findall(f"{{{SHELL}}}Stream")]


def _input(stream: ET.Element) -> Input:
    try:
        data = base64.b64decode(stream.text or "")
    except ValueError as error:
        raise Malformed(f"stdin is not base64: {error}") from error
    # pypsrp writes "True", all others "true".
    return Input(stream.get("CommandId") or "", data, (stream.get("End") or "").lower() in ("true", "1"))


def received_command(request: Request) -> str:
    """Identifier of the command whose output a `Receive` asks for."""
    stream = _part(request, "Receive").find(f"{{{SHELL}}}DesiredStream")
    return "" if stream is None else stream.get("CommandId") or ""


def signal(request: Request) -> tuple[str, str]:
    """Command identifier and code of a `Signal`: `terminate`, `ctrl_c` or `ctrl_break`, in lower case."""
    part = _part(request, "Signal")
    code = part.findtext(f"{{{SHELL}}}Code") or ""
    return part.get("CommandId") or "", code.rpartition("/")[2].strip().lower()


def new_id() -> str:
    """A fresh identifier as Windows writes them."""
    return str(uuid.uuid4()).upper()


def envelope(action: str, relates_to: str, body: str) -> bytes:
    """An answer. `relates_to` is the request's message identifier, byte for byte."""
    return (
        f"<s:Envelope {_NAMESPACES}><s:Header><a:Action>{action}</a:Action><a:MessageID>uuid:{new_id()}</a:MessageID>"
        f"<a:To>{ADDRESSING}/role/anonymous</a:To><a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def created(request: Request, shell: Shell) -> bytes:
    """Answer to `Create`: the selector set for pypsrp, an element with `Name="ShellId"` for pywinrm."""
    body = (
        f"<x:ResourceCreated><a:Address>{escape(request.to)}</a:Address><a:ReferenceParameters>"
        f'<w:ResourceURI>{CMD_SHELL}</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">{shell.id}</w:Selector>'
        f"</w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>{_shell(shell)}"
    )
    return envelope(f"{TRANSFER}/CreateResponse", request.message_id, body)


def described(request: Request, shell: Shell) -> bytes:
    """Answer to `Get` on a shell."""
    return envelope(f"{TRANSFER}/GetResponse", request.message_id, _shell(shell))


def _shell(shell: Shell) -> str:
    return (
        f"<rsp:Shell><rsp:ShellId>{shell.id}</rsp:ShellId><rsp:ResourceUri>{CMD_SHELL}</rsp:ResourceUri>"
        f"<rsp:Owner>{escape(shell.owner.user)}</rsp:Owner><rsp:ClientIP>{shell.client_address}</rsp:ClientIP>"
        f"<rsp:IdleTimeOut>PT7200.000S</rsp:IdleTimeOut><rsp:InputStreams>{escape(shell.input_streams)}</rsp:InputStreams>"
        f"<rsp:OutputStreams>{escape(shell.output_streams)}</rsp:OutputStreams>"
        "<rsp:ShellRunTime>P0DT0H0M0S</rsp:ShellRunTime><rsp:ShellInactivity>P0DT0H0M0S</rsp:ShellInactivity></rsp:Shell>"
    )


def started(request: Request, command_id: str) -> bytes:
    """Answer to `Command`."""
    return _shell_answer(request, "Command", f"<rsp:CommandId>{escape(command_id)}</rsp:CommandId>")


def sent(request: Request) -> bytes:
    """Answer to `Send`."""
    return _shell_answer(request, "Send", "")


def signalled(request: Request) -> bytes:
    """Answer to `Signal`."""
    return _shell_answer(request, "Signal", "")


def _shell_answer(request: Request, operation: str, content: str) -> bytes:
    name = f"{operation}Response"
    return envelope(f"{SHELL}/{name}", request.message_id, f"<rsp:{name}>{content}</rsp:{name}>")


def received(request: Request, output: Iterable[tuple[Stream, bytes]], exit_code: int | None) -> bytes:
    """Answer to `Receive`: pieces of output, and the exit code once there is nothing left to fetch."""
    command = f"CommandId={quoteattr(received_command(request))}"
    pieces = "".join(_stream(name, command, data) for name, data in output)
    return _shell_answer(request, "Receive", pieces + _state(command, exit_code))


def _stream(name: Stream, command: str, data: bytes) -> str:
    return f'<rsp:Stream Name="{name}" {command}>{base64.b64encode(data).decode()}</rsp:Stream>'


def _state(command: str, exit_code: int | None) -> str:
    if exit_code is None:
        return f'<rsp:CommandState {command} State="{SHELL}/CommandState/Running"></rsp:CommandState>'
    ends = "".join(f'<rsp:Stream Name="{name}" {command} End="true"></rsp:Stream>' for name in ("stdout", "stderr"))
    code = exit_code & 0xFFFFFFFF
    return (
        f'{ends}<rsp:CommandState {command} State="{SHELL}/CommandState/Done"><rsp:ExitCode>{code}</rsp:ExitCode>'
        "</rsp:CommandState>"
    )


def deleted(request: Request) -> bytes:
    """Answer to `Delete`."""
    return envelope(f"{TRANSFER}/DeleteResponse", request.message_id, "")


def configuration(request: Request, max_envelope_kb: int) -> bytes:
    """Answer to `Get` on the service's configuration; pypsrp asks it for the envelope size."""
    body = (
        f'<cfg:Config xmlns:cfg="{CONFIG}"><cfg:MaxEnvelopeSizekb>{max_envelope_kb}</cfg:MaxEnvelopeSizekb>'
        "<cfg:MaxTimeoutms>60000</cfg:MaxTimeoutms></cfg:Config>"
    )
    return envelope(f"{TRANSFER}/GetResponse", request.message_id, body)


def identity() -> bytes:
    """Answer to `Identify`: a Windows Server 2012 R2, to someone who is not logged on."""
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{SOAP}"><s:Header/><s:Body>'
        f'<wsmid:IdentifyResponse xmlns:wsmid="{IDENTITY}">'
        f"<wsmid:ProtocolVersion>{WSMAN}</wsmid:ProtocolVersion><wsmid:ProductVendor>Microsoft Corporation"
        "</wsmid:ProductVendor><wsmid:ProductVersion>OS: 0.0.0 SP: 0.0 Stack: 3.0</wsmid:ProductVersion>"
        "</wsmid:IdentifyResponse></s:Body></s:Envelope>"
    ).encode()
