"""Definitions as plain JSON data: written, read back, and told apart by a fingerprint.

A definition (a lifecycle, scorecard, playbook ...) is a frozen attrs class. The annotations of
its fields are all that this module needs: no schema is written twice.

Conventions:

- The outermost value carries its ``kind`` and ``version``; a part is written without, except
  that the members of a union of definitions are told apart by their ``kind``. A part that is
  itself a document may carry them, so that what was written alone can be put into another.
- A field that stands at its default is left out, so that a field added later, with a
  default, changes neither the documents nor the fingerprints that exist.
- What an annotation is in JSON is the matter of :mod:`cslib.codecs`. Nothing is coerced.
- Everything that is wrong is reported at once in a :class:`~cslib.errors.DefinitionError`,
  each fault with its path (``$.measures[3].bands[1].to``).
- Documents may come from strangers: text, depth, number of values and length of numbers are
  bounded, and the bounds hold for writing too, so that what was written can be read.
"""

from __future__ import annotations

import hashlib
import json
import re
import typing
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import accumulate
from types import MappingProxyType
from typing import Any, TypeVar

import attrs

from cslib.codecs import calling, check_kind, codec_of, key_of, kind_of, name_of, plain_copy
from cslib.errors import DefinitionError, Fault
from cslib.faults import MAX_DIGITS, REFUSALS, Faults, RepeatedKey, refusal, refuse, wrong
from cslib.scalars import canonical_text

__all__ = ["canonical", "document", "fingerprint", "from_data", "from_json", "to_data", "to_json"]

T = TypeVar("T")

MAX_TEXT = 2**20  # characters of JSON text
MAX_DEPTH = 64  # lists and objects inside one another
MAX_VALUES = 100_000  # values in a document, lists and objects counted


# The doors


def document(
    kind: str,
    *,
    version: int = 1,
    upgrades: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] | None = None,
) -> Callable[[type[T]], type[T]]:
    """Class decorator: documents of this attrs class say their kind and version.

    It stands above ``attrs.frozen`` and sets one class attribute, ``__document__``; nothing is
    registered anywhere.

    Args:
        kind: The word by which a document says what it is, for example ``"playbook"``.
        version: The version that is written, 1 or more. Raise it when an old document would no
            longer be read with the same meaning; a new field with a default needs no new version.
        upgrades: From an older version to a function that turns its fields, as JSON data
            without ``kind`` and ``version``, into those of the next version. An older version
            without such a function is refused by name.

    Raises:
        DefinitionError: If the class is no attrs class, the version or an upgrade is out of
            range, or a field takes the key ``kind`` or ``version``.

    Examples:
        >>> @document("target", version=2, upgrades={1: lambda old: {"days": old["weeks"] * 7}})
        ... @attrs.frozen(kw_only=True)
        ... class Target:
        ...     days: int
        >>> from_data({"kind": "target", "version": 1, "weeks": 2}, Target)
        Target(days=14)
    """
    header = _Header(kind, version, MappingProxyType(dict(upgrades or {})))

    def decorate(cls: type[T]) -> type[T]:
        refuse(f"document class {cls.__qualname__}", _header_faults(header, cls))
        cls.__document__ = header  # type: ignore[attr-defined]
        return cls

    return decorate


def to_data(value: object) -> Any:
    """A definition as plain JSON data: dicts with text keys, lists, text, numbers, bools, None.

    Args:
        value: An instance of an attrs class, or of a class with the hook ``__to_data__``.

    Returns:
        For an attrs class a dict in the order of its fields, headed by ``kind`` and
        ``version`` if the class is a :func:`document`. Fields at their default are left out.

    Raises:
        DefinitionError: If a value does not fit the annotation of its field, or could not be
            read back.

    Examples:
        >>> @document("band")
        ... @attrs.frozen(kw_only=True)
        ... class Band:
        ...     start: float = attrs.field(metadata={"key": "from"})
        ...     label: str | None = None
        >>> to_data(Band(start=0.5))
        {'kind': 'band', 'version': 1, 'from': 0.5}
    """
    return _written(value, normal=False)


def from_data(data: object, cls: type[T], *, functions: Iterable[Any] = ()) -> T:
    """The definition that plain JSON data describes; the inverse of :func:`to_data`.

    Args:
        data: JSON data as ``json.loads`` gives it. It is not kept and not changed.
        cls: The attrs class (or class with the hook ``__from_data__``) that is expected.
        functions: The registered functions (:class:`cslib.functions.Function`) that its rules may
            call; a rule that was written with another version of one is refused.

    Raises:
        DefinitionError: With every fault at once and the path of each: unknown and missing
            keys, values of another type, what the constructor of a part refused, another kind,
            a version that cannot be read, or a document beyond the bounds.

    Examples:
        >>> @document("band")
        ... @attrs.frozen(kw_only=True)
        ... class Band:
        ...     start: float = attrs.field(metadata={"key": "from"})
        ...     label: str | None = None
        >>> from_data({"kind": "band", "version": 1, "from": True, "lable": "low"}, Band)
        Traceback (most recent call last):
        ...
        cslib.errors.DefinitionError: band is not valid, 2 faults:
          $.from: expected a number, but got True
          $.lable: unknown key 'lable': did you mean 'label'?
    """
    with _about(cls), calling(functions):
        _check_bounds(data)
        return typing.cast("T", _read_outermost(cls, data))


def to_json(value: object, indent: int | None = None) -> str:
    """A definition as JSON text, for people and files; letters of any script stay as they are.

    Args:
        value: As in :func:`to_data`.
        indent: Spaces per level; without it the text is one line.

    Raises:
        DefinitionError: As :func:`to_data`, and if the text would be too long to be read back.

    Examples:
        >>> @document("band")
        ... @attrs.frozen(kw_only=True)
        ... class Band:
        ...     label: str
        >>> to_json(Band(label="健康"))
        '{"kind": "band", "version": 1, "label": "健康"}'
    """
    text = json.dumps(to_data(value), indent=indent, ensure_ascii=False, allow_nan=False)
    with _about(type(value)):
        _check_length(text)
    return text


def from_json(text: str, cls: type[T], *, functions: Iterable[Any] = ()) -> T:
    """The definition that JSON text describes; the inverse of :func:`to_json`.

    Args:
        text: One JSON object. NaN, Infinity and a key given twice are faults.
        cls: As in :func:`from_data`.
        functions: As in :func:`from_data`.

    Raises:
        DefinitionError: As :func:`from_data`, and where the text is not JSON.

    Examples:
        >>> @attrs.frozen
        ... class Limit:
        ...     days: int
        >>> from_json('{"days": 30}', Limit)
        Limit(days=30)
        >>> from_json('{"days": 30, "days": 90}', Limit)
        Traceback (most recent call last):
        ...
        cslib.errors.DefinitionError: Limit is not valid: $.days: the key is given more than once
    """
    with _about(cls):
        data = _parsed(text)
    return from_data(data, cls, functions=functions)


def canonical(value: object) -> str:
    """The one JSON text of a definition: equal definitions have the same, on every platform.

    Keys are sorted by code point, there are no spaces, and everything outside ASCII is
    escaped. A float is written as RFC 8785 (JSON Canonicalization Scheme, section 3.2.2.3)
    says, an int in full. A Decimal has no trailing zeros and an instant is in UTC, since
    ``Decimal("1.50") == Decimal("1.5")`` and so for instants.

    Raises:
        DefinitionError: As :func:`to_data`.

    Examples:
        >>> @attrs.frozen
        ... class Limit:
        ...     days: float
        >>> canonical(Limit(30.0)) == canonical(Limit(30))
        True
        >>> canonical(Limit(30.0))
        '{"days":30}'
    """
    return canonical_text(_written(value, normal=True))


def fingerprint(value: object) -> str:
    """``sha256:`` and the SHA-256 of the :func:`canonical` text: by which definition it was done.

    Raises:
        DefinitionError: As :func:`to_data`.

    Examples:
        >>> @attrs.frozen
        ... class Limit:
        ...     days: float
        >>> fingerprint(Limit(30.0))
        'sha256:d13e5e9586bf6af38972308c0b062a8c644b1cba9c15d87e62d930a4dddf3c79'
    """
    return "sha256:" + hashlib.sha256(canonical(value).encode("ascii")).hexdigest()


@contextmanager
def _about(cls: Any) -> Iterator[None]:
    """Names the subject of whatever goes wrong inside."""
    try:
        yield
    except DefinitionError as error:
        raise DefinitionError(kind_of(cls) or name_of(cls), error.faults) from None


# The header of a document


@attrs.frozen
class _Header:
    kind: str
    version: int
    upgrades: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]]

    def opened(self, data: dict[Any, Any]) -> Any:
        """The fields of a part, as the present version has them; its header may be left out."""
        return _opened(self, {"kind": self.kind, "version": self.version, **data})


_HEADER_KEYS = ("kind", "version")


def _header(cls: Any) -> _Header | None:
    header: _Header | None = cls.__document__ if kind_of(cls) else None
    return header


def _header_faults(header: _Header, cls: type) -> Iterator[Fault]:
    if not attrs.has(cls):
        yield Fault("$", "expected an attrs class: put @document above @attrs.frozen")
        return
    if not header.kind:
        yield Fault("$.kind", "expected a word, but got an empty text")
    if header.version < 1:
        yield Fault("$.version", f"expected 1 or more, but got {header.version}")
    for old in header.upgrades:
        if not 1 <= old < header.version:
            yield Fault(f"$.upgrades[{old}]", f"expected a version below {header.version}")
    for attribute in attrs.fields(cls):
        if attribute.init and key_of(attribute) in _HEADER_KEYS:
            advice = "give the field another key with metadata={'key': ...}"
            yield Fault(f"$.{attribute.name}", f"the document itself has this key: {advice}")


def _read_outermost(cls: Any, data: object) -> Any:
    header, codec = _header(cls), codec_of(cls)
    if header is None:
        return codec.read(data)
    if type(data) is not dict:
        raise wrong(codec.expects, data)
    return codec.read(_opened(header, data))


def _opened(header: _Header, data: dict[Any, Any]) -> Any:
    _check_header(header, data)
    fields = {key: value for key, value in data.items() if key not in _HEADER_KEYS}
    return _upgraded(header, data["version"], fields)


def _check_header(header: _Header, data: dict[Any, Any]) -> None:
    """Where kind or version are wrong nothing else is judged: by what measure?"""
    faults = Faults()
    with faults.under(""):
        check_kind(data, {header.kind})
    with faults.under(".version"):
        _check_version(data, header)
    faults.settle()


def _check_version(data: dict[Any, Any], header: _Header) -> None:
    if "version" not in data:
        raise refusal(f"missing: expected {header.version}")
    version = codec_of(int).read(data["version"])
    if version > header.version:
        newest = f"the newest that can be read is {header.version}"
        raise refusal(f"version {version} is too new, {newest}: upgrade the software")
    for old in range(version, header.version):
        if old not in header.upgrades:
            raise refusal(f"version {old} is too old: no upgrade from it is known")


def _upgraded(header: _Header, version: int, fields: dict[str, Any]) -> Any:
    """The fields as the present version has them; paths of faults speak of that version."""
    if version == header.version:
        return fields
    fields = plain_copy(fields)  # a copy, since an upgrade may change what it is given
    for old in range(version, header.version):
        try:
            fields = header.upgrades[old](fields)
        except (*REFUSALS, LookupError, AttributeError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise refusal(f"could not be upgraded from version {old}: {reason}") from None
    _check_bounds(fields)
    return fields


def _written(value: object, normal: bool) -> Any:
    cls: Any = type(value)
    with _about(cls):
        try:
            data = codec_of(cls).write(value, normal)
        except RecursionError:
            raise _too_deep() from None
        _check_bounds(data)
    header = _header(cls)
    return {"kind": header.kind, "version": header.version, **data} if header else data


# JSON text, and the bounds


def _parsed(text: object) -> Any:
    if not isinstance(text, str):
        raise wrong("JSON text", text)
    _check_length(text)
    if _nesting(text) > MAX_DEPTH:
        raise _too_deep()
    try:
        return json.loads(text, object_pairs_hook=_object, parse_int=_parsed_integer)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise refusal(f"expected JSON, but at {where}: {error.msg}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[Any, Any]:
    times = Counter(key for key, _ in pairs)
    return dict(pairs) | {RepeatedKey(key): None for key, n in times.items() if n > 1}


def _parsed_integer(digits: str) -> int:
    """A number beyond the bound is cut, stays beyond it, and is refused where its path is known."""
    return int(digits[: MAX_DIGITS + 2])


_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)


def _nesting(text: str) -> int:
    """How deep the brackets go, found without recursion and in linear time."""
    brackets = re.findall(r"[][{}]", _STRING.sub("", text))
    return max(accumulate(1 if bracket in "[{" else -1 for bracket in brackets), default=0)


def _check_length(text: str) -> None:
    if len(text) > MAX_TEXT:
        raise refusal(f"expected at most {MAX_TEXT:,} characters, but got {len(text):,}")


def _too_deep() -> DefinitionError:
    return refusal(f"expected at most {MAX_DEPTH} lists and objects inside one another")


def _check_bounds(data: object) -> None:
    """Level by level, so that neither depth nor number can hurt before they are known."""
    level: list[Any] = [data]
    values = 1
    for depth in range(MAX_DEPTH + 1):
        containers = [value for value in level if isinstance(value, list | dict)]
        if containers and depth == MAX_DEPTH:
            raise _too_deep()
        values += sum(map(len, containers))
        if values > MAX_VALUES:
            raise refusal(f"expected at most {MAX_VALUES:,} values, but got more")
        level = [
            child
            for value in containers
            for child in (value.values() if isinstance(value, dict) else value)
        ]
