"""Events as the columns that a bulk replay takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np

from cslib.lifecycle import Event


def moments_in(given: Sequence[dt.date | None], *, exact: bool) -> Any:
    plain = [
        each.astimezone(dt.UTC).replace(tzinfo=None) if isinstance(each, dt.datetime) else each
        for each in given
    ]
    return np.array(plain, "datetime64[us]" if exact else "datetime64[D]")


def objects(values: Sequence[Any]) -> Any:
    return np.fromiter(values, object, len(values))


def columns_of(log: Sequence[Event], *, typed: bool = False) -> dict[str, Any]:
    """The arguments of a replay of columns; payloads as objects, or of a type where all fit."""
    exact = any(isinstance(event.at, dt.datetime) for event in log)
    payload = {
        name: objects([event.payload.get(name) for event in log]) for name in ("ok", "n", "limit")
    }
    if typed and all(isinstance(each, float | int | None) for each in payload["n"]):
        payload["n"] = payload["n"].astype(np.float64)
        missing = [each is None for each in payload["ok"]]
        payload["ok"] = np.ma.array(payload["ok"] == True, mask=missing, dtype=bool)  # noqa: E712
    return {
        "account": np.array([event.account for event in log], str),
        "event": np.array([event.name for event in log], str),
        "at": moments_in([event.at for event in log], exact=exact),
        "recorded_at": moments_in([event.recorded_at for event in log], exact=False),
        "id": objects([event.id for event in log]),
        "payload": payload,
    }
