"""Where sentences begin and end, in Chinese and English.

`spans` and `sentences` are for quoting: fields, headings and rows are lines of their own. `pieces` is for cutting long
text, and leaves nothing out. Where a sentence ends, they differ in one end of thirteen; the second decides where chunks
begin, so it is not replaced by the first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from language.wordlists import rows

_KINDS = {kind: frozenset(names) for kind, *names in rows("abbreviations.en.txt")}
_ALWAYS, _EITHER_WAY, _NUMBERED = _KINDS["always"], _KINDS["either_way"], _KINDS["numbered"]

_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’)\]]*+(?=\s|$)|[。！？…]+[”’」』）\"]*|\n[ \t]*\n\s*|\n")
_LAST_WORD = re.compile(r"(?<![\w.])[._]*+([^\W_](?:[\w.]*\w)?)$")

_ITEM = re.compile(r"[|#>]|[-*•·–—]\s|\(?\d{1,2}[.)、]\s*\D|[一二三四五六七八九十]{1,3}、|第.{1,4}[章节条]")
_CAPTION = re.compile(
    r"(?:fig(?:ure|\.)?|table|diagram|chart|图|表)\s*+(?:[\d一二三四五六七八九十]{1,3}\s*+)?[:：.]", re.IGNORECASE
)
_MAIL_FIELD = re.compile(r"(?:From|To|Cc|Date|Attachments): ")  # as mails are taken in, and as memos begin
_GOES_ON = re.compile(
    r"[,，、;；(（\-–—/&]$|\b(?:the|an?|of|in|on|to|by|for|and|or|with|from|at|is|are|was|were)$", re.IGNORECASE
)
# `Invoice no: 17`, `法定代表人：沈国栋`, `retention_hours = 168`
_FIELD = re.compile(
    r"(?P<label>[^\W\d_][^\s:：=,，;；.。!?！？]*(?:[ .][^\s:：=,，;；.。!?！？]+){0,4})"
    r"(?::(?=\s|[^\x00-\x7f])|：| =)\s*[^\s/]"
)
_NAMED = re.compile(r"(?=\w++\.\w|\w[^\W_]*+_\w)\w++(?>(?:\.\w++)*)\s*+[:=]|\w++ = ")  # as programs name things
_LONGEST_FIELD, _LONGEST_LABEL = 120, 40  # characters
_LONGEST_HEADING = 80  # characters
_HEADINGS = 3  # lines in a row that may be headings
_MUCH_LONGER = 1.5  # times: a paragraph's first line beside the heading above it; lines of one paragraph are alike


def is_caption(text: str) -> bool:
    return _CAPTION.match(text) is not None


def is_field(line: str) -> bool:
    """A line of a form, of a letter's head or of a record: a label and its value."""
    return label_of(line) != ""


def label_of(line: str) -> str:
    """The label of a field; empty for other lines."""
    found = _FIELD.match(line) if len(line) <= _LONGEST_FIELD else None
    return found["label"] if found is not None and len(found["label"]) <= _LONGEST_LABEL else ""


def spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of each sentence, without surrounding space; a table row or list item is one of its own.

    A single line break inside a paragraph ends no sentence (PDF text is broken where the printed line ends), unless the
    line is a row, an item, a field, a caption or a heading.
    """
    found: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        if match.start() < start or not _ends(text, start, match):
            continue
        _keep(text, start, match.end(), found)
        start = match.end()
    _keep(text, start, len(text), found)
    return found


def sentences(text: str) -> list[str]:
    return [text[a:b] for a, b in spans(text)]


def _keep(text: str, start: int, end: int, found: list[tuple[int, int]]) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if end > start:
        found.append((start, end))


def _ends(text: str, start: int, match: re.Match[str]) -> bool:
    mark = match.group()
    if mark[0] == "\n":
        return _line_ends(text, start, match)
    if not mark.startswith(".") or mark.startswith(".."):
        return True
    return not _abbreviated(text, start, match.start(), match.end())


def _line_ends(text: str, start: int, match: re.Match[str]) -> bool:
    if match.group().count("\n") > 1:
        return True
    line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()].strip()
    following, *more = (one.strip() for one in text[match.end() :].split("\n", _HEADINGS)[:_HEADINGS])
    if _stands_alone(line) or _stands_alone(following) or is_caption(following) or _parts_fields(line, following):
        return True
    return text[start : match.start()].strip() == line and _announces(line, following, more)


def _parts_fields(line: str, following: str) -> bool:
    """Whether the line break separates fields. A lower-case word before a colon may belong to a sentence, so it counts
    as a label only beside another field."""
    above, below = is_field(line), is_field(following)
    if above and below:
        return True
    if not (above or below) or _GOES_ON.search(line):
        return False
    field, beside = (line, following) if above else (following, line)
    return _NAMED.match(field) is not None or not (field[0].islower() or (above and beside[0].islower()))


def _stands_alone(line: str) -> bool:
    alone = _ITEM.match(line) or _MAIL_FIELD.match(line)
    return not line or line.endswith((":", "：")) or alone is not None


def _announces(line: str, following: str, more: Sequence[str]) -> bool:
    """Whether the line is a heading or a caption of the text below, and not the beginning of its sentence. Another
    heading may stand between a heading and its text."""
    if following[0].islower() or _GOES_ON.search(line):
        return False
    longest = max(map(len, (following, *more)))
    return is_caption(line) or len(line) <= min(_LONGEST_HEADING, longest / _MUCH_LONGER)


def _abbreviated(text: str, start: int, dot: int, end: int) -> bool:
    word_match = _LAST_WORD.search(text[max(start, dot - 20) : dot])
    if word_match is None:
        return False
    word = word_match.group(1).lower()
    following = text[end : end + 40].lstrip()
    if not following:
        return False
    if word in _EITHER_WAY:
        return following[0].islower() or following[0].isdigit()
    if word in _NUMBERED:
        return following[0].isdigit() or following[0] in "([" or following[0].islower()
    if word in _ALWAYS:
        return True
    if len(word) == 1 and word.isalpha() and word_match.group(1).isupper():  # an initial: J. Smith
        return following[0].isupper() and dot - start > 1
    listed = word.isdigit() and text[start:dot].strip() == word  # "1. First"
    return listed


_PIECE_END = re.compile(
    r"""(?<![.!?])[.!?]++["'”’)\]]*+(?=\s+["'“‘(\[]*[A-Z0-9\u00c0-\u00de\u0400-\u042f\u3400-\u9fff]|\s*\n\s*\n)\s+"""
    r"""|[。！？；…]+["”’」』）】]*\s*"""
    r"""|\n(?=\s*(?:[-*•·▪◦]|\(?\d{1,3}[.)])\s)|\n\s*\n"""
)
_NO_PIECE_END = re.compile(
    r"(?:\b(?:[A-Z]|Dr|Mr|Mrs|Ms|Prof|St|Jr|Sr|Inc|Ltd|Co|Corp|No|Nos|Fig|Figs|Tab|Eq|Eqs|Sec|Ch|Vol|pp?|vs|cf|al|etc|e\.g|i\.e|"
    r"approx|ca|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|U\.S|U\.K))\.\Z"
)


def pieces(text: str) -> list[str]:
    """The sentences of a text, each with the space after it: joined they are the text again."""
    found: list[str] = []
    start = 0
    for match in _PIECE_END.finditer(text):
        end = match.end()
        stop = match.group().rstrip()
        if stop == "." and _NO_PIECE_END.search(text, max(0, match.start() - 8), match.start() + 1):
            continue
        found.append(text[start:end])
        start = end
    if start < len(text):
        found.append(text[start:])
    return found
