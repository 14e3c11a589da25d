"""The values of `Get-ProbeValue`, kind by kind of the module Probe."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from lab.powershell.objects import (
    Char,
    Credential,
    EnumValue,
    NetList,
    PSObject,
    ScriptBlock,
    Secret,
    Uri,
    Version,
    from_ticks,
)

CANARY = Secret("canary-secret")

#: What each kind writes, object by object.
VALUES: dict[str, list[object]] = {
    "nothing": [],
    "null": [None],
    "empty string": [""],
    "text": ["RunningBits 2.0.1"],
    "quotes": ["a \"quoted\" back\\slash and 'single'"],
    "control": ["tab\tnewline\r\nnull\0bell\a"],
    "french": ["Mise \xe0 jour termin\xe9e"],
    "emoji": ["\U0001f4de"],
    "lone surrogate": ["\ud83d"],
    "angle": ['<a href="x">&amp;</a>'],
    "delete": ["\x7f"],
    "true": [True],
    "false": [False],
    "zero": [0],
    "int": [42],
    "negative": [-7],
    "long": [9007199254740993],
    "ulong": [2**64 - 1],
    "byte": [255],
    "half": [0.5],
    "thousands": [1234567.25],
    "tiny": [1e-7],
    "nan": [math.nan],
    "infinity": [math.inf],
    "decimal": [Decimal("12.50")],
    "utc time": [datetime(2021, 7, 31, 23, 59, 58, tzinfo=UTC)],
    "ticks": [from_ticks(637633727980000001)],
    "timespan": [timedelta(hours=3, minutes=5)],
    "long timespan": [timedelta(days=60)],
    "version": [Version((6, 0, 9319, 419))],
    "guid": [UUID("0f8fad5b-d9cb-469f-a165-70867728950e")],
    "uri": [Uri("https://downloadserver.example/cloudconnector/latest")],
    "ip": [PSObject({}, "192.168.213.4", "System.Net.IPAddress")],
    "char": [Char("x")],
    "enum": [EnumValue("Running", "ProbeState", 1)],
    "flags": [EnumValue("ReadOnly, Hidden", "System.IO.FileAttributes", 3)],
    "bytes": [[1, 2, 255]],
    "two": ["one", "two"],
    "array": [["one", "two"]],
    "one in array": [["one"]],
    "empty array": [[]],
    "nested array": [[1, [2, [3]]]],
    "list": [NetList(["a"])],
    "null between": [1, None, 2],
    "table": [{"Version": "2.1"}],
    "empty table": [{}],
    "ordered": [{"b": 1, "a": {"c": None}}],
    "number keys": [{1: "one"}],
    "object": [PSObject({"Version": "2.1", "State": "Running"})],
    "secure": [CANARY],
    "credential": [Credential("canary-user", CANARY)],
    "secure in array": [["a", CANARY]],
    "scriptblock": [ScriptBlock(" Get-Date ")],
    "type": [PSObject({"Name": "String", "FullName": "System.String"}, "string", "System.RuntimeType")],
    "exception": [
        PSObject(
            {"Message": "an exception as output"},
            "System.InvalidOperationException: an exception as output",
            "System.InvalidOperationException",
        )
    ],
    "long text": ["x" * 70000],
}
