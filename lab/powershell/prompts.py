"""The bridge's `Read-Host` and `Get-Credential`: answered when the request brought the answer, an error at once when not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from lab.powershell.errors import bridge_error


class Prompts:
    """The answers one request brought (each is used once) and what was asked."""

    def __init__(self, answers: Iterable[Mapping[str, Any] | None] = ()) -> None:
        self._answers = [answer for answer in answers if answer is not None]
        self.asked: list[dict[str, object]] = []

    def answer(self, text: str) -> tuple[str, str]:
        """The user and password for a question; raises `Thrown` (`UnexpectedPrompt`) when no answer fits it."""
        for number, given in enumerate(self._answers):
            if re.search(given.get("prompt") or "", text, re.IGNORECASE):
                self.asked.append({"text": text, "answered": True})
                del self._answers[number]
                return given.get("user") or "", given.get("password") or ""
        self.asked.append({"text": text, "answered": False})
        raise bridge_error("UnexpectedPrompt", text)
