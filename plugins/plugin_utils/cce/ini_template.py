# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A CloudConnector.ini made from values: sections, keys and default values of a release, in our own words.

Microsoft's template is what `Export-CcConfigurationSampleFile` of that release fetches; its text is Microsoft's and not shipped
here, and its build number is no part of what is made here (cloud-connector.md 1.1, 3.1). Facts come from `schemas/`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from .ini_document import Ini, gateway_number
from .schema import schema
from .versions import KNOWN

Values = Mapping[str, Mapping[str, Any]]

FIRST_GATEWAY = "Gateway1"
ROUTES = "HybridVoiceRoutes"
_END = "\r\n"


def render(values: Values, release: str) -> Ini:
    """The whole ini of that release: what is not in `values` has the template's default, or no value.

    A truth value is written `true` or `false`, a list with blanks between its members. Gateways and routes are those of
    `values` where it has any.

    Raises:
        ValueError: the release, a section or a key is not known, or a value is not one line.
    """
    known = keys(release)
    given = {_section(name, known): content for name, content in values.items()}
    made = Ini.parse(_text(release, _sections(known, given)))
    for section, content in given.items():
        for key, value in content.items():
            made = made.with_value(section, _key(section, key, made), _written(value))
    return made


@cache
def keys(release: str) -> Mapping[str, Mapping[str, str]]:
    """The template of a release: section -> key -> default value, in their order.

    Raises:
        ValueError: the release is not a known one.
    """
    if release not in KNOWN:
        raise ValueError(f"there is no template of release {release}: write one of {', '.join(KNOWN)}")
    found: dict[str, dict[str, str]] = {}
    required: dict[str, set[str]] = {}
    for section, rules in _parts(f"ini-{release}.json"):
        properties = rules.get("properties", {})
        found.setdefault(section, {}).update({key: str(one.get("default", "")) for key, one in properties.items()})
        required.setdefault(section, set()).update(rules.get("required", properties))
    return {
        section: {key: value for key, value in content.items() if key in required[section]}
        for section, content in found.items()
    }


def _parts(name: str) -> Iterator[tuple[str, Any]]:
    """The rules of each section, those of the release before first; gateways stand before the routes they name."""
    document = schema(name)
    if "$ref" in document:
        yield from _parts(document["$ref"])
    for section, rules in document.get("properties", {}).items():
        if section == ROUTES:
            yield from ((FIRST_GATEWAY, gateway) for gateway in document["patternProperties"].values())
        yield section, rules


def _section(name: str, known: Mapping[str, Any]) -> str:
    """The section in the template's spelling."""
    if number := gateway_number(name):
        return f"Gateway{number}"
    spelling = {section.lower(): section for section in known}
    if name.lower() not in spelling:
        raise ValueError(f"there is no section [{name}]: write one of {', '.join(known)}")
    return spelling[name.lower()]


def _sections(known: Mapping[str, Mapping[str, str]], given: Values) -> dict[str, Mapping[str, str]]:
    """The template with the gateways and routes that are given."""
    gateways = sorted((name for name in given if gateway_number(name)), key=gateway_number) or [FIRST_GATEWAY]
    sections: dict[str, Mapping[str, str]] = {}
    for section, content in known.items():
        if section == FIRST_GATEWAY:
            sections |= dict.fromkeys(gateways, content)
        elif section == ROUTES and given.get(ROUTES):
            sections[section] = {str(route): "" for route in given[ROUTES]}
        else:
            sections[section] = content
    return sections


def _text(release: str, sections: Mapping[str, Mapping[str, str]]) -> str:
    lines = [
        f"; CloudConnector.ini of release {release}, made by the Ansible collection sfb.cloud_connector.",
        "; It is not made from Microsoft's template, so it has no build number of one.",
    ]
    for section, content in sections.items():
        lines += ["", f"[{section}]", *(f"{key}={value}" for key, value in content.items())]
    return _END.join([*lines, ""])


def _key(section: str, key: str, made: Ini) -> str:
    known = made.section(section)
    found = next((name for name in known if name.lower() == key.lower()), None)
    if found is None:
        raise ValueError(f"there is no key {key} in section [{section}]: write one of {', '.join(known)}")
    return found


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " ".join(str(member) for member in value)
    return "" if value is None else str(value).strip()
