"""The words of notices beside an answer, in the language of the question."""

from __future__ import annotations

from collections.abc import Iterable

from domain.answers import Notice, Noticed
from domain.question import Question
from prompts.templates import templates

CUT_SHORT = "cut_short"  # the answer stopped at the limit of its length
_NAME, _COUNT, _WHICH = frozenset({"name"}), frozenset({"count"}), frozenset({"which"})
SECTIONS = {
    CUT_SHORT: frozenset[str](),
    "model_silent": frozenset[str](),
    "small_talk": frozenset[str](),
    "searched_without_vectors": _NAME,
    "vector_index_missing": frozenset[str](),
    "words_index_missing": frozenset[str](),
    "markers_removed": _COUNT,
    "links_removed": _COUNT,
    "suspicious_text": _WHICH,
    "hidden_text": _WHICH,
    "hidden_text_itself": _WHICH,
    "images_reduced": _COUNT,
    "images_left_out": _COUNT,
    "evidence_left_out": _COUNT,
    "history_left_out": _COUNT,
    "history_images_left_out": _COUNT,
}
# English has another sentence for one than for several; Chinese has not
_OF_ONE = {
    f"{section}_one": variables
    for section, variables in SECTIONS.items()
    if variables == _COUNT or section == "hidden_text_itself"
}
_CHINESE = tuple(SECTIONS.items())
_ENGLISH = (*_CHINESE, *_OF_ONE.items())


def in_words(noticed: Iterable[Noticed], question: Question) -> tuple[Notice, ...]:
    """One notice for each code; several sentences of one code are joined."""
    chinese = question.chinese
    said: dict[str, list[str]] = {}
    for one in noticed:
        said.setdefault(one.code, []).append(_sentence(one, chinese))
    return tuple(Notice(code, ("" if chinese else " ").join(sentences)) for code, sentences in said.items())


def _sentence(one: Noticed, chinese: bool) -> str:
    section = f"{one.code}_{one.form}" if one.form else one.code
    which = ("、" if chinese else ", ").join(f"[{n}]" for n in one.which)
    values = {"count": str(one.count or ""), "which": which, "name": one.name}
    known = {name: value for name, value in values.items() if value}
    if chinese:
        return templates("notices.zh.md", _CHINESE, __package__).say(section, **known)
    of_one = f"{section}_one"
    if of_one in _OF_ONE and 1 in (one.count, len(one.which)):
        section = of_one
    return templates("notices.md", _ENGLISH, __package__).say(section, **known)
