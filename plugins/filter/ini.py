# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CloudConnector.ini in playbooks; each filter is documented in the file of its name."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from ansible.errors import AnsibleFilterError

from ..plugin_utils.cce import ini

Place = tuple[str, str]


def ini_carry_over(old: str, template: str) -> str:
    return ini.carry_over(ini.parse(old), ini.parse(template)).ini.text


def ini_report(old: str, template: str) -> dict[str, Any]:
    done = ini.carry_over(ini.parse(old), ini.parse(template))
    return {
        "carried": [_told(place) for place in done.carried],
        "renamed": [{"from": _told(source), "to": _told(place)} for source, place in done.renamed],
        "new": [_told(place) for place in done.new],
        "person": list(done.person),
    }


def _told(place: Place) -> str:
    return f"[{place[0]}] {place[1]}"


def ini_render(values: Mapping[str, Mapping[str, Any]], release: str) -> str:
    try:
        return ini.render(values, release).text
    except (AttributeError, ValueError) as error:
        raise AnsibleFilterError(f"These values make no CloudConnector.ini: {error}") from error


def ini_problems(text: str, release: str) -> list[dict[str, str]]:
    try:
        return [asdict(problem) for problem in ini.problems(ini.parse(text), release)]
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error


def ini_decode(content: str) -> str:
    try:
        return ini.decode(base64.b64decode(content, validate=True))
    except binascii.Error as error:
        raise AnsibleFilterError(f"This is not Base64: {error}") from error


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "ini_carry_over": ini_carry_over,
            "ini_decode": ini_decode,
            "ini_problems": ini_problems,
            "ini_render": ini_render,
            "ini_report": ini_report,
        }
