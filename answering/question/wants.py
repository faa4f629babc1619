"""What an answer must be or have: a number, a date, a person, a thing of a form, the most or the least of something."""

from __future__ import annotations

import re

from domain.question import AnswerKind, Form, Wants
from language.numerals import numbers
from language.scripts import CJK, folded
from language.stems import stem
from language.terms import terms

_KINDS: tuple[tuple[AnswerKind, re.Pattern[str]], ...] = (
    ("number", re.compile(r"\bhow (?:many|much|long|far|old|high|large|big|tall|often|fast)\b"
                          r"|\b(?:what|which) (?:is |was )?(?:the )?"
                          r"(?:number|amount|percentage|percent|share|rate|total|price|cost)\b"
                          r"|多少|几[个名次年天倍种家位岁]|多[长久大高远]|比例|百分之", re.I)),
    ("time", re.compile(r"\bwhen\b|\b(?:what|which|in what) (?:year|date|day|month|time|century)\b"
                        r"|何时|什么时候|哪一?[年天月日]|几[点月号]|何年", re.I)),
    ("person", re.compile(r"\bwho(?:m|se)?\b|谁|哪位|何人", re.I)),
    ("reason", re.compile(r"\bwhy\b|\bfor what reason\b|\bwhat (?:caused|causes)\b|为什么|为何|原因|何故", re.I)),
    ("place", re.compile(r"\bwhere\b|\b(?:what|which) (?:city|country|state|place|region|town)\b"
                         r"|哪里|哪儿|何处|哪个?(?:国家|城市|地方|州|省|国)|什么地方", re.I)),
)  # fmt: skip
_FORMS: tuple[tuple[Form, re.Pattern[str]], ...] = (
    ("length", re.compile(r"\bhow (?:tall|deep|wide)\b", re.I)),
    ("chinese length", re.compile(r"(?<!提)多高|高度是?多少|多[深宽]")),
    ("clock", re.compile(r"\b(?:at )?what time\b|几点", re.I)),
    ("weight", re.compile(r"\bhow heavy\b|多重", re.I)),
)
_SEVERAL = re.compile(r"\b(?:which|what|name|list) .{0,20}\b\w+s\b|\bwhy\b|\bhow (?:do|does|did|is|are|was|were)\b"
                      r"|\bexplain|\bdescribe|哪些|为什么|如何|怎么|怎样|列出|说明|介绍|分别", re.I)  # fmt: skip
_AMOUNTS = re.compile(r"\bhow many\b|多少|百分之", re.IGNORECASE)  # what no words answer without a number
_AMOUNT_OF = re.compile(rf"([{CJK}]{{2}})(?:一共|总共)?(?:是|为|有)多少")
_COUNTED = re.compile(r"\bhow (?:many|much)\s+([\w-]+(?:\s+[\w-]+)?)", re.IGNORECASE)
_TABLE_SHARE = re.compile(r"\b(?:share|percent\w*|proportion|rate)\b|比例|百分|占比", re.IGNORECASE)
_SPAN_SHARE = re.compile(r"\bpercent|\bpercentage|\bshare\b|比例|百分", re.IGNORECASE)
_COMPARES = re.compile(
    r"\b(?:which|what) (?:fiscal |financial )?(?:years?|quarters?|months?|periods?)\b"
    r"|\b(?:highest|lowest|largest|smallest|most|least|more than|less than"
    r"|greater|exceed\w*|change[ds]?|difference|increase[ds]?|decrease[ds]?|grow\w*"
    r"|compared?|trend|average|between)\b|哪一?[年季月]|最[高低大小多少]|变化|增长|减少|下降|差|比较|平均|趋势",
    re.IGNORECASE,
)
_MOST = re.compile(
    r"\b(?:highest|largest|greatest|biggest|maximum|longest|heaviest|most(?!\s+(?:of|recent|common|likely))"
    r"|best[- ]selling)\b|最[高大多长重贵]",
    re.IGNORECASE,
)
_LEAST = re.compile(
    r"\b(?:lowest|smallest|least|fewest|minimum|shortest|lightest|cheapest)\b|最[低小少短轻]|最便宜", re.IGNORECASE
)
_NEITHER = re.compile(r"\bat (?:least|most)\b|\b(?:second|third|fourth|next)\b|第[二三四]", re.IGNORECASE)
_FIGURES = re.compile(
    r"\b(?:which|what) (?:figure|table|diagram|chart|section|chapter)s?\b"
    r"|\bwhat (?:does|do|is|are) .{0,40}(?:figure|table|diagram|chart)\b.{0,20}(?:show|about)|哪[张个幅]?[图表]|标题",
    re.IGNORECASE,
)
_SOURCE = re.compile(r"\baccording to [^,?]*", re.I)  # where it is said, not what
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_ORDINAL = re.compile(r"第([一二三四五六七八九十\d]{1,3}(?:年|季|章|条|届|期|次))")

# ---------------------------------------------------------------- what is named

_INSTRUCTION = re.compile(r"\(?\bplease\b.*|请用.*", re.I | re.S)
_REFERENCE = re.compile(  # where it stands, not what it is
    r"\b(?:pages?|slides?|figures?|fig\.|tables?|sections?|chapters?|steps?|equations?)"
    r"\s*\d+(?:\s*(?:-|–|to|and|,)\s*\d+)*|第\s*\d+\s*[页张章节步]|[图表]\s*\d+", re.I,
)  # fmt: skip
_NAME = re.compile(r"(?<![.?!\"“] )(?<!^)\b[A-Z][A-Za-z0-9’'-]+")
_NO_NAME = frozenset(
    "Page Pages Slide Slides Figure Table Section Chapter Appendix Write Answer What Which How Give List".split()  # noqa: SIM905
)


def wants_of(question: str) -> Wants:
    amount_of = _AMOUNT_OF.search(question)
    counted = _COUNTED.search(question)
    named = _REFERENCE.sub(" ", _INSTRUCTION.sub(" ", question))
    return Wants(
        kind=next((kind for kind, pattern in _KINDS if pattern.search(question)), ""),
        forms=tuple(form for form, pattern in _FORMS if pattern.search(question)),
        several=_SEVERAL.search(question) is not None,
        compares=_COMPARES.search(question) is not None,
        extreme=_extreme(question),
        figure=_FIGURES.search(question) is not None,
        amount=_AMOUNTS.search(question) is not None,
        amount_of=amount_of.group(1) if amount_of else "",
        counted=stem(next(iter(folded(counted[1]).split()), "")) if counted else "",
        share=_TABLE_SHARE.search(question) is not None,
        percentage=_SPAN_SHARE.search(question) is not None,
        times=frozenset((*_YEAR.findall(question), *_ORDINAL.findall(question))),
        source=frozenset(terms(" ".join(_SOURCE.findall(question)))),
        numbers=frozenset(number for number in numbers(named) if len(number) > 1),
        names=tuple(term for name in _NAME.findall(named) if name not in _NO_NAME for term in terms(name)),
    )


def without_references(question: str) -> str:
    """Without "on page 12" and "Figure 3": these name where something stands."""
    return _REFERENCE.sub(" ", question)


def _extreme(question: str) -> int:
    """1: the most, -1: the least, 0: neither."""
    if _NEITHER.search(question):
        return 0
    most, least = _MOST.search(question) is not None, _LEAST.search(question) is not None
    return int(most) - int(least)
