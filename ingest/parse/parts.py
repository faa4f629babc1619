"""Takes parts between two marks out of markup, in one pass: a pattern looks to the end from every mark that is open."""

from __future__ import annotations

from typing import TypeVar

Markup = TypeVar("Markup", str, bytes)


def without_parts(markup: Markup, opening: Markup, closing: Markup, instead: Markup) -> Markup:
    """With `instead` for each part from an opening mark to the next closing one; what is not closed stays."""
    kept: list[Markup] = []
    at = 0
    while (start := markup.find(opening, at)) >= 0:
        end = markup.find(closing, start + len(opening))
        if end < 0:
            break
        kept += [markup[at:start], instead]
        at = end + len(closing)
    kept.append(markup[at:])
    return markup[:0].join(kept)
