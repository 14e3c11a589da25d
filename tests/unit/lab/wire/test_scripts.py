from __future__ import annotations

import base64

import pytest

from lab.wire.clixml import error_text
from lab.wire.scripts import PowerShellScript, recognise

TEXT = "'é' | Out-String"
ENCODED = base64.b64encode(TEXT.encode("utf-16-le")).decode()


@pytest.mark.parametrize(
    "line",
    [
        f"PowerShell -NoProfile -NonInteractive -ExecutionPolicy Unrestricted -EncodedCommand {ENCODED}",
        f"powershell.exe -enc {ENCODED} -NoProfile",
        f"POWERSHELL /E {ENCODED}",
        f"powershell -nop -ep Bypass -ec {ENCODED}",
        f"powershell -Version 4.0 -EncodedCommand  {ENCODED}",
        rf"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe -encodedcommand {ENCODED}",
        f'"powershell.exe" -EncodedCommand "{ENCODED}"',
    ],
)
def test_encoded_commands(line: str) -> None:
    assert recognise(line) == PowerShellScript(TEXT)


@pytest.mark.parametrize(
    "line",
    [
        "hostname",
        "powershell",
        "powershell -EncodedCommand",
        "powershell -EncodedCommand é",
        "powershell -EncodedCommand QQ==",
        f"powershell -Command echo -EncodedCommand {ENCODED}",
        f"powershell echo -EncodedCommand {ENCODED}",
        f"powershell -File x.ps1 -EncodedCommand {ENCODED}",
        f"notpowershell -EncodedCommand {ENCODED}",
        f"powershellx -EncodedCommand {ENCODED}",
    ],
)
def test_other_command_lines(line: str) -> None:
    assert recognise(line) is None


def test_error_text() -> None:
    text = error_text(["<é>\t_x0041_", "2"]).decode()
    assert text.startswith("#< CLIXML\r\n<Objs ")
    assert '<S S="Error">&lt;é&gt;_x0009__x005F_x0041__x000D__x000A_</S><S S="Error">2_x000D__x000A_</S>' in text
