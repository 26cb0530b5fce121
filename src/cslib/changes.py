"""Changes: what a definition says otherwise than another, in words, a line for each.

Parts of definitions, each as plain data under its name, are held against one another. What a part
is and how it is named is for each room to say: see :func:`cslib.migrations.difference` for
lifecycles and :func:`cslib.previews.library_difference` for playbooks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

__all__ = ["PartData", "changes", "fields_changed"]

PartData: TypeAlias = Mapping[str, Any]
"""A part of a definition as plain JSON data, without its name."""


def changes(
    what: str, before: Mapping[str, PartData], after: Mapping[str, PartData]
) -> Iterator[str]:
    """What became of parts of one sort: those that are gone, those that are new, then fields.

    Args:
        what: The sort, ahead of each name; with the space between them.
        before: The parts as they were, by name.
        after: The parts as they are.

    >>> list(changes("stage ", {"'lead'": {}, "'trial'": {}}, {"'lead'": {"owner": "sales"}}))
    ["stage 'trial' is gone", "stage 'lead': owner is 'sales', was None"]
    """
    yield from (f"{what}{name} is gone" for name in before if name not in after)
    yield from (f"{what}{name} is new" for name in after if name not in before)
    for name in (name for name in after if name in before):
        yield from fields_changed(f"{what}{name}", before[name], after[name])


def fields_changed(what: str, before: PartData, after: PartData) -> Iterator[str]:
    """The fields of a part that say something else; a field that is absent is None.

    >>> list(fields_changed("step 'call'", {"days": 1, "optional": True}, {"days": 2.0}))
    ["step 'call': days is 2.0, was 1", "step 'call': optional is None, was True"]
    """
    for key in dict.fromkeys((*before, *after)):
        was, now = before.get(key), after.get(key)
        if not _same(was, now):
            yield f"{what}: {key} is {now!r}, was {was!r}"


def _same(one: object, other: object) -> bool:
    """Whether two pieces of data are the same, of one kind: ``True`` is not 1.

    The order in which a mapping says what it says makes no difference.
    """
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
