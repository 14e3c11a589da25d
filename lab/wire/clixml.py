"""What powershell.exe writes to a stderr that is not a console."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape

_NAMESPACE = "http://schemas.microsoft.com/powershell/2004/04"


def error_text(lines: Iterable[str]) -> bytes:
    """The lines of an error message as CLIXML, which ansible and pywinrm turn back into text."""
    errors = "".join(f'<S S="Error">{_escaped(line)}_x000D__x000A_</S>' for line in lines)
    return f'#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="{_NAMESPACE}">{errors}</Objs>'.encode()


def _escaped(text: str) -> str:
    # A literal "_x0041_" must not be read as an escape; control characters cannot stand in XML.
    text = re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text)
    return escape(re.sub(r"[\x00-\x1f]", lambda found: f"_x{ord(found.group()):04X}_", text))
