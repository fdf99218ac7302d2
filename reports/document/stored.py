"""A document as plain JSON and back without loss; an edition keeps that JSON.

Many figures rest on the same records. A document or draft therefore says once, in ``records``, what each is called,
and a row of a trace is the place of its record there with its amount: ``[3, 420000]``, or ``[3, 420000, 2]`` where it
has a weight. Editions older than that say it row by row, and are read as well.

How a type is written and read is worked out from its fields once, for thousands of values follow.
"""

import dataclasses
import datetime as dt
import enum
import functools
import operator
import types
import typing
from collections.abc import Callable, Sequence
from typing import Any

from reports.document.blocks import Bullets, Chart, Note, Para, Table
from reports.document.parts import Document, Draft
from reports.document.traces import FormulaTrace, PostingsTrace, RowsTrace, TraceRow

_TAGGED = {
    cls.__name__: cls for cls in (RowsTrace, PostingsTrace, FormulaTrace, Table, Chart, Para, Bullets, Note)
}
# What a record is called in a row, with its reference and date.
_Record = tuple[str, str, dt.date | None]
_Places = dict[_Record, int] | None
_Write = Callable[[Any, _Places], Any]
_Read = Callable[[Any, Sequence[_Record]], Any]


def dump(value: Any) -> Any:
    """Return a document, or any part of it, as plain JSON values; union members carry their type's name."""
    kind: Any = type(value)
    write = _writer(kind)
    if not isinstance(value, Document | Draft):
        return value if write is None else write(value, None)
    records: dict[_Record, int] = {}
    plain = write(value, records) if write else {}
    return {
        **plain,
        "records": [[label, ref, on.isoformat() if on else None] for label, ref, on in records],
    }


def load(cls: Any, value: Any) -> Any:
    """Return the value of a type read back from what `dump` wrote.

    Raises:
        KeyError, TypeError: the JSON is not one that `dump` wrote for this type.
    """
    records = value.get("records", ()) if isinstance(value, dict) else ()
    read = _reader(cls)
    if read is None:
        return value
    return read(
        value, [(label, ref, dt.date.fromisoformat(on) if on else None) for label, ref, on in records]
    )


# Writing. A writer is None for what is plain JSON already.


@functools.cache
def _writer(kind: Any) -> _Write | None:
    origin, args, has_fields = typing.get_origin(kind), typing.get_args(kind), dataclasses.is_dataclass(kind)
    if origin in (types.UnionType, typing.Union):
        return _either_written(tuple(arg for arg in args if arg is not type(None)))
    if origin is tuple:
        return _list_written(_writer(args[0]))
    if origin is dict:
        return _dict_written(_writer(args[1]))
    if kind is TraceRow:
        return _row_written
    if has_fields:
        return _fields_written(kind)
    # A word of one of our enumerations is text already, and is left as it is.
    return _day_written if kind is dt.date else None


def _day_written(value: dt.date, places: _Places) -> str:
    return value.isoformat()


def _row_written(row: TraceRow, places: _Places) -> Any:
    if places is None:
        return _fields_written(TraceRow)(row, None)
    place = places.setdefault((row.label, row.ref, row.on), len(places))
    return [place, row.amount] if row.weight == 1 else [place, row.amount, row.weight]


def _either_written(kinds: tuple[Any, ...]) -> _Write | None:
    if len(kinds) > 1:
        writers = {kind: _writer(kind) for kind in kinds}
        return lambda value, places: None if value is None else writers[type(value)](value, places)  # type: ignore[misc]
    write = _writer(kinds[0])
    return write and (lambda value, places: None if value is None else write(value, places))


def _list_written(write: _Write | None) -> _Write:
    if write is None:
        return lambda value, _: list(value)
    return lambda value, places: [write(item, places) for item in value]


def _dict_written(write: _Write | None) -> _Write | None:
    return write and (lambda value, places: {key: write(item, places) for key, item in value.items()})


@functools.cache
def _fields_written(cls: Any) -> _Write:
    # In the order in which an edition's canonical text has them, which is then soon sorted.
    kinds = dict(sorted(_kinds(cls).items()))
    # The class goes last, and is left over: with it, even one field's value comes in a tuple.
    tag = {"is": cls.__name__} if cls.__name__ in _TAGGED else None
    names, get = tuple(kinds), operator.attrgetter(*kinds, "__class__")
    others = [(name, found) for name, kind in kinds.items() if (found := _writer(kind))]

    def write(value: Any, places: _Places) -> dict[str, Any]:
        plain: dict[str, Any] = dict(zip(names, get(value), strict=False))
        for name, written in others:
            plain[name] = written(plain[name], places)
        if tag:
            plain.update(tag)
        return plain

    return write


# Reading. A reader is None for what needs none.


@functools.cache
def _reader(kind: Any) -> _Read | None:
    origin, args, has_fields = typing.get_origin(kind), typing.get_args(kind), dataclasses.is_dataclass(kind)
    if origin in (types.UnionType, typing.Union):
        return _either_read(tuple(arg for arg in args if arg is not type(None)))
    if origin is tuple:
        return _list_read(_reader(args[0]))
    if origin is dict:
        return _dict_read(_reader(args[1]))
    if kind is TraceRow:
        return _row_read
    if has_fields:
        return _fields_read(kind)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return lambda value, _: kind(value)
    return _day_read if kind is dt.date else None


def _day_read(value: str, records: Sequence[_Record]) -> dt.date:
    return dt.date.fromisoformat(value)


def _row_read(value: Any, records: Sequence[_Record]) -> TraceRow:
    if isinstance(value, dict):
        found: TraceRow = _fields_read(TraceRow)(value, records)
        return found
    place, amount, *weight = value
    label, ref, on = records[place]
    return TraceRow(label, amount, ref, on, *weight)


def _either_read(kinds: tuple[Any, ...]) -> _Read | None:
    first = _reader(kinds[0])

    def read(value: Any, records: Sequence[_Record]) -> Any:
        if value is None:
            return None
        if isinstance(value, dict) and "is" in value:
            return _fields_read(_TAGGED[value["is"]])(value, records)
        return value if first is None else first(value, records)

    return read if first or len(kinds) > 1 else None


def _list_read(read: _Read | None) -> _Read:
    if read is None:
        return lambda value, _: tuple(value)
    return lambda value, records: tuple([read(item, records) for item in value])


def _dict_read(read: _Read | None) -> _Read:
    if read is None:
        return lambda value, _: dict(value)
    return lambda value, records: {key: read(item, records) for key, item in value.items()}


@functools.cache
def _fields_read(cls: Any) -> _Read:
    kinds = _kinds(cls)
    others = [(name, found) for name, kind in kinds.items() if (found := _reader(kind))]

    def read(value: Any, records: Sequence[_Record]) -> Any:
        # A field younger than the edition is not in it, and takes its default.
        plain = {name: inner for name, inner in value.items() if name in kinds}
        for name, reads in others:
            if name in plain:
                plain[name] = reads(plain[name], records)
        return cls(**plain)

    return read


@functools.cache
def _kinds(cls: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}
