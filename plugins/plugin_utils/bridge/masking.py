# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Secrets and control characters are taken out of what an appliance says before anything else is done with it.

A secret that was collapsed, cut or escaped cannot be found any more, so nothing may change a text before it went through here.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import base64
import html
import itertools
import json
import re
import urllib.parse
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from ..cce.answers import MARK, parse_line

MASK = "********"
"""What stands where a secret was; the bridge writes the same for a SecureString."""

SHORTEST = 3
"""A secret of fewer characters is left alone. It is in every second word and number: masking it would hide the whole answer and
spoil every reading, and one who knows that it is that short has guessed it already. Windows takes no such password."""

DEEPEST = 100
"""How many levels an answer may be nested; the bridge's own answers have fewer than ten."""

Encoder = Callable[[str], str]


def _numbered(pattern: str, text: str) -> str:
    """The text with the characters of the pattern as JSON writes them by their number, in UTF-16."""

    def number(found: re.Match[str]) -> str:
        units = found[0].encode("utf-16-be", "surrogatepass")
        return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))

    return re.sub(pattern, number, text)


ENCODERS: tuple[Encoder, ...] = (
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    # bridge.ps1, and ConvertTo-Json of Windows PowerShell.
    lambda text: _numbered(r'["\\\x00-\x1f\x7f-\U0010ffff]', text),
    lambda text: _numbered("[<>&']", json.dumps(text, ensure_ascii=False)[1:-1]),
    lambda text: html.escape(text, quote=True),
    lambda text: html.escape(text, quote=False),
    lambda text: html.escape(text).replace("&#x27;", "&apos;"),
    lambda text: html.escape(text).replace("&#x27;", "&#39;"),
    lambda text: text.replace("'", "''"),
    lambda text: text.replace('"', '""'),
    re.escape,
    lambda text: re.sub(r"[\\*+?|{\[()^$.# ]", r"\\\g<0>", text),  # Regex.Escape of .NET
    lambda text: urllib.parse.quote(text, safe="", errors="replace"),
    lambda text: urllib.parse.quote(text, errors="replace"),
    lambda text: urllib.parse.quote_plus(text, errors="replace"),
)
"""How a product, PowerShell or a library writes a text into another one. Two of them may follow each other."""

# T25 of the product's troubles: the password of a VM that it has made up itself. A bracket may be a part of it.
_VM_PASSWORD = re.compile(r"\(Password:.*?(?:\)(?![^\s.,;:'\"\\<&)\]}])|\Z)", re.DOTALL | re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_MARKED = re.compile(f"(?m)^({re.escape(MARK)}[^\r\n]*)")


class Masker:
    """Replaces secrets by MASK, and control characters by their number (`\\u001b`), in texts and in nested data.

    A secret is found in each form that ENCODERS give it, in base64, whatever its case is and however its white space was
    changed. Tabs and line ends stay, since files are read and written back: who prints a text in one line collapses them.
    A text with neither secret nor control character comes back as it is.

    Args:
        secrets: the secrets; those shorter than SHORTEST are left alone.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._pattern = _pattern(secrets)

    def text(self, text: str) -> str:
        """The text without secrets; an answer of the bridge within it is masked as data and stays an answer."""
        if MARK not in text:
            return self._plain(text)
        parts = _MARKED.split(text)
        return "".join(self._answer(part) if part.startswith(MARK) else self._plain(part) for part in parts)

    def value(self, value: Any, *, known: Collection[str] = (), depth: int = 0) -> Any:
        """The same data with every text masked.

        Args:
            known: keys of objects that are no text of the appliance and stay as they are.
            depth: how many levels the value is down already.

        Raises:
            ValueError: it is nested deeper than DEEPEST.
        """
        if isinstance(value, str):
            return self.text(value)
        if depth > DEEPEST:
            raise ValueError("the answer is nested too deep")
        if isinstance(value, dict):
            return {
                key if key in known else self.text(str(key)): self.value(inner, known=known, depth=depth + 1)
                for key, inner in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self.value(inner, known=known, depth=depth + 1) for inner in value]
        return value

    def _plain(self, text: str) -> str:
        found = _VM_PASSWORD.sub(f"(Password: {MASK})", text)
        if self._pattern is not None:
            found = self._pattern.sub(MASK, found)
        return _CONTROL.sub(_by_number, found)

    def _answer(self, line: str) -> str:
        try:
            answer = parse_line(line.removeprefix(MARK))
            masked = self.value(answer, known=PROTOCOL)
        except (ValueError, RecursionError):
            return self._plain(line)
        return line if masked == answer else MARK + json.dumps(masked)


def _by_number(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


_RESULT = ("name", "output", "errors", "warnings", "thrown", "seconds")
_ERROR = ("message", "id", "category", "exception", "command")
PROTOCOL = frozenset(("protocol", "results", "stopped", "reason", "prompts", "text", "answered", *_RESULT, *_ERROR))
"""The keys of an answer of the bridge."""


def _pattern(secrets: Iterable[str]) -> re.Pattern[str] | None:
    """One pattern for every form of every secret, the longer ones first; None where there is nothing to find."""
    forms = {form.casefold(): form for secret in secrets for form in _forms(secret)}
    if not forms:
        return None
    # What is masked already is found first, so that masking it again changes nothing.
    rest = sorted(forms.values(), key=lambda form: (-len(form), form))
    return re.compile("|".join([re.escape(MASK), *_branches(rest)]), re.IGNORECASE)


def _branches(forms: Iterable[str]) -> Iterator[str]:
    """The forms as patterns, those of the same first character together: at most places only that one is looked at."""

    def first(form: str) -> str:
        return form[0].casefold()

    for _key, same in itertools.groupby(sorted(forms, key=first), first):
        yield "(?:" + "|".join(map(_flexible, same)) + ")"


def _flexible(form: str) -> str:
    """Finds the form however its white space was collapsed or wrapped."""
    return r"\s+".join(map(re.escape, re.split(r"\s+", form)))


def _forms(secret: str) -> set[str]:
    """How the secret may be written; white space at its ends does not count where there is enough between them."""
    core = secret.strip() if len(secret.strip()) >= SHORTEST else secret
    if len(core) < SHORTEST:
        return set()
    once = {core, *(encode(core) for encode in ENCODERS)}
    twice = {encode(form) for form in once for encode in ENCODERS}
    return once.union(twice, _base64(core), _base64(secret))


def _base64(secret: str) -> Iterator[str]:
    """The secret in base64, by itself and at any place of something longer, such as `user:password`."""
    for data in (secret.encode("utf-8", "replace"), secret.encode("utf-16-le", "replace")):
        yield base64.b64encode(data).decode("ascii")
        for shift, first in enumerate((0, 2, 3)):
            whole = base64.b64encode(bytes(shift) + data).decode("ascii")
            core = whole[first : (shift + len(data)) * 8 // 6]
            if len(core) >= 8:
                yield core
