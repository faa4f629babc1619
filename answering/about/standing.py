"""Whether a subject or a restriction of a question stands in a context, or is shown to be named otherwise there."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache

from answering.about.context import Context, bare
from domain.question import Restriction, Subject
from language.numerals import plain_number
from language.scripts import has_cjk
from language.terms import terms
from language.wordlists import rows

_AKIN = 0.7  # for a word of the same root with another stem
_SHORTEST_ROOT = 4
_SHORTEST_MISSPELT = 6  # letters
_ALIKE = 0.9
_RUNS = re.compile(r"\d+(?:\.\d+)*|[^\W\d_]+")
_BETWEEN = r"[-./ ]?"
_INITIALS = re.compile(r"[a-z]{2,6}")
_MONTHS = {name: (number, tuple(names)) for number, names in enumerate(rows("months.en.txt"), 1) for name in names}


def of_subject(subject: Subject, context: Context) -> float:
    """0..1: the share of its words that stand there; 0 where a name, a code or a number of it does not, and at least
    a half where all of these do."""
    if any(not stands_exactly(word, context) for word in subject.exact):
        return 0.0
    wanted = frozenset(terms(bare(subject.text)))
    share = sum(_term(term, context) for term in wanted) / len(wanted) if wanted else 1.0
    return (1 + share) / 2 if subject.exact else share


def of_restriction(one: Restriction, context: Context) -> float:
    if one.exact:
        return float(all(stands_exactly(word, context) for word in one.exact))
    wanted = terms(one.text)
    return sum(_term(term, context) for term in wanted) / len(wanted) if wanted else 1.0


def stands_exactly(word: str, context: Context) -> bool:
    """A name by its stem, a code letter by letter, a number by its value, a month by any of its names."""
    if word in _MONTHS:
        return _month(word, context)
    if word[0].isdigit() and plain_number(word.rstrip("%")) in context.numbers:
        return True
    if any(map(str.isdigit, word)):
        return _code(word).search(context.folded) is not None
    if has_cjk(word):
        return word in context.folded
    plain = bare(word)
    parts = frozenset(terms(plain))
    if not parts or all(_term(part, context) for part in parts) or _misspelt(plain, context):
        return True
    return _INITIALS.fullmatch(word) is not None and len(word) > 2 and word in context.initials


def _term(term: str, context: Context) -> float:
    """1: it stands there; 0.7: a word of the same root does."""
    if term in context.terms:
        return 1.0
    if len(term) <= _SHORTEST_ROOT or has_cjk(term) or term[0].isdigit():
        return 0.0
    root = term[: max(_SHORTEST_ROOT, len(term) - 3)]
    near = (other for other in context.terms if other.startswith(root))
    return _AKIN if any(abs(len(other) - len(term)) <= 4 for other in near) else 0.0


def _misspelt(name: str, context: Context) -> bool:
    """People misspell names: one that begins alike and differs in a letter or two is the same."""
    if len(name) < _SHORTEST_MISSPELT or not name.isalpha():
        return False
    alike = (one for one in context.words if one[0] == name[0] and abs(len(one) - len(name)) <= 1)
    return any(SequenceMatcher(None, name, one, autojunk=False).ratio() >= _ALIKE for one in alike)


def _month(word: str, context: Context) -> bool:
    number, names = _MONTHS[word]
    dated = _dated(number).search(context.folded)
    return bool(dated) or any(_word(name).search(context.folded) for name in names)


@lru_cache(maxsize=12)
def _dated(month: int) -> re.Pattern[str]:
    return re.compile(rf"(?:19|20)\d\d[-/.]0?{month}(?!\d)|(?<!\d)0?{month}[./](?:19|20)\d\d|(?<!\d){month}月")


@lru_cache(maxsize=2_000)
def _code(code: str) -> re.Pattern[str]:
    """`HX2040A` is also written `HX-2040-A`; `3.10.2` is not `3.1.02`: dots between digits stay."""
    letters = any(map(str.isalpha, code))
    parts = _RUNS.findall(code) if letters else [code]
    return re.compile(rf"(?<!\w){_BETWEEN.join(map(re.escape, parts))}(?!\w)")


@lru_cache(maxsize=2_000)
def _word(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
