"""Reads Outlook messages (.msg): an OLE container whose streams are named after MAPI properties ([MS-OXMSG])."""

from __future__ import annotations

import email
import email.message
import email.utils
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from domain.errors import Unreadable
from domain.limits import DocumentLimits
from domain.parsed import Identity, ParsedPage
from ingest.encodings import decode
from ingest.file_names import clean_name
from ingest.parse.html import text_of_html
from ingest.parse.mail import MAX_BYTES, MAX_HEADER, Attachment, Mail, page_of
from ingest.parse.rtf import text_of_rtf

OUTLOOK = "application/vnd.ms-outlook"
SUBJECT, SENDER, ADDRESS, SMTP, TO, CC = "0037", "0C1A", "0C1F", "5D01", "0E04", "0E03"
BODY, HTML, RTF = "1000", "1013", "1009"
DATA, LONG_NAME, SHORT_NAME, CONTENT_ID, MIME = "3701", "3707", "3704", "3712", "370E"
ATTACHMENT = "__attach_version"
SENT, RECEIVED = 0x00390040, 0x0E060040
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
MAX_ATTACHMENTS = 5000
DEEPEST = 10
RTF_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n"
    b"\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)  # [MS-OXRTFCP] 2.1.2.1


def open_outlook(path: Path) -> Identity:
    return Identity(OUTLOOK, None, title=read_outlook(path).subject or None)


def parse_outlook(path: Path, first: int, last: int, limits: DocumentLimits) -> list[ParsedPage]:
    return [page_of(read_outlook(path), limits)]


def read_outlook(path: Path) -> Mail:
    if path.stat().st_size > MAX_BYTES:
        raise Unreadable(f"the message is larger than {MAX_BYTES >> 20} MB")
    with _opened(path) as ole:
        mail = _Message(ole, ()).mail()
    if not (mail.subject or mail.headers or mail.plain or mail.html or mail.attachments):
        raise Unreadable("there is no message in it")
    return mail


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import olefile  # type: ignore[import-untyped]

    try:
        with olefile.OleFileIO(str(path)) as ole:
            yield ole
    except (OSError, ValueError, IndexError, struct.error) as error:  # olefile's own error is an OSError
        raise Unreadable("the message is damaged or cut off") from error


class _Message:
    """One message of the container; another may lie inside as an attachment."""

    def __init__(self, ole: Any, at: tuple[str, ...], depth: int = 0) -> None:
        self.ole = ole
        self.at = at
        self.depth = depth

    def mail(self) -> Mail:
        mail = Mail(subject=self.text(self.at, SUBJECT))
        sender, address = self.text(self.at, SENDER), self._address()
        if address and address != sender:
            sender = f"{sender} <{address}>".strip()
        shown = {"From": sender, "To": self.text(self.at, TO), "Cc": self.text(self.at, CC)}
        mail.headers = [(name, value[:MAX_HEADER]) for name, value in (shown | {"Date": self._date()}).items() if value]
        self._body(mail)
        for folder in self._attachments():
            self._attach(folder, mail)
        return mail

    def text(self, at: tuple[str, ...], code: str) -> str:
        return " ".join(self._long_text(at, code).split())

    def _long_text(self, at: tuple[str, ...], code: str) -> str:
        data = self._stream(at, f"__substg1.0_{code}001F")
        if data:
            return data.decode("utf-16-le", "replace").replace("\x00", "")
        return (decode(self._stream(at, f"__substg1.0_{code}001E")) or "").replace("\x00", "")

    def _stream(self, at: tuple[str, ...], name: str) -> bytes:
        path = [*at, name]
        if not self.ole.exists(path):
            return b""
        data: bytes = self.ole.openstream(path).read()
        return data

    def _address(self) -> str:
        address = self.text(self.at, SMTP) or self.text(self.at, ADDRESS)
        return address if "@" in address and address.isascii() else ""

    def _date(self) -> str:
        properties = self._stream(self.at, "__properties_version1.0")
        start = 32 if not self.at else 24
        for offset in range(start, len(properties) - 15, 16):
            tag, _, ticks = struct.unpack_from("<IIQ", properties, offset)
            if tag in (SENT, RECEIVED) and ticks < 1 << 60:
                return email.utils.format_datetime(EPOCH + timedelta(microseconds=ticks // 10))
        return ""

    def _body(self, mail: Mail) -> None:
        if plain := self._long_text(self.at, BODY).strip():
            mail.plain.append(plain.replace("\r\n", "\n"))
        data = self._stream(self.at, f"__substg1.0_{HTML}0102")
        html = text_of_html(data) if data.strip() else self._long_text(self.at, HTML)
        if html.strip():
            mail.html.append(html)
        packed = self._stream(self.at, f"__substg1.0_{RTF}0102")
        if not plain and not html.strip() and packed:
            mail.plain.append(text_of_rtf(unpacked_rtf(packed)))

    # ------------------------------------------------------------ attachments

    def _attachments(self) -> list[tuple[str, ...]]:
        depth = len(self.at)
        names = {
            entry[depth]
            for entry in self.ole.listdir(streams=True, storages=False)
            if tuple(entry[:depth]) == self.at and len(entry) > depth + 1 and entry[depth].startswith(ATTACHMENT)
        }
        return [(*self.at, name) for name in sorted(names)[:MAX_ATTACHMENTS]]

    def _attach(self, folder: tuple[str, ...], mail: Mail) -> None:
        name = self.text(folder, LONG_NAME) or self.text(folder, SHORT_NAME)
        inner = (*folder, f"__substg1.0_{DATA}000D")
        if self.ole.exists([*inner, "__properties_version1.0"]):
            self._attach_message(inner, mail)
            return
        kind, content_id = self.text(folder, MIME).lower(), self.text(folder, CONTENT_ID).strip("<>")
        data = self._stream(folder, f"__substg1.0_{DATA}0102")
        if kind.startswith("image/") and content_id and any(f"cid:{content_id}" in page for page in mail.html):
            mail.pictures[content_id] = (kind, data)
        elif data or name:
            title = clean_name(name) if name else f"attachment-{len(mail.attachments) + 1}"
            mail.attachments.append(Attachment(title, lambda: data))

    def _attach_message(self, at: tuple[str, ...], mail: Mail) -> None:
        if self.depth >= DEEPEST:
            mail.problems.append(f"messages more than {DEEPEST} deep inside each other were not read")
            return
        inner = _Message(self.ole, at, self.depth + 1).mail()
        data = _as_eml(inner)
        mail.attachments.append(Attachment(clean_name(f"{inner.subject[:80] or 'message'}.eml"), lambda: data))


def _as_eml(mail: Mail) -> bytes:
    """A message inside a message has no bytes of its own, so it is written down as an e-mail."""
    message = email.message.EmailMessage()
    message.set_content("\n\n".join(mail.plain) or " ", cte="base64")
    if mail.html:
        message.add_alternative("\n".join(mail.html), subtype="html", cte="base64")
        for content_id, (kind, data) in mail.pictures.items():
            message.get_payload()[1].add_related(data, *kind.partition("/")[::2], cid=f"<{content_id}>")  # type: ignore[union-attr,index]
    for attachment in mail.attachments:
        message.add_attachment(
            attachment.data(), maintype="application", subtype="octet-stream", filename=attachment.name
        )
    # The headers as they are: the library refuses addresses that are none.
    headers = [f"{name}: {value}" for name, value in [("Subject", mail.subject), *mail.headers]]
    return "\n".join(" ".join(header.split()) for header in headers).encode("utf-8", "replace") + b"\n" + bytes(message)


# ---------------------------------------------------------------- compressed RTF ([MS-OXRTFCP])


def unpacked_rtf(data: bytes) -> bytes:
    """Raises Unreadable when it is cut off or in an unknown compression."""
    if len(data) < 16:
        raise Unreadable("the message's text is cut off")
    size, kind = struct.unpack_from("<I4s", data, 4)
    if kind == b"MELA":
        return data[16 : 16 + size]
    if kind != b"LZFu" or size > MAX_BYTES:
        raise Unreadable("the message's text is compressed in an unknown way")
    return bytes(_unpacked(data, size))


def _unpacked(data: bytes, size: int) -> bytearray:
    window = bytearray(RTF_DICTIONARY.ljust(4096, b"\x00"))
    at, write, out = 16, len(RTF_DICTIONARY), bytearray()
    while at < len(data) and len(out) < size:
        control, at = data[at], at + 1
        for bit in range(8):
            width = 2 if control >> bit & 1 else 1
            if at + width > len(data):
                return out
            piece = bytearray(data[at : at + 1])
            if width == 2:
                reference = int.from_bytes(data[at : at + 2], "big")
                if reference >> 4 == write:
                    return out
                piece = bytearray()
                for step in range((reference & 15) + 2):
                    byte = window[((reference >> 4) + step) % 4096]
                    piece.append(byte)
                    window[(write + step) % 4096] = byte
            else:
                window[write] = piece[0]
            at, write = at + width, (write + len(piece)) % 4096
            out += piece
    return out
