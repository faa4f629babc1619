"""Reads e-mails: what its reader sees (headers, body, pictures within it); attachments become documents of their own.

The standard library's parser, in its lenient mode, takes anything apart; what mail programs get wrong (charsets that
don't exist, raw bytes in headers, broken base64) is decoded here, since the strict mode raises on it.
"""

from __future__ import annotations

import base64
import binascii
import email
import email.header
import email.utils
import mimetypes
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from email.errors import HeaderParseError
from email.message import Message
from functools import partial
from pathlib import Path

from domain.documents import Place, Problem
from domain.errors import ExhibitError, Unreadable
from domain.limits import STANDARD, DocumentLimits, only_first
from domain.parsed import Block, Identity, ParsedPage
from ingest.encodings import decode
from ingest.file_names import clean_name
from ingest.parse.html import blocks_of_html, text_of_html
from ingest.parse.outline import MAX_LEVEL
from ingest.parse.text import blocks_of

MAIL = "message/rfc822"
MAX_BYTES = 256 << 20  # of a mail: the library holds it in memory several times over
MAX_HEADER = 2000  # characters shown of one header
MAX_PARTS = 20_000
SHOWN = ("From", "To", "Cc", "Date")
PLUMBING = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})
ENCRYPTED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted"})
ALIASES = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso-8859-1": "cp1252",
    "us-ascii": "utf-8",
    "ks_c_5601-1987": "cp949",
}
SOURCE = re.compile(r"""(\bsrc\s*=\s*)(["']?)(?:cid:)([^"'\s>]{1,300})\2""", re.I)
DASHES = re.compile(r"\s{0,4}[-_]{5,}")
HEADER = re.compile(r"\s{0,4}\*?\w[\w ]{0,30}\*?[:：]")
RICHER = 0.5  # HTML with less than this share of the plain version's words has lost some


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    data: Callable[[], bytes]  # decoded when asked for, one at a time


@dataclass(slots=True)
class Mail:
    subject: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    pictures: dict[str, tuple[str, bytes]] = field(default_factory=dict)  # content id -> (media type, bytes)
    attachments: list[Attachment] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def open_mail(path: Path) -> Identity:
    return Identity(MAIL, None, title=read_mail(path).subject or None)


def parse_mail(path: Path, first: int, last: int, limits: DocumentLimits = STANDARD) -> list[ParsedPage]:
    return [page_of(read_mail(path), limits)]


def page_of(mail: Mail, limits: DocumentLimits) -> ParsedPage:
    """The mail as a reader sees it, under its subject."""
    heading = (mail.subject,) if mail.subject else ()
    blocks = [Block("heading", mail.subject, level=1, place=Place(heading))] if mail.subject else []
    lines = [f"{name}: {value}" for name, value in mail.headers]
    if mail.attachments:
        lines.append(f"Attachments: {', '.join(attachment.name for attachment in mail.attachments)}"[:MAX_HEADER])
    if lines:
        blocks.append(Block("text", "\n".join(lines), place=Place(heading)))
    blocks += [_under(heading, block) for block in _body(mail)]
    taken, there = mail.attachments[: limits.attachments], len(mail.attachments)
    problems = [*mail.problems, *_not_taken(taken)]
    if there > len(taken):
        problems.append(only_first("attachments", len(taken), there, "attachments", "were taken in"))
    return ParsedPage(None, tuple(blocks), problems=tuple(Problem(problem) for problem in problems))


def _under(heading: tuple[str, ...], block: Block) -> Block:
    inner = block.place or Place()
    level = min(MAX_LEVEL, block.level + len(heading)) if block.level else 0
    return replace(block, level=level, place=replace(inner, heading=(*heading, *inner.heading)))


def _body(mail: Mail) -> list[Block]:
    plain = list(_in_turn("\n\n".join(mail.plain)))
    try:
        html = [block for page in mail.html for block in blocks_of_html(_with_pictures(page, mail.pictures))]
    except Unreadable:
        return plain
    return html if _words(html) >= RICHER * _words(plain) and html else plain


def _in_turn(text: str) -> Iterator[Block]:
    """The newest message, its signature, and what is quoted of those before: each apart, by their signs."""
    newest, signature, history = _taken_apart(text.split("\n"))
    yield from blocks_of("\n".join(newest))
    for heading, lines in (("Signature", signature), ("Earlier messages", history)):
        for block in blocks_of("\n".join(lines)):
            yield _under((heading,), replace(block, kind="text", level=0))


def _taken_apart(lines: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """A line of dashes over header lines begins the history, which goes on to the end. Lines marked by `>` belong to
    it, with the line before them where that ends in a colon; `-- ` begins the signature."""
    parts: tuple[list[str], list[str], list[str]] = ([], [], [])
    now = 0
    for at, line in enumerate(lines):
        if now < 2 and DASHES.match(line) and _are_headers(lines[at + 1 : at + 4]):
            now = 2
        if line.startswith(">"):
            said = parts[now]
            while now < 2 and said and (not said[-1].strip() or said[-1].rstrip().endswith((":", "："))):
                last = said.pop()
                if last.strip():
                    parts[2].append(last)
                    break
            parts[2].append(line)
            continue
        now = 1 if now == 0 and line.rstrip("\r") in ("-- ", "--") else now
        parts[now].append(line)
    return parts if any(line.strip() for line in parts[0]) else (list(lines), [], [])


def _are_headers(lines: Sequence[str]) -> bool:
    return sum(bool(HEADER.match(line)) for line in lines) >= 2


def _words(blocks: Sequence[Block]) -> int:
    return sum(len(block.text) for block in blocks)


def _with_pictures(html: str, pictures: dict[str, tuple[str, bytes]]) -> str:
    """The pictures that came with the mail, set in where the page shows them."""

    def source(match: re.Match[str]) -> str:
        kind, data = pictures.get(match.group(3), ("", b""))
        address = f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}" if data else ""
        return f'{match.group(1)}"{address}"'

    return SOURCE.sub(source, html)


def _not_taken(attachments: Sequence[Attachment]) -> Iterator[str]:
    """A sentence for each attachment that could not become a document."""
    from ingest.identify import media_type_of  # here: it knows of this module's type

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "attachment"
        for attachment in attachments:
            try:
                file.write_bytes(attachment.data())
                media_type_of(file, attachment.name)
            except ExhibitError as error:
                yield f"the attachment {attachment.name} was not taken in: {str(error).partition(';')[0]}"


# ---------------------------------------------------------------- taking a mail apart


def read_mail(path: Path) -> Mail:
    """Raises Unreadable when there is nothing of a mail in it."""
    if path.stat().st_size > MAX_BYTES:
        raise Unreadable(f"the e-mail is larger than {MAX_BYTES >> 20} MB")
    try:
        with path.open("rb") as file:
            mail = mail_of(email.message_from_binary_file(file))
    except RecursionError as error:
        raise Unreadable("its parts lie too deep inside each other") from error
    words = "".join((mail.subject, *mail.plain, *mail.html)).strip()
    if not (mail.headers or words or mail.attachments):
        raise Unreadable("there is no e-mail in it")
    return mail


def mail_of(message: Message) -> Mail:
    mail = Mail(subject=header(message, "Subject"))
    mail.headers = [(name, value) for name in SHOWN if (value := header(message, name))]
    for number, part in enumerate(_leaves(message), 1):
        if number > MAX_PARTS:
            mail.problems.append(f"only its first {MAX_PARTS} parts were read")
            break
        _sort_in(part, mail)
    return mail


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that hold something, outermost first; a mail inside the mail is one of them."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        inner = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inner, list):
            waiting += [child for child in reversed(inner) if isinstance(child, Message)]
        else:
            yield part


def _sort_in(part: Message, mail: Mail) -> None:
    kind, name = part.get_content_type(), _name(part)
    attached = part.get_content_disposition() == "attachment"
    if kind in PLUMBING:
        return
    if kind in ENCRYPTED:
        mail.problems.append("its content is encrypted")
    elif part.get_content_maintype() == "message" or isinstance(part.get_payload(), list):
        _sort_in_message(part, kind, name, mail)
    elif kind == "text/html" and not attached and not name:
        mail.html.append(text_of_html(_bytes(part)) if part.get_content_charset() is None else _text(part))
    elif kind in ("text/plain", "text/enriched") and not attached and not name:
        mail.plain.append(_text(part))
    elif kind.startswith("image/") and not attached and (content_id := _content_id(part)):
        mail.pictures[content_id] = (kind, _bytes(part))
    elif part.get_payload() or name:
        mail.attachments.append(Attachment(name or _made_up_name(kind, mail), lambda: _bytes(part)))


def _sort_in_message(part: Message, kind: str, name: str, mail: Mail) -> None:
    inner = part.get_payload()
    messages = [one for one in inner if isinstance(one, Message)] if isinstance(inner, list) else []
    if kind == "message/delivery-status" or not messages:
        text = "\n\n".join(str(message) for message in messages) or _text(part)
        if text.strip():
            mail.plain.append(text)
        return
    for message in messages:
        title = name or f"{header(message, 'Subject')[:80] or 'message'}.eml"
        mail.attachments.append(Attachment(clean_name(title), partial(_flat, message)))


def _flat(message: Message) -> bytes:
    try:
        return message.as_bytes()
    except (UnicodeError, LookupError, ValueError, TypeError, AttributeError):  # what is broken in it can't be written
        return str(message.get_payload()).encode("utf-8", "replace")


def _name(part: Message) -> str:
    raw = part.get_param("filename", None, "content-disposition") or part.get_param("name")
    if raw is None:
        return ""
    value = raw if isinstance(raw, str) else _rfc2231(raw)
    return clean_name(decoded_words(value)) if value.strip() else ""


def _rfc2231(raw: tuple[str | None, str | None, str]) -> str:
    charset, _, value = raw
    data = value.encode("latin-1", "surrogateescape" if value.isascii() else "replace")
    return _decoded(data, charset or "utf-8")


def _made_up_name(kind: str, mail: Mail) -> str:
    return f"attachment-{len(mail.attachments) + 1}{mimetypes.guess_extension(kind) or ''}"


def _content_id(part: Message) -> str:
    return str(part.get("Content-ID") or "").strip().strip("<>")


def _bytes(part: Message) -> bytes:
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError, binascii.Error):
        data = str(part.get_payload()).encode("utf-8", "surrogateescape")
    return data if isinstance(data, bytes) else b""


def _text(part: Message) -> str:
    charset = part.get_content_charset()
    return _decoded(_bytes(part), charset or "").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


# ---------------------------------------------------------------- letters


def _decoded(data: bytes, charset: str) -> str:
    """By its stated charset where that works, else by what the bytes look like."""
    charset = charset.lower().strip("\"' ")
    if charset:
        try:
            return data.decode(ALIASES.get(charset, charset))
        except (LookupError, UnicodeError, ValueError):
            pass  # no such charset, or not that one
    text = decode(data)
    return data.decode("utf-8", "replace") if text is None else text


def header(message: Message, name: str) -> str:
    """A header's words; several of one name are joined."""
    raw = [value for key, value in message.raw_items() if key.lower() == name.lower()]
    words = ", ".join(filter(None, (decoded_words(str(value)) for value in raw[:20])))
    return words[: MAX_HEADER - 1] + "…" if len(words) > MAX_HEADER else words


def decoded_words(raw: str) -> str:
    """A header's value with its encoded words read, on one line."""
    data = raw[: 20 * MAX_HEADER].encode("utf-8", "surrogateescape")
    text = _decoded(data, "utf-8")
    try:
        pieces = email.header.decode_header(text)
    except (HeaderParseError, ValueError, binascii.Error):
        pieces = [(text, None)]
    words = "".join(
        piece if isinstance(piece, str) else _decoded(piece, charset or "raw-unicode-escape")
        for piece, charset in pieces
    )
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())
