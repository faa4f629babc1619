"""Shows a cell's value as the sheet shows it: dates, percentages, thousands, currencies."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

LITERAL = re.compile(r'"([^"]*)"|\\(.)|_.|\*.|\[(?:\$([^\[\]-]*+)[^\[\]]*+|[^\[\]]*)\]')
LONGEST = 255  # characters of a format, as in the programs that write them
DIGITS = re.compile(r"[#0?](?:[#0?,. ]*[#0?,.])?")
DATE_TOKEN = re.compile(r"yyyy|yy|mmmmm|mmmm|mmm|mm|m|dddd|ddd|dd|d|hh|h|ss(?:\.0+)?|s|am/pm|a/p", re.I)
TOKENS = {
    "yyyy": "%Y", "yy": "%y", "mmmmm": "%b", "mmmm": "%B", "mmm": "%b", "mm": "%m",
    "dddd": "%A", "ddd": "%a", "dd": "%d", "hh": "%H", "ss": "%S", "am/pm": "%p", "a/p": "%p",
}  # fmt: skip


def shown(value: object, number_format: str) -> str:
    """The words in a cell."""
    number_format = number_format[:LONGEST] or "General"
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime | date | time):
        return _date(value, number_format)
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, int | float):
        return _number(value, number_format)
    return " ".join(str(value).split())


def _number(value: float, number_format: str) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    sections = _sections(number_format)
    section = sections[1] if value < 0 and len(sections) > 1 else sections[0]
    if value == 0 and len(sections) > 2:
        section = sections[2]
    pattern, around = DIGITS.search(LITERAL.sub("", section)), section
    if section.strip().lower() in ("general", "@", "") or "E+" in section.upper() or "/" in section:
        return _general(value)
    if pattern is None:
        return _literal(around).strip() or _general(value)
    signed = value < 0 and len(sections) < 2
    return _around(section, ("-" if signed else "") + _digits(abs(value), section, pattern.group()))


def _sections(number_format: str) -> list[str]:
    """Parted by the semicolons that an even number of quotation marks follows."""
    sections, quoted = [""], number_format.count('"') % 2 == 1
    for piece in number_format.split('"'):
        first, *more = [piece] if quoted else piece.split(";")
        sections[-1] += first
        sections += more
        sections[-1] += '"'
        quoted = not quoted
    sections[-1] = sections[-1][:-1]
    return sections


def _digits(value: float, section: str, pattern: str) -> str:
    pattern = pattern.strip()
    scaled = value * 100 ** _literal(section, keep="").count("%")
    while pattern.endswith(","):
        pattern, scaled = pattern[:-1], scaled / 1000
    whole, _, fraction = pattern.partition(".")
    least, most = fraction.count("0"), len(re.sub(r"[^#0?]", "", fraction))
    text = f"{scaled:{',' if ',' in whole else ''}.{min(most, 15)}f}"
    if most > least and "." in text:
        kept, _, tail = text.partition(".")
        tail = tail[:least] + tail[least:].rstrip("0")
        text = f"{kept}.{tail}" if tail else kept
    return text.zfill(len(text) + whole.count("0") - len(text.partition(".")[0])) if "," not in whole else text


def _around(section: str, digits: str) -> str:
    """The digits with the signs and words that the format puts before and after them."""
    marked = LITERAL.sub(lambda match: f"\x00{match.group(1) or match.group(2) or match.group(3) or ''}\x00", section)
    pieces = marked.split("\x00")
    shown_digits = False
    for index in range(0, len(pieces), 2):  # what is not literal
        found = DIGITS.search(pieces[index])
        if found and not shown_digits:
            pieces[index] = pieces[index][: found.start()] + digits + pieces[index][found.end() :].lstrip(",")
            shown_digits = True
    return "".join(pieces).strip()


def _literal(section: str, keep: str = r"\1\2\3") -> str:
    return LITERAL.sub(lambda match: match.expand(keep) if keep else "", section)


def _general(value: float) -> str:
    """Like the sheet's own: no more than 15 digits, no decimals for whole numbers."""
    if isinstance(value, int):
        return str(value)
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"


def _duration(value: timedelta) -> str:
    minutes, seconds = divmod(int(value.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def _date(value: datetime | date | time, number_format: str) -> str:
    section = re.sub(r"\[[^\[\]]*\]", "", _sections(number_format)[0])
    cleaned = LITERAL.sub(lambda match: match.group(1) or match.group(2) or "", section)
    if not DATE_TOKEN.search(cleaned) or "general" in cleaned.lower():
        return _iso(value)
    tokens = list(DATE_TOKEN.finditer(cleaned))
    twelve = any(token.group().lower() in ("am/pm", "a/p") for token in tokens)
    out, end = "", 0
    for index, token in enumerate(tokens):
        out += cleaned[end : token.start()] + _date_part(value, tokens, index, twelve)
        end = token.end()
    return (out + cleaned[end:]).strip(" ;@")


def _date_part(value: datetime | date | time, tokens: list[re.Match[str]], index: int, twelve: bool) -> str:
    mark = tokens[index].group().lower()
    if mark in ("m", "mm") and _means_minutes(tokens, index):
        minute = getattr(value, "minute", 0)
        return f"{minute:02}" if mark == "mm" else str(minute)
    if mark in ("h", "hh"):
        hour = getattr(value, "hour", 0)
        hour = (hour % 12 or 12) if twelve else hour
        return f"{hour:02}" if mark == "hh" else str(hour)
    if mark in ("d", "m", "s"):
        return str(getattr(value, {"d": "day", "m": "month", "s": "second"}[mark], ""))
    if mark.startswith("ss."):
        mark = "ss"
    return value.strftime(TOKENS[mark])


def _means_minutes(tokens: list[re.Match[str]], index: int) -> bool:
    before = tokens[index - 1].group().lower() if index else ""
    after = tokens[index + 1].group().lower() if index + 1 < len(tokens) else ""
    return before in ("h", "hh") or after.startswith("s")


def _iso(value: datetime | date | time) -> str:
    if isinstance(value, datetime) and (value.hour, value.minute, value.second) == (0, 0, 0):
        return value.date().isoformat()
    return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
