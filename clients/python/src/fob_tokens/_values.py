# SPDX-License-Identifier: Apache-2.0
"""Values of Python as the API writes them, and the other way round."""

from __future__ import annotations

import dataclasses
import re
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, Optional, TypeVar, Union, get_args, get_origin, get_type_hints

from .api import FIELDS

T = TypeVar("T")

#: A length of time: a timedelta, seconds, or a text such as "P2Y6M", "PT90S", "1h30m" or "5y".
Period = Union[timedelta, float, str]
#: An instant: a datetime with a time zone, or a text as in RFC 3339.
Instant = Union[datetime, str]
#: A calendar date, or a text such as "2031-11-30".
Day = Union[date, str]


def period(value: Optional[Period]) -> Optional[str]:
    """Writes a length of time."""
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, timedelta):
        value = timedelta(seconds=value)
    micros = value // timedelta(microseconds=1)
    sign, micros = ("-", -micros) if micros < 0 else ("", micros)
    return f"{sign}{micros // 1_000_000}.{micros % 1_000_000:06d}".rstrip("0").rstrip(".") + "s"


def seconds(value: Optional[Period]) -> Optional[float]:
    """Returns a length of time in seconds, None if only the fleet can read it."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    return None if isinstance(value, str) else value


def instant(value: Optional[Instant]) -> Optional[str]:
    """Writes an instant."""
    if value is None or isinstance(value, str):
        return value
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone: give it one, such as tzinfo=timezone.utc")
    return value.astimezone(timezone.utc).replace(tzinfo=None).isoformat() + "Z"


def day(value: Optional[Day]) -> Optional[str]:
    """Writes a calendar date."""
    if isinstance(value, datetime):  # which is a date as well
        value = value.date()
    return value.isoformat() if isinstance(value, date) else value


_FRACTION = re.compile(r"\.(\d{1,6})\d*")


def parse_instant(text: str) -> datetime:
    """Reads an instant of the API, which has up to nine digits after the second."""
    text = _FRACTION.sub(lambda m: "." + m[1].ljust(6, "0"), text)
    return datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)


def json_of(value: Any) -> Any:
    """Returns what json.dumps writes for an argument of a method. Fields that are None are
    left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        pairs = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return json_of({FIELDS.get(k, k): v for k, v in pairs.items()})
    if isinstance(value, dict):
        return {k: json_of(v) for k, v in value.items() if v is not None}
    if isinstance(value, (list, tuple)):
        return [json_of(v) for v in value]
    return value


@lru_cache(maxsize=None)
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def decode(kind: Any, value: Any) -> Any:
    """Reads a value of the API as a type of api.py. Unknown fields are ignored: a newer
    fleet may have more."""
    if value is None:
        return None
    if dataclasses.is_dataclass(kind):
        hints = _hints(kind)
        found = {name: FIELDS.get(name, name) for name in hints}
        return kind(**{n: decode(hints[n], value[k]) for n, k in found.items() if k in value})
    if kind is float:
        return float(value)
    if kind is datetime:
        return parse_instant(value)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Union:
        return decode(arguments[0], value)
    if origin is list:
        return [decode(arguments[0], v) for v in value]
    if origin is dict:
        return {k: decode(arguments[1], v) for k, v in value.items()}
    return value


def decode_object(kind: type[T], value: Any) -> T:
    """Reads a whole answer or event, which is never null."""
    if not isinstance(value, dict):
        raise TypeError("not an object")
    result: T = decode(kind, value)
    return result
