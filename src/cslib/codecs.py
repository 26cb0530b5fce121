"""Annotations as JSON: how a value of each is written as plain JSON data, and read back.

What :mod:`cslib.documents` stands on. An annotation finds its :class:`~cslib.scalars.Codec` by the
tables at the end. Nothing is coerced: ``1.0`` is no whole number, ``True`` is no number, a
``Decimal`` is text.
"""

from __future__ import annotations

import datetime as dt
import enum
import functools
import re
import types
import typing
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from itertools import repeat
from types import MappingProxyType, NoneType
from typing import Any

import attrs

from cslib.errors import DefinitionError, Fault
from cslib.faults import (
    REFUSALS,
    Faults,
    RepeatedKey,
    quoted,
    refusal,
    shown,
    similar,
    step,
    wrong,
)
from cslib.scalars import SCALARS, Codec, canonical_text

__all__ = [
    "calling",
    "check_kind",
    "codec_of",
    "key_of",
    "kind_of",
    "name_of",
    "plain_copy",
]


@functools.cache
def codec_of(annotation: Any) -> Codec:
    """The codec of an annotation, from the tables at the end of this module.

    Raises:
        DefinitionError: If the annotation has no JSON form, or none that could be read back.

    Examples:
        >>> codec_of(tuple[int, ...]).write((1, 2), normal=False)
        [1, 2]
        >>> codec_of(float | None).read(2)
        2.0
    """
    if annotation in _CODECS:
        return _CODECS[annotation]
    origin = typing.get_origin(annotation)
    if origin in _GENERICS:
        return _GENERICS[origin](annotation, typing.get_args(annotation))
    for applies, make in _CLASSES:
        if isinstance(annotation, type) and applies(annotation):
            return make(annotation)
    known = ", ".join(map(name_of, [*_CODECS, *_GENERICS]))
    raise refusal(
        f"the annotation {name_of(annotation)} has no JSON form: expected {known}, an Enum of text "
        "or whole numbers, an attrs class, or a class with __to_data__ and __from_data__"
    )


def name_of(annotation: Any) -> str:
    """The annotation as messages name it."""
    plain = isinstance(annotation, type) and not typing.get_args(annotation)
    return annotation.__qualname__ if plain else str(annotation)


# JSON data as it is


def plain_copy(data: Any) -> Any:
    """A checked copy of plain JSON data, so that nothing changes with the caller's.

    Raises:
        DefinitionError: If something in it is not plain JSON data.
    """
    return _JSON.read(data)


def _copied(data: Any) -> Any:
    if isinstance(data, list):
        return _items(plain_copy, data)
    if isinstance(data, dict):
        return _values(plain_copy, data)
    return SCALARS[type(data)].decode(data)


_JSON_TYPES = frozenset[type]({str, int, float, bool, NoneType, list, dict})
_JSON = Codec(
    name="plain JSON data",
    expects="plain JSON data",
    shapes=_JSON_TYPES,
    holds=lambda value: type(value) in _JSON_TYPES,
    encode=lambda value, normal: _copied(value),
    decode=_copied,
)


# Collections


def _items(convert: Callable[[Any], Any], parts: Iterable[Any]) -> list[Any]:
    """Every part converted, with all faults under their indices."""
    faults, converted = Faults(), []
    for i, part in enumerate(parts):
        with faults.under(f"[{i}]"):
            converted.append(convert(part))
    faults.settle()
    return converted


def _values(convert: Callable[[Any], Any], mapping: Mapping[Any, Any]) -> dict[str, Any]:
    """Every value converted, with all faults under their keys."""
    faults, converted = Faults(), {}
    for key, value in mapping.items():
        with faults.under(step(key)):
            converted[_checked_key(key)] = convert(value)
    faults.settle()
    return converted


def _checked_key(key: object) -> str:
    if isinstance(key, RepeatedKey):
        raise refusal("the key is given more than once")
    if not isinstance(key, str):
        raise wrong("text as key", key)
    text: str = SCALARS[str].write(key, normal=False)
    return text


def _tuple(annotation: Any, members: tuple[Any, ...]) -> Codec:
    fixed = members[-1:] != (Ellipsis,)
    codecs = [codec_of(member) for member in members if member is not Ellipsis]
    expects = f"a list of {len(codecs)}" if fixed else "a list"

    def paired(parts: Any) -> Iterable[tuple[Codec, Any]]:
        if fixed and len(parts) != len(codecs):
            raise wrong(expects, parts)
        return zip(codecs if fixed else repeat(codecs[0]), parts, strict=fixed)

    return Codec(
        name=name_of(annotation),
        expects=expects,
        shapes=frozenset({list}),
        holds=lambda value: isinstance(value, tuple),
        encode=lambda value, normal: _items(lambda c: c[0].write(c[1], normal), paired(value)),
        decode=lambda data: tuple(_items(lambda c: c[0].read(c[1]), paired(data))),
    )


def _frozenset(annotation: Any, members: tuple[Any, ...]) -> Codec:
    item = codec_of(members[0])

    def decode(data: Any) -> Any:
        seen: set[Any] = set()
        _items(lambda part: _add(item.read(part), seen), data)
        return frozenset(seen)

    return Codec(
        name=name_of(annotation),
        expects="a list without repetition",
        shapes=frozenset({list}),
        holds=lambda value: isinstance(value, frozenset),
        encode=lambda value, normal: sorted(
            (item.write(part, normal) for part in value), key=canonical_text
        ),
        decode=decode,
    )


def _add(value: Any, seen: set[Any]) -> None:
    try:
        repeated = value in seen
        seen.add(value)
    except TypeError:
        raise wrong("something that a set can hold", value) from None
    if repeated:
        raise refusal("given more than once")


def _mapping(annotation: Any, members: tuple[Any, ...]) -> Codec:
    if members[0] is not str:
        raise refusal(f"the keys of {name_of(annotation)} have no JSON form: expected str")
    item = codec_of(members[1])
    return Codec(
        name=name_of(annotation),
        expects="an object",
        shapes=frozenset({dict}),
        holds=lambda value: isinstance(value, Mapping),
        encode=lambda value, normal: _values(lambda part: item.write(part, normal), value),
        decode=lambda data: _values(item.read, data),
    )


# Unions: the JSON data must tell by itself which member it stands for


def kind_of(cls: Any) -> str | None:
    """The kind of a class of documents, None for any other; a subclass does not inherit it."""
    header = getattr(cls, "__dict__", {}).get("__document__")
    return header.kind if header else None


def check_kind(data: Mapping[Any, Any], known: Collection[str]) -> None:
    """Refuses JSON data whose ``kind`` is none of these.

    Raises:
        DefinitionError: With one fault, at ``$.kind``.
    """
    faults = Faults()
    with faults.under(".kind"):
        kinds = " or ".join(map(repr, known))
        if "kind" not in data:
            raise refusal(f"missing: expected {kinds}")
        kind = data["kind"]
        if not isinstance(kind, str):
            raise wrong(kinds, kind)
        if kind not in known:
            raise refusal(f"expected {kinds}, but got {quoted(kind)}{similar(kind, known)}")
    faults.settle()


_TOLD_APART = (
    (dt.date | dt.datetime, {dt.date, dt.datetime}),  # by their text
    (int | Decimal, {int, Decimal}),  # a number is whole, and a text is not
)
"""Members that have a codec together."""


def _union(annotation: Any, members: tuple[Any, ...]) -> Codec:
    for pair, alike in _TOLD_APART:
        if alike < set(members):
            members = (pair, *(member for member in members if member not in alike))
    documents = [member for member in members if kind_of(member)]
    codecs = [codec_of(member) for member in members if member not in documents]
    codecs += [_by_kind(documents)] if len(documents) > 1 else map(codec_of, documents)
    by_shape: dict[type, Codec] = {}
    for codec in codecs:
        for shape in codec.shapes:
            if by_shape.setdefault(shape, codec) is not codec:
                raise _alike(annotation, by_shape[shape], codec)
    return Codec(
        name=name_of(annotation),
        expects=" or ".join(codec.expects for codec in codecs),
        shapes=frozenset(by_shape),
        holds=lambda value: any(codec.holds(value) for codec in codecs),
        encode=lambda value, normal: next(
            codec.encode(value, normal) for codec in codecs if codec.holds(value)
        ),
        decode=lambda data: by_shape[type(data)].decode(data),
    )


def _alike(annotation: Any, one: Codec, other: Codec) -> DefinitionError:
    return refusal(
        f"{one.name} and {other.name} look alike in JSON, so {name_of(annotation)} cannot be read "
        "back: expected members of different shapes, or classes made with @document"
    )


def _by_kind(documents: list[Any]) -> Codec:
    codecs = {member.__document__.kind: codec_of(member) for member in documents}
    names = " or ".join(map(name_of, documents))
    if len(codecs) < len(documents):
        raise refusal(f"{names} are of the same kind: expected kinds that tell them apart")

    def encode(value: Any, normal: bool) -> Any:
        kind = value.__document__.kind
        return {"kind": kind, **codecs[kind].encode(value, normal)}

    def decode(data: Any) -> Any:
        check_kind(data, codecs)
        return codecs[data["kind"]].decode({k: v for k, v in data.items() if k != "kind"})

    return Codec(
        name=names,
        expects=f"an object of the kind {' or '.join(map(repr, codecs))}",
        shapes=frozenset({dict}),
        holds=lambda value: type(value) in documents,
        encode=encode,
        decode=decode,
    )


# Classes


def _enum(cls: Any) -> Codec:
    members = {(type(member.value), member.value): member for member in cls}
    shapes = frozenset(kind for kind, _ in members)
    if not shapes or not shapes <= {str, int} or issubclass(cls, enum.Flag):
        raise refusal(f"the members of {name_of(cls)} have no JSON form: expected text or int")
    choices = " or ".join(repr(member.value) for member in cls)

    def decode(data: Any) -> Any:
        if (type(data), data) not in members:
            names = [value for _, value in members if isinstance(value, str)]
            hint = similar(data, names) if isinstance(data, str) else ""
            raise refusal(f"expected {choices}, but got {shown(data)}{hint}")
        return members[type(data), data]

    return Codec(
        name=name_of(cls),
        expects=choices,
        shapes=shapes,
        holds=lambda value: isinstance(value, cls),
        encode=lambda value, normal: value.value,
        decode=decode,
    )


_FUNCTIONS: ContextVar[tuple[Any, ...]] = ContextVar("functions", default=())


@contextmanager
def calling(functions: Iterable[Any]) -> Iterator[None]:
    """What is read inside may call these functions; the hooks alone look at them.

    Bound to the block and to its thread or task, so that no codec has to hand them on.
    """
    token = _FUNCTIONS.set(tuple(functions))
    try:
        yield
    finally:
        _FUNCTIONS.reset(token)


def _hooked(cls: Any) -> Codec:
    return Codec(
        name=name_of(cls),
        expects=f"the JSON form of {name_of(cls)}",
        shapes=_JSON_TYPES - {NoneType},
        holds=lambda value: isinstance(value, cls),
        encode=lambda value, normal: _JSON.write(value.__to_data__(), normal),
        decode=lambda data: _made(
            lambda: cls.__from_data__(plain_copy(data), _FUNCTIONS.get()), keys={}
        ),
    )


def _attrs_class(cls: Any) -> Codec:
    return Codec(
        name=name_of(cls),
        expects=f"an object ({name_of(cls)})",
        shapes=frozenset({dict}),
        holds=lambda value: type(value) is cls,
        encode=lambda value, normal: _write_fields(cls, value, normal),
        decode=lambda data: _read_fields(cls, _without_header(cls, data)),
    )


def _without_header(cls: Any, data: dict[Any, Any]) -> Any:
    """The fields of a part; where it carries a header of its own, that one must be right."""
    return cls.__document__.opened(data) if kind_of(cls) else data


@attrs.frozen
class _Field:
    """One argument of the constructor of an attrs class."""

    attribute: Any
    codec: Codec

    @property
    def required(self) -> bool:
        return self.attribute.default is attrs.NOTHING

    def is_default(self, data: object, owner: object, normal: bool) -> bool:
        """Whether leaving the data out would say the same."""
        if self.required:
            return False
        default = self.codec.write(_default(self.attribute, owner), normal)
        same = bool(data == default)  # quick, but True == 1
        return same and canonical_text(data) == canonical_text(default)


def _default(attribute: Any, owner: object) -> Any:
    default = attribute.default
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        default = default.factory(owner) if default.takes_self else default.factory()
    convert = getattr(attribute.converter, "converter", attribute.converter)
    return convert(default) if convert else default


def key_of(attribute: Any) -> str:
    """The key of an attrs field in JSON: ``metadata={"key": ...}``, else the argument's name."""
    return str(attribute.metadata.get("key", attribute.alias))


@functools.cache
def _fields(cls: Any) -> Mapping[str, _Field]:
    """By key; found at the first use of the codec, since a class may hold its own kind."""
    hints = _hints(cls)
    faults, fields = Faults(), dict[str, _Field]()
    for attribute in attrs.fields(cls):
        if attribute.init:
            with faults.under(step(attribute.name)):
                key = key_of(attribute)
                if key in fields:
                    raise refusal(f"the key {key!r} is that of another field")
                codec = codec_of(hints.get(attribute.name, attribute.type))
                fields[key] = _Field(attribute, codec)
    faults.settle()
    return MappingProxyType(fields)


def _hints(cls: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(cls)
    except NameError as error:
        reason = f"{error.name!r} is not known in its module at run time: import it there"
        raise refusal(f"the annotations of {name_of(cls)} cannot be read, {reason}") from None


def _write_fields(cls: Any, value: object, normal: bool) -> dict[str, Any]:
    faults, data = Faults(), {}
    for key, field in _fields(cls).items():
        with faults.under(step(key)):
            written = field.codec.write(getattr(value, field.attribute.name), normal)
            if not field.is_default(written, value, normal):
                data[key] = written
    faults.settle()
    return data


def _read_fields(cls: Any, data: dict[Any, Any]) -> Any:
    faults, arguments, fields = Faults(), {}, _fields(cls)
    for key, field in fields.items():
        with faults.under(step(key)):
            if key in data:
                arguments[field.attribute.alias] = field.codec.read(data[key])
            elif field.required:
                raise refusal(f"missing: expected {field.codec.expects}")
    for key in data:
        if key not in fields:
            with faults.under(step(key)):
                name = _checked_key(key)
                raise refusal(f"unknown key {quoted(name)}{similar(name, fields)}")
    faults.settle()
    keys = {field.attribute.name: key for key, field in fields.items()}
    return _made(lambda: cls(**arguments), keys)


def _made(make: Callable[[], Any], keys: Mapping[str, str]) -> Any:
    """Calls a constructor; what it refuses becomes faults, told in the keys of the document."""
    try:
        return make()
    except DefinitionError as error:
        faults = tuple(_in_keys(fault, keys) for fault in error.faults)
    except REFUSALS as error:
        faults = (_constructor_fault(error, keys),)
    raise DefinitionError("value", faults)


_FIRST_NAME = re.compile(r"^\$\.(\w+)")


def _in_keys(fault: Fault, keys: Mapping[str, str]) -> Fault:
    """A constructor speaks of its attributes (``$.from_``), a document of keys (``$.from``)."""
    path = _FIRST_NAME.sub(lambda name: "$" + step(keys.get(name[1], name[1])), fault.path)
    return Fault(path, fault.message)


_QUOTED_NAME = re.compile(r"'(\w+)' ")


def _constructor_fault(error: Exception, keys: Mapping[str, str]) -> Fault:
    """The validators of attrs begin their message with the quoted name of the attribute."""
    of_attrs = any(isinstance(arg, attrs.Attribute) for arg in error.args)
    message = str(error.args[0] if of_attrs else error) or type(error).__name__
    named = _QUOTED_NAME.match(message)
    at = step(keys[named[1]]) if named and named[1] in keys else ""
    return Fault("$" + at, message)


# The tables by which an annotation finds its codec

_CODECS: Mapping[Any, Codec] = {**SCALARS, Any: _JSON}


_GENERICS: dict[Any, Callable[[Any, tuple[Any, ...]], Codec]] = {
    tuple: _tuple,
    frozenset: _frozenset,
    Mapping: _mapping,
    typing.Union: _union,
    types.UnionType: _union,
}

_CLASSES: tuple[tuple[Callable[[Any], bool], Callable[[Any], Codec]], ...] = (
    (lambda cls: hasattr(cls, "__to_data__") and hasattr(cls, "__from_data__"), _hooked),
    (lambda cls: issubclass(cls, enum.Enum), _enum),
    (attrs.has, _attrs_class),
)
