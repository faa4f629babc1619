"""Names for folders, keys and Chroma's collections, made from ids and from encoder names with slashes."""

from __future__ import annotations

import hashlib
import re

LONGEST = 120

_OTHER = re.compile(rb"[^A-Za-z0-9-]")


def slug(text: str) -> str:
    """Letters, digits and `-` stay, any other byte becomes `_` and two hex digits: different texts get different
    slugs, none has a dot, and none is empty. Long ones end in a digest, marked by `_x`, which no escape begins with."""
    escaped = _OTHER.sub(lambda byte: b"_%02x" % byte[0][0], text.encode("utf-8", "surrogatepass")).decode()
    if 0 < len(escaped) <= LONGEST:
        return escaped
    return f"{escaped[:40]}_x{hashlib.sha256(escaped.encode()).hexdigest()}"
