"""What a question says about the place of its answer: a page, a figure's number, a table, numbers, a quantity."""

from __future__ import annotations

import re

from domain.question import Cues
from retrievers.labels import labels_in, numbers_in

_PAGES = re.compile(
    r"\b(?:pages?|slides?|pp?\.|sheets?)\s*+(\d{1,4})(?:\s*+(?:-|–|to|and|through|,)\s*+(\d{1,4}))?"
    r"|第\s*+(\d{1,4})\s*+[页頁张張]",
    re.IGNORECASE,
)
_ORDINAL = re.compile(r"\b(first|second|third|fourth|fifth)\s++(?:cover\s++)?(?:page|slide)\b", re.IGNORECASE)
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
_MOST_PAGES = 30  # of a range

_FIGURE = re.compile(
    r"\b(?:figures?|charts?|graphs?|plots?|diagrams?|pictures?|photos?|images?|cartoons?|logos?|maps?|icons?|colou?rs?|"
    r"bars?|lines?|ax[ie]s|drawn|drawings?|waveforms?|flow ?charts?|screenshots?|illustrat\w+|wearing|standing)\b"
    r"|图(?!书|腾|谋)|照片|颜色|曲线|坐标|标志|截屏",
    re.IGNORECASE,
)
_TABLE = re.compile(
    r"\b(?:tables?|columns?|rows?|ratio|total|percentage|average|how much|amount)\b|表格?|多少|比率|合计|总额",
    re.IGNORECASE,
)
_QUANTITY = re.compile(
    r"\bhow (?:much|many)\b|\bwhat (?:is|was|are|were) the (?:total|average|percentage|number|amount|value|ratio)\b"
    r"|\bpercent|\bratio\b|%|\bamount\b|多少|几[个位年种项]|比例|百分",
    re.IGNORECASE,
)
_PICTURE = re.compile(
    r"\b(?:figures?|fig|charts?|graphs?|plots?|diagrams?|drawings?|pictures?|photos?|photographs?|images?|illustrations?|"
    r"maps?|logos?|screenshots?|icons?|flow ?charts?|histograms?|infographics?|posters?)\b"
    r"|图(?!书|腾|谋)|照片|插画|圖|相片|示意|曲线|标志|截屏|海报",
    re.IGNORECASE,
)


def cues_of(question: str) -> Cues:
    return Cues(
        pages=frozenset(_named_pages(question)),
        labels=labels_in(question),
        figure=_FIGURE.search(question) is not None,
        picture=_PICTURE.search(question) is not None,
        table=_TABLE.search(question) is not None,
        quantity=_QUANTITY.search(question) is not None,
        numbers=numbers_in(question),
    )


def _named_pages(question: str) -> set[int]:
    pages: set[int] = {_ORDINALS[match.group(1).lower()] for match in _ORDINAL.finditer(question)}
    for first, last, chinese in _PAGES.findall(question):
        begin = int(first or chinese)
        end = int(last) if last and begin < int(last) <= begin + _MOST_PAGES else begin
        pages |= set(range(begin, end + 1))
        if last:
            pages.add(int(last))
    return pages
