"""Whether a claim denies what the cited text affirms, or says the opposite word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from answering.grounding.parsed import ParsedPiece
from language.scripts import HAN, folded, has_cjk
from language.terms import terms

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


def negation_differs(said: ParsedPiece, near: Sequence[ParsedPiece]) -> bool:
    mine, about = _negated_terms(said.text)
    theirs = [_negated_terms(piece.text) for piece in near]
    if mine:
        if not any(count for count, _ in theirs):
            return True
        others = frozenset[str]().union(*(words for _, words in theirs))
        return bool(about) and not about & others and bool(about & _terms_of(near))
    claimed = frozenset(said.terms)
    for count, words in theirs[:1]:  # the claim affirms what the best sentence denies
        told = claimed & words
        if count and words and len(told) >= min(2, len(words)) and len(told) >= 0.6 * len(words):
            return True
    return False


def _terms_of(pieces: Sequence[ParsedPiece]) -> frozenset[str]:
    return frozenset(term for piece in pieces for term in piece.terms)


_OPPOSITES = [
    tuple(frozenset(side.split("/")) for side in pair.split(" "))
    for pair in (
        "increase/increased/increases/increasing/rose/rise/rises/grew/growth/grow/gained/higher/up/upward "
        "decrease/decreased/decreases/decreasing/fell/fall/falls/declined/decline/declines/dropped/shrank/lower/down",
        "more/most/highest/largest/greatest/maximum/greater/bigger "
        "less/least/lowest/smallest/fewest/minimum/fewer/smaller",
        "before/earlier/prior after/later/since",
        "above/over/exceeded/exceeds below/under",
        "first/earliest last/latest",
        "win/won/wins/beat/defeated lose/lost/loses",
        "profit/profits/gain/gains loss/losses",
        "include/includes/included/including exclude/excludes/excluded/excluding",
        "accepted/approved/allowed/permitted rejected/refused/forbidden/prohibited/banned",
        "north/northern south/southern",
        "east/eastern west/western",
        "male/men/man/boys female/women/woman/girls",
        "增加/增长/上升/提高/上涨/扩大/增多 减少/下降/降低/下跌/缩小/缩减",
        "最高/最大/最多/最长/最早 最低/最小/最少/最短/最晚",
        "高于/超过/大于/多于 低于/不足/小于/少于",
        "之前/以前 之后/以后",
        "胜利/获胜/赢得/击败 失败/输给/败给",
        "盈利 亏损",
        "包括/包含 排除/不包括",
        "北部/北方 南部/南方",
        "东部/东方 西部/西方",
        "男性/男子 女性/女子",
    )
]


def opposite(said: ParsedPiece, window: Sequence[ParsedPiece]) -> bool:
    """True if the claim has one side of a pair of opposites and the text has only the other."""
    mine, theirs = folded(said.text), folded(" ".join(piece.text for piece in window))
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
