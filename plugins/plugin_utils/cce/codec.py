# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Readings to JSON and back, led by the type hints of the dataclasses.

An `Unknown` is `{"unknown": reason}`, a time ISO 8601, a tuple a list, a dataclass an object.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from .reading import Unknown

D = TypeVar("D")


def encode(value: Any) -> Any:
    """The value as JSON can carry it."""
    if isinstance(value, Unknown):
        return {"unknown": value.reason}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if is_dataclass(value):
        return {field.name: encode(getattr(value, field.name)) for field in fields(value)}
    return value


def decode(value: Any, kind: type[D]) -> D:
    """A value of `kind` from what `encode` made of it.

    Raises:
        KeyError: a field is missing.
    """
    return cast(D, _decode(value, kind))


def _decode(value: Any, kind: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _decode_union(value, get_args(kind))
    if origin is tuple:
        return tuple(_decode(item, get_args(kind)[0]) for item in value)
    if origin is not None:
        return {key: _decode(item, get_args(kind)[1]) for key, item in value.items()}
    return _decode_plain(value, kind)


def _decode_union(value: Any, kinds: tuple[Any, ...]) -> Any:
    if isinstance(value, Mapping) and set(value) == {"unknown"} and Unknown in kinds:
        return Unknown(value["unknown"])
    if value is None:
        return None
    (kind,) = [kind for kind in kinds if kind not in (Unknown, types.NoneType)]
    return _decode(value, kind)


def _decode_plain(value: Any, kind: Any) -> Any:
    if kind is datetime:
        return datetime.fromisoformat(value)
    if isinstance(kind, type) and is_dataclass(kind):
        return cast(Any, kind)(**{name: _decode(value[name], hint) for name, hint in _hints(kind).items()})
    return value


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)
