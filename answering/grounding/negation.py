"""Whether a claim denies what the cited text affirms, or says the opposite word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from answering.grounding.parsed import ParsedPiece
from language.scripts import HAN, folded, has_cjk
from language.terms import terms
from language.wordlists import rows

_NEGATION = re.compile(
    r"\b(?:not|never|no|none|neither|nor|without|cannot|nobody|nothing|hardly|barely|fail(?:s|ed)? to|unable to"
    r"|lack(?:s|ed)?|refus(?:es|ed|e) to|den(?:y|ies|ied))\b|n['’]t\b"
    rf"|(?:并)?(?:不是|不会|不能|没有|并非|从未|未曾|不得|不|没|未|无法|无|非)(?=[{HAN}])|否认|缺乏",
    re.IGNORECASE,
)
_NO_NEGATION = re.compile(
    r"\bnot only\b|\bno\.\s?\d"
    r"|\bno (?:doubt|longer than|less than|more than|later than)\b|\bnot (?:just|merely|least)\b"
    r"|不(?:仅|但|过|断|同|久|少|错|得不|论|管|光|止|只|禁|妨|如|及|足|等|可避免|锈|动产|良|满|安|稳|明|幸|利|当|便|法|适|善|平)"
    r"|无(?:论|数|线|疑|人机|不|限|辜|意|机|形|名|偿|情|产|穷|比|关紧要)"
    r"|未(?:来|必|知|婚|成年)|非(?:常|洲|法|裔|凡|营利|政府|但|正式)|除非|莫非|是非|并非|没(?:收|落)|南非|北非|西非|东非|中非|并无二致",
    re.IGNORECASE,
)
_SCOPE = 3  # content words after a negation that it negates


def _negated_terms(text: str) -> tuple[int, frozenset[str]]:
    """The number of negations, and the terms that they negate."""
    blank = _NO_NEGATION.sub(lambda match: "〼" * len(match.group()), text)
    count, about = 0, set[str]()
    for match in _NEGATION.finditer(blank):
        count += 1
        following = re.split(r"[,.;:!?，。；：！？〼]", text[match.end() : match.end() + 80])[0]
        about.update(terms(following)[: 2 * _SCOPE if has_cjk(text) else _SCOPE])
        if match.group().startswith(("n'", "n’")):
            about.update(terms(text[: match.start()])[-1:])
    return count, frozenset(about)


def negation_differs(claim: ParsedPiece, near: Sequence[ParsedPiece]) -> bool:
    mine, about = _negated_terms(claim.text)
    theirs = [_negated_terms(piece.text) for piece in near]
    if mine:
        if not any(count for count, _ in theirs):
            return True
        others = frozenset[str]().union(*(words for _, words in theirs))
        return bool(about) and not about & others and bool(about & _terms_of(near))
    claimed = frozenset(claim.terms)
    for count, words in theirs[:1]:  # the claim affirms what the best sentence denies
        shared = claimed & words
        if count and words and len(shared) >= min(2, len(words)) and len(shared) >= 0.6 * len(words):
            return True
    return False


def _terms_of(pieces: Sequence[ParsedPiece]) -> frozenset[str]:
    return frozenset(term for piece in pieces for term in piece.terms)


_OPPOSITES = [tuple(frozenset(side.split("/")) for side in sides) for sides in rows("opposites.txt")]


def opposite(claim: ParsedPiece, window: Sequence[ParsedPiece]) -> bool:
    """True if the claim has one side of a pair of opposites and the text has only the other."""
    mine, theirs = folded(claim.text), folded(" ".join(piece.text for piece in window))
    for pair in _OPPOSITES:
        for one, other in (pair, pair[::-1]):
            if _has(mine, one) and not _has(mine, other) and not _has(theirs, one) and _has(theirs, other):
                return True
    return False


def _has(text: str, words: frozenset[str]) -> bool:
    return _pattern(words).search(text) is not None


@lru_cache(maxsize=64)
def _pattern(words: frozenset[str]) -> re.Pattern[str]:
    joined = "|".join(map(re.escape, sorted(words)))
    return re.compile(joined if has_cjk(joined) else rf"\b(?:{joined})\b")
