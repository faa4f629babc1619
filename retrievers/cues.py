"""What a question says about the place of its answer: a page, a figure's number, a table, numbers, a quantity."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PAGES = re.compile(
    r"\b(?:pages?|slides?|pp?\.|sheets?)\s*+(\d{1,4})(?:\s*+(?:-|–|to|and|through|,)\s*+(\d{1,4}))?"
    r"|第\s*+(\d{1,4})\s*+[页頁张張]",
    re.IGNORECASE,
)
_ORDINAL = re.compile(r"\b(first|second|third|fourth|fifth)\s++(?:cover\s++)?(?:page|slide)\b", re.IGNORECASE)
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
_MOST_PAGES = 30  # of a range

# "Figure 3", "Table A", "Section 3.3", 图3: names that a caption or a heading bears
_LABEL = re.compile(
    r"\b(fig(?:ure)?|table|chart|exhibit|appendix|section|note|item|box)s?\.?\s++(\d{1,3}(?:\.\d{1,3}){0,3}|[A-Z]\b)"
    r"|(图|表|附录|第)\s*+(\d{1,3})",
    re.IGNORECASE,
)
_NAMES = {"fig": "figure", "图": "figure", "表": "table", "附录": "appendix", "第": "section"}
_CAPTION_WITHIN = 60  # characters: where a chunk bears its own label, and doesn't merely mention one

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
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Cues:
    pages: frozenset[int]
    labels: frozenset[tuple[str, str]]  # ("figure", "3")
    figure: bool
    table: bool
    quantity: bool
    numbers: frozenset[str]


def cues_of(question: str) -> Cues:
    return Cues(
        pages=frozenset(_named_pages(question)),
        labels=labels_in(question),
        figure=_FIGURE.search(question) is not None,
        table=_TABLE.search(question) is not None,
        quantity=_QUANTITY.search(question) is not None,
        numbers=numbers_in(question),
    )


def names_pages(question: str) -> bool:
    return bool(_named_pages(question))


def _named_pages(question: str) -> set[int]:
    pages: set[int] = {_ORDINALS[match.group(1).lower()] for match in _ORDINAL.finditer(question)}
    for first, last, chinese in _PAGES.findall(question):
        begin = int(first or chinese)
        end = int(last) if last and begin < int(last) <= begin + _MOST_PAGES else begin
        pages |= set(range(begin, end + 1))
        if last:
            pages.add(int(last))
    return pages


def labels_in(text: str) -> frozenset[tuple[str, str]]:
    found = ((name or chinese, number or count) for name, number, chinese, count in _LABEL.findall(text))
    return frozenset((_NAMES.get(name.lower(), name.lower()), number.lower()) for name, number in found)


def label_borne(text: str) -> frozenset[tuple[str, str]]:
    """The labels at the beginning of a chunk, or of its lines: captions and headings."""
    beginnings = [line[:_CAPTION_WITHIN] for line in text.splitlines() if _LABEL.match(line.lstrip("#*| "))]
    return labels_in("\n".join([text[:_CAPTION_WITHIN], *beginnings]))


def numbers_in(text: str) -> frozenset[str]:
    return frozenset(number.replace(",", "") for number in _NUMBER.findall(text))
