from __future__ import annotations

import base64
import xml.etree.ElementTree as ET

import pytest

from lab.wire import wsman
from lab.wire.wsman import Malformed, parse

HEADER = {
    "Action": f"{wsman.SHELL}/Receive",
    "MessageID": "uuid:1<2",
    "ResourceURI": wsman.CMD_SHELL,
    "OperationTimeout": "PT20S",
    "MaxEnvelopeSize": "153600",
}


def message(body: str = "", selector: str = "S-1", **header: str) -> bytes:
    """A request as clients write it; a header given as empty text is left out."""
    values = {name: value for name, value in {**HEADER, **header}.items() if value}
    items = "".join(
        f"<{_prefix(name)}:{name}>{_escaped(value)}</{_prefix(name)}:{name}>" for name, value in values.items()
    )
    return (
        f'<?xml version="1.0"?><s:Envelope xmlns:s="{wsman.SOAP}" xmlns:a="{wsman.ADDRESSING}" xmlns:w="{wsman.WSMAN}" '
        f'xmlns:rsp="{wsman.SHELL}"><s:Header>{items}<w:SelectorSet><w:Selector Name="ShellId">{selector}</w:Selector>'
        f"</w:SelectorSet></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def _prefix(name: str) -> str:
    return "a" if name in ("Action", "MessageID", "To") else "w"


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;")


def test_header() -> None:
    request = parse(message())
    assert (request.operation, request.message_id, request.shell_id) == ("Receive", "uuid:1<2", "S-1")
    assert (request.timeout, request.max_envelope, request.resource) == (20.0, 153_600, wsman.CMD_SHELL)


def test_header_left_out() -> None:
    request = parse(message(OperationTimeout="", MaxEnvelopeSize=""))
    assert (request.timeout, request.max_envelope) == (60.0, 153_600)


@pytest.mark.parametrize(
    ("text", "seconds"), [("PT0.5S", 0.5), ("PT1M1S", 61.0), ("P1DT1H", 90_000.0), ("PT2H", 7_200.0), ("", 60.0)]
)
def test_duration(text: str, seconds: float) -> None:
    assert wsman.duration(text, 60.0) == seconds


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<html>",
        b"<html/>",
        b'<!DOCTYPE x [<!ENTITY e "xx">]><x>&e;</x>',
        message(OperationTimeout="soon"),
        message(MaxEnvelopeSize="-1"),
        message(MaxEnvelopeSize="\u00b2"),
    ],
)
def test_malformed(document: bytes) -> None:
    with pytest.raises(Malformed):
        parse(document)


def test_identify_has_no_action() -> None:
    assert parse(message(f'<i:Identify xmlns:i="{wsman.IDENTITY}"/>', Action="")).operation == "Identify"


@pytest.mark.parametrize("action", [f"{wsman.SHELL}/Disconnect", "http://elsewhere/Create"])
def test_unknown_actions(action: str) -> None:
    assert parse(message(Action=action)).operation == ""


@pytest.mark.parametrize(("envelope", "room"), [("153600", 113_925), ("1", 4_869)])
def test_room_for_output(envelope: str, room: int) -> None:
    assert parse(message(MaxEnvelopeSize=envelope)).room == room


@pytest.mark.parametrize("arguments", [["-a b", "c"], ["-a", "b c"]])
def test_command_line(arguments: list[str]) -> None:
    words = "".join(f"<rsp:Arguments>{each}</rsp:Arguments>" for each in arguments)
    body = f'<rsp:CommandLine CommandId="C-1"><rsp:Command>x.exe</rsp:Command>{words}</rsp:CommandLine>'
    assert wsman.command_line(parse(message(body))) == wsman.CommandLine("x.exe -a b c", "C-1")


@pytest.mark.parametrize(("end", "ends"), [("true", True), ("True", True), ("false", False), ("", False)])
def test_inputs(end: str, ends: bool) -> None:
    body = f'<rsp:Send><rsp:Stream Name="stdin" CommandId="C" End="{end}">aGk=</rsp:Stream></rsp:Send>'
    assert wsman.inputs(parse(message(body))) == [wsman.Input("C", b"hi", ends)]


@pytest.mark.parametrize("text", ["a", "é"])
def test_input_that_is_not_base64(text: str) -> None:
    with pytest.raises(Malformed, match="base64"):
        wsman.inputs(parse(message(f'<rsp:Send><rsp:Stream CommandId="C">{text}</rsp:Stream></rsp:Send>')))


@pytest.mark.parametrize("code", ["terminate", "Terminate"])
def test_signal(code: str) -> None:
    body = f'<rsp:Signal CommandId="C"><rsp:Code>{wsman.SHELL}/signal/{code}</rsp:Code></rsp:Signal>'
    assert wsman.signal(parse(message(body))) == ("C", "terminate")


def test_a_body_of_another_operation() -> None:
    with pytest.raises(Malformed, match="no CommandLine"):
        wsman.command_line(parse(message("<rsp:Send/>")))


def received(exit_code: int | None) -> ET.Element:
    body = '<rsp:Receive><rsp:DesiredStream CommandId="&quot;C">stdout stderr</rsp:DesiredStream></rsp:Receive>'
    return ET.fromstring(wsman.received(parse(message(body)), [("stdout", b"out"), ("stderr", b"err")], exit_code))


def test_received_relates_to_the_request() -> None:
    assert received(None).findtext(f".//{{{wsman.ADDRESSING}}}RelatesTo") == "uuid:1<2"


def test_received_output() -> None:
    streams = list(received(None).iter(f"{{{wsman.SHELL}}}Stream"))
    assert [(each.get("Name"), each.get("CommandId")) for each in streams] == [("stdout", '"C'), ("stderr", '"C')]
    assert base64.b64decode(streams[0].text or "") == b"out"


@pytest.mark.parametrize(
    ("exit_code", "state", "text"), [(None, "Running", None), (0, "Done", "0"), (-1, "Done", "4294967295")]
)
def test_received_state(exit_code: int | None, state: str, text: str | None) -> None:
    answer = received(exit_code)
    found = answer.find(f".//{{{wsman.SHELL}}}CommandState")
    assert found is not None and (found.get("State") or "").endswith(f"CommandState/{state}")
    assert answer.findtext(f".//{{{wsman.SHELL}}}ExitCode") == text
