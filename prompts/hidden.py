"""Says, in the question's language, that evidence comes with words that nobody sees on its page."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.types import Notice
from prompts.templates import templates
from prompts.terms import is_chinese

_WHICH = frozenset({"which"})
_SECTIONS = (("beside", _WHICH), ("itself", _WHICH))


def hidden_text(question: str, beside: Sequence[int], itself: Sequence[int]) -> tuple[Notice, ...]:
    """The numbers of evidence from a page with such words, and of evidence that is such words; none: no notice."""
    chinese = is_chinese(question)
    words = templates("hidden.zh.md" if chinese else "hidden.md", _SECTIONS)
    said = [
        words.say(section, which=("、" if chinese else ", ").join(f"[{n}]" for n in numbers))
        for section, numbers in (("beside", beside), ("itself", itself))
        if numbers
    ]
    return (Notice("hidden_text", ("" if chinese else " ").join(said)),) if said else ()
