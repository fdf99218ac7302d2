"""A document as plain JSON and back without loss; an edition keeps that JSON.

Many figures rest on the same records. A document or draft therefore says once, in ``records``, what each is called,
and a row of a trace is the place of its record there with its amount: ``[3, 420000]``, or ``[3, 420000, 2]`` where it
has a weight. Editions older than that say it row by row, and are read as well.
"""

import dataclasses
import datetime as dt
import enum
import types
import typing
from collections.abc import Sequence
from typing import Any

from reports.document.blocks import Bullets, Chart, Note, Para, Table
from reports.document.parts import Document, Draft
from reports.document.traces import FormulaTrace, PostingsTrace, RowsTrace, TraceRow

_TAGGED = {
    cls.__name__: cls for cls in (RowsTrace, PostingsTrace, FormulaTrace, Table, Chart, Para, Bullets, Note)
}
# What a record is called in a row, with its reference and date.
_Record = tuple[str, str, dt.date | None]


def dump(value: Any) -> Any:
    """Return a document, or any part of it, as plain JSON values; union members carry their type's name."""
    if not isinstance(value, Document | Draft):
        return _dump(value, None)
    records: dict[_Record, int] = {}
    return {**_dump(value, records), "records": _dump(list(records), None)}


def _dump(value: Any, records: dict[_Record, int] | None) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        if isinstance(value, TraceRow) and records is not None:
            place = records.setdefault((value.label, value.ref, value.on), len(records))
            return [place, value.amount] if value.weight == 1 else [place, value.amount, value.weight]
        plain = {name: _dump(getattr(value, name), records) for name in _kinds(type(value))}
        name = type(value).__name__
        return {"is": name, **plain} if name in _TAGGED else plain
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [_dump(item, records) for item in value]
    if isinstance(value, dict):
        return {key: _dump(item, records) for key, item in value.items()}
    return value


def load(cls: Any, value: Any) -> Any:
    """Return the value of a type read back from what `dump` wrote.

    Raises:
        KeyError, TypeError: the JSON is not one that `dump` wrote for this type.
    """
    records = value.get("records", ()) if isinstance(value, dict) else ()
    return _load(
        cls, value, [(label, ref, _load(dt.date, on, ()) if on else None) for label, ref, on in records]
    )


def _load(cls: Any, value: Any, records: Sequence[_Record]) -> Any:
    origin = typing.get_origin(cls)
    if origin in (types.UnionType, typing.Union):
        if value is None:
            return None
        options = [arg for arg in typing.get_args(cls) if arg is not type(None)]
        if isinstance(value, dict) and "is" in value:
            return _load(_TAGGED[value["is"]], {k: v for k, v in value.items() if k != "is"}, records)
        return _load(options[0], value, records)
    if origin is tuple:
        item = typing.get_args(cls)[0]
        return tuple(_load(item, entry, records) for entry in value)
    if origin is dict:
        item = typing.get_args(cls)[1]
        return {key: entry if item is Any else _load(item, entry, records) for key, entry in value.items()}
    if cls is TraceRow and isinstance(value, list):
        place, amount, *weight = value
        label, ref, on = records[place]
        return TraceRow(label, amount, ref, on, *weight)
    if dataclasses.is_dataclass(cls):
        make: Any = cls
        kinds = _kinds(cls).items()
        # A field younger than the edition is not in it, and takes its default.
        return make(**{name: _load(kind, value[name], records) for name, kind in kinds if name in value})
    if isinstance(cls, type) and issubclass(cls, enum.Enum):
        return cls(value)
    if cls is dt.date:
        return dt.date.fromisoformat(value)
    return value


_KINDS: dict[Any, dict[str, Any]] = {}


def _kinds(cls: Any) -> dict[str, Any]:
    if cls not in _KINDS:
        hints = typing.get_type_hints(cls)
        _KINDS[cls] = {f.name: hints[f.name] for f in dataclasses.fields(cls)}
    return _KINDS[cls]
