"""Tells kinds of text from each other by how they begin; the serving process runs this on whatever is uploaded.

Patterns use atomic groups and bounds, and after `^` no `\\s` that runs on over the lines: whoever writes the file
chooses what they run on.
"""

from __future__ import annotations

import re
from collections.abc import Callable

IsText = Callable[[str, str], bool]  # of the text (as much as was read of the file), and its name's extension

MARKDOWN_EXTENSIONS = (".md", ".markdown", ".mdown", ".mkd")
CSV_EXTENSIONS = (".csv", ".tsv", ".tab")
HTML_EXTENSIONS = (".html", ".htm", ".xhtml", ".shtml")
XML_EXTENSIONS = (".xml", ".xsd", ".xsl", ".rss", ".atom")
MAIL_EXTENSIONS = (".eml", ".mht", ".mhtml")

PROLOGUE = r"(?>(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>)*)"
ROOT = re.compile(PROLOGUE + r"<(?:[A-Za-z_][\w.-]{0,99}:)?([A-Za-z_][\w.-]{0,99})", re.S | re.I)
HTML_START = re.compile(r"(?>(?>\s+|<!--.*?-->|<\?xml[^>]*>)*)<(?:!doctype\s+html|html|head|body)\b", re.S | re.I)
HTML_TAG = re.compile(
    r"</?(?:p|div|span|table|title|meta|h[1-6]|ul|ol|li|a|br|img|script|style|center|font|b|i)\b", re.I
)
JSON_START = re.compile(
    r'\s*(?:\{\s*(?:"(?:[^"\\]|\\.)*"\s*:|\}\s*$)|\[\s*(?:\{\s*"|\[\s*["\d\[{-]|"(?:[^"\\]|\\.)*"\s*[,\]]))'
)
HEADER_LINE = re.compile(r"([A-Za-z][A-Za-z0-9-]*):(?: |\t|$)")
MBOX_LINE = re.compile(r"\AFrom \S++ (?>[^\n]*?\d{4})[^\n]*+\n")
NEXT_MAIL = re.compile(r"\n\r?\nFrom \S++ (?>[^\n]*?\d{4})[^\n]*+\n")
MAIL_HEADERS = frozenset({"mime-version", "message-id", "received", "return-path", "delivered-to", "content-type"})
MAIL_FIRST = MAIL_HEADERS | {"from", "to", "subject", "date", "sender", "reply-to", "cc"}
MARKDOWN_SIGNS = (
    re.compile(r"^#{1,6} \S", re.M),
    re.compile(r"^(?:```|~~~)", re.M),
    re.compile(r"\[[^\]\n]{1,200}\]\([^)\s]{1,500}\)"),
    re.compile(r"^[ \t]*+[-*+] \S", re.M),
    re.compile(r"^\|.*\|[ \t]*+\r?\n\|[ \t:|-]+\|[ \t]*+\r?$", re.M),
    re.compile(r"\*\*[^*\n]{1,200}\*\*"),
)


def is_rtf(text: str, extension: str) -> bool:
    return text.lstrip().startswith("{\\rtf")


def is_mailbox(text: str, extension: str) -> bool:
    """Mails one after the other: at least two in what was read, or a file that is called so."""
    if not MBOX_LINE.match(text) or not _has_mail_headers(text, extension):
        return False
    return extension == ".mbox" or NEXT_MAIL.search(text) is not None


def is_mail(text: str, extension: str) -> bool:
    return _has_mail_headers(text, extension) and not is_mailbox(text, extension)


def is_mail_with_bytes(head: bytes, extension: str) -> bool:
    """A mail whose attachments stand in it as they are is no text, but it begins as one."""
    headers = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0]
    return b"\x00" not in headers and _has_mail_headers(headers.decode("latin-1"), extension)


def _has_mail_headers(text: str, extension: str) -> bool:
    """A block of header lines, with one that only mail programs write."""
    names: list[str] = []
    for line in MBOX_LINE.sub("", text.lstrip("\n\r"), count=1).splitlines()[:60]:
        if line[:1] in (" ", "\t") and names:
            continue
        match = HEADER_LINE.match(line)
        if not match:
            break
        names.append(match.group(1).lower())
    if not names or not MAIL_FIRST.intersection(names):
        return extension in MAIL_EXTENSIONS and bool(names)
    return extension in MAIL_EXTENSIONS or (len(names) >= 3 and bool(MAIL_HEADERS.intersection(names)))


def is_json_lines(text: str, extension: str) -> bool:
    if extension in (".jsonl", ".ndjson"):
        return text.lstrip()[:1] in ("{", "[")
    lines = [line for line in text.split("\n")[:4] if line.strip()]
    return len(lines) > 1 and all(line.startswith("{") and line.rstrip().endswith("}") for line in lines[:-1])


def is_json(text: str, extension: str) -> bool:
    if is_json_lines(text, extension):
        return False
    if extension in (".json", ".geojson", ".ipynb"):
        return text.lstrip()[:1] in ("{", "[")
    named_otherwise = extension in (*MARKDOWN_EXTENSIONS, *CSV_EXTENSIONS, *HTML_EXTENSIONS)
    return not named_otherwise and bool(JSON_START.match(text))


def is_svg(text: str, extension: str) -> bool:
    return root(text) == "svg"


def is_html(text: str, extension: str) -> bool:
    return not is_xml(text, extension) and (HTML_START.match(text) is not None or root(text) == "html")


def is_xml(text: str, extension: str) -> bool:
    """XML by its name, of a kind that is not taken in."""
    return extension in XML_EXTENSIONS and text.lstrip().startswith("<") and root(text) not in ("svg", "html")


def is_unnamed_xml(text: str, extension: str) -> bool:
    return text.lstrip().startswith("<?xml") and extension not in (".html", ".htm", ".xhtml")


def is_postscript(text: str, extension: str) -> bool:
    return text.startswith("%!PS")


def root(text: str) -> str:
    """The name of the XML root element; empty when the text does not begin with one."""
    if not text.lstrip().startswith("<"):
        return ""
    match = ROOT.match(text)
    return match.group(1).lower() if match else ""


def begins_with_a_tag(text: str) -> bool:
    return HTML_TAG.match(text.lstrip()) is not None


def looks_like_markdown(text: str) -> bool:
    return sum(bool(sign.search(text)) for sign in MARKDOWN_SIGNS) >= 2


def is_tabular(text: str) -> bool:
    """At least five lines, each cut the same number of times, twice or more, by the same sign."""
    lines = [line for line in text.split("\n")[:200] if line.strip()][:-1] or [""]
    return len(lines) >= 5 and any(
        len({line.count(sign) for line in lines}) == 1 and lines[0].count(sign) >= 2 for sign in "\t;|,"
    )
