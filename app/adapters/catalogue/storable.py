"""What a database can hold: text without NULs and lone surrogates, and JSON that is finite and not bottomless.

Characters that nobody sees are taken out of metadata, and of what it is compared with: people and models read it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from domain.errors import BadRequest
from language.hidden import without_hidden

REPLACEMENT = "\ufffd"
DEEPEST = 64  # nested lists and objects in metadata; deeper is an attack on recursion, not a description

# Chinese stays Chinese (escaped it takes twice the room); NaN is no JSON, and Postgres would refuse it.
to_json = partial(json.dumps, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

# Postgres refuses NUL in any text, and UTF-8 has no lone surrogates; hostile files and JSON bodies hold both.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    return _UNSTORABLE.sub(REPLACEMENT, text)


def _plain(text: str) -> str:
    return without_hidden(storable(text))


def storable_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """A copy that any JSON column takes and gives back unchanged. Raises BadRequest."""
    return {_key(name): _value(value, 1) for name, value in metadata.items()}


def json_texts(value: str | float | bool | None) -> set[str]:
    """How the values that are equal to this one may be written in stored JSON: 3 and 3.0 are equal."""
    if value is None or isinstance(value, bool | str):
        return {to_json(_plain(value) if isinstance(value, str) else value)}
    if value == 0:
        return {"0", "0.0", "-0.0"}
    texts: set[str] = set()
    for sort in (int, float):
        with suppress(OverflowError, ValueError):  # too large for this sort, or not finite: nothing stored is
            texts |= {str(sort(value))} if sort(value) == value else set()
    return texts


def _value(value: Any, depth: int) -> Any:
    if depth > DEEPEST:
        raise BadRequest(f"metadata is nested more than {DEEPEST} levels deep")
    if isinstance(value, str):
        return _plain(value)
    if isinstance(value, Mapping):
        return {_key(name): _value(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_value(inner, depth + 1) for inner in value]
    return _scalar(value)


def _scalar(value: Any) -> bool | int | float | None:
    if isinstance(value, float) and not math.isfinite(value):
        raise BadRequest("metadata holds a number that is not finite")
    if value is None or isinstance(value, bool | int | float):
        return value
    raise BadRequest(f"metadata holds a {type(value).__name__}, which is not JSON")


def _key(name: Any) -> str:
    if not isinstance(name, str):
        raise BadRequest("metadata has a name that is not text")
    return _plain(name)
