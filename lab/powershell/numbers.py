"""Numbers as PowerShell reads them from text and fits them into .NET's types: culture-free, rounded half to even."""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation

from lab.powershell.errors import CannotConvert

RANGES = {
    "int": (-(2**31), 2**31 - 1),
    "long": (-(2**63), 2**63 - 1),
    "uint16": (0, 2**16 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
    "byte": (0, 255),
    "char": (0, 2**16 - 1),
}

_HEX = re.compile(r"([+-]?)0x([0-9a-f]+)(l|kb|mb|gb|tb|pb)?", re.IGNORECASE)
_LITERAL = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)(e[+-]?\d+)?([dl])?(kb|mb|gb|tb|pb)?", re.IGNORECASE)
_GROUPED = re.compile(r"\s*([+-]?)([\d,]*\d[\d,]*\.?\d*|\.\d+)(e[+-]?\d+)?\s*", re.IGNORECASE)
_FACTORS = {"": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "tb": 1 << 40, "pb": 1 << 50}
_WORDS = {"nan": math.nan, "infinity": math.inf, "-infinity": -math.inf, "∞": math.inf, "-∞": -math.inf}


def fit(number: int | float | Decimal, base: str) -> int:
    """The number as an integer of the .NET type `base`; raises `CannotConvert` when it does not fit."""
    low, high = RANGES[base]
    try:
        whole = number if isinstance(number, int) else round(number)
    except (ValueError, OverflowError, InvalidOperation):
        raise CannotConvert(f'Value was either too large or too small for {base}: "{number}"') from None
    if not low <= whole <= high:
        raise CannotConvert(f'Value was either too large or too small for {base}: "{number}"')
    return int(whole)


def parse_integer(text: str, base: str) -> int:
    """An integer from text: a PowerShell number (`0x1F`, `1kb`, `2.5`), or one with thousands separators."""
    if not text.strip():
        return 0
    number = _literal(text.strip(), base)
    if number is None:
        number = _grouped(text)
    if number is None:
        raise CannotConvert(f"The input string '{text}' was not in a correct format.")
    return fit(number, base)


def parse_real(text: str) -> float:
    """A double from text, in the same ways and as .NET's own words (`NaN`, `Infinity`)."""
    if not text.strip():
        return 0.0
    number = _literal(text.strip(), "double")
    if number is None:
        number = _grouped(text)
    if number is None:
        number = _WORDS.get(text.strip().lower())
    if number is None:
        raise CannotConvert(f"The input string '{text}' was not in a correct format.")
    return float(number)


def _literal(text: str, base: str) -> int | float | Decimal | None:
    if found := _HEX.fullmatch(text):
        return _hexadecimal(found, base)
    if found := _LITERAL.fullmatch(text):
        return _decimal(found)
    return None


def _hexadecimal(found: re.Match[str], base: str) -> int:
    """Hexadecimal digits that fill an int or a long are its two's complement, except for an unsigned type."""
    value = int(found[2], 16)
    if not base.startswith("u"):
        bits = 32 if len(found[2]) <= 8 and (found[3] or "").lower() != "l" else 64
        value = value - (1 << bits) if (1 << bits - 1) <= value < (1 << bits) else value
    factor = _FACTORS[(found[3] or "").lower().replace("l", "")]
    return (-value if found[1] == "-" else value) * factor


def _decimal(found: re.Match[str]) -> int | float | Decimal:
    sign, digits, exponent, suffix, unit = (part or "" for part in found.groups())
    factor = _FACTORS[unit.lower()]
    if not exponent and "." not in digits:
        return int(sign + digits) * factor
    if suffix.lower() == "d":
        return Decimal(sign + digits + exponent) * factor
    return float(sign + digits + exponent) * factor


def _grouped(text: str) -> float | None:
    found = _GROUPED.fullmatch(text)
    return float(found[1] + found[2].replace(",", "") + (found[3] or "")) if found else None
