"""Bounds a JSON body while it arrives, before anything parses it: its text, its values, its depth, its numbers.

Images in data URLs are taken out of it and decoded piece by piece, so that what is parsed at once stays small.
"""

from __future__ import annotations

import binascii
import re
from json import detect_encoding

from domain.errors import BadRequest, TooLarge

MOST_BYTES = 64 * 2**20  # of a body with its images
MOST_TEXT = 2**20  # bytes of a body besides its images
MOST_VALUES = 30_000  # strings, lists, objects and commas; json and pydantic take about 5 ms for as many
DEEPEST = 32  # lists and objects inside each other
LONGEST_NUMBER = 400  # characters; int() is quadratic in them
MOST_IMAGES = 32
MOST_IMAGE_BYTES = 20 * 2**20  # of one image, decoded
INLINE = 4096  # characters of base64 that stay where they are
PULLED = "image-"  # stands in the body for an image that was taken out, with its number

MALFORMED = "The image's base64 is malformed."

QUOTE = ord('"')
MARK = re.compile(rb'["\[\]{},]')
IN_STRING = re.compile(rb'[^"\\]*+(?>(?:\\.[^"\\]*+)*)', re.DOTALL)  # up to its end, or to half an escape
IMAGE = re.compile(rb"data:image\\?/[\w.+;=-]{1,72};base64,", re.IGNORECASE)
LONGEST_HEAD = 96  # bytes that IMAGE can match
ESCAPE = re.compile(rb"\\(?:u00([0-9a-fA-F]{2})|(.))", re.DOTALL)
HALF_ESCAPE = re.compile(rb"\\u[0-9a-fA-F]{0,3}\Z")
ESCAPED = {b"/": b"/", b"n": b"", b"r": b"", b"t": b""}  # in base64, line breaks mean nothing


class JsonPieces:
    """`feed` takes a body in pieces and raises TooLarge or BadRequest as soon as it is too much. It is linear, and
    takes a millisecond for a few thousand bytes at most.

    `finish` is the body, in which a longer image is `data:image/…;base64,image-0`; `images` are their bytes.
    """

    def __init__(self, most_bytes: int = MOST_BYTES, most_text: int = MOST_TEXT, *, with_images: bool = True) -> None:
        self.images: list[bytes] = []
        self._most_bytes = most_bytes if with_images else most_text
        self._most_text = most_text
        self._with_images = with_images
        self._size = self._values = self._depth = self._number = 0
        self._kept = bytearray()
        self._left = b""  # the end of a piece that can't be read without the next one
        self._image: _Image | None = None
        self._read = self._between

    def feed(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._most_bytes:
            raise TooLarge(f"The body is larger than {self._most_bytes} bytes.")
        piece, self._left, at = self._left + piece, b"", 0
        while at < len(piece):
            at = self._read(piece, at)
        if len(self._kept) > self._most_text:
            besides = " besides its images" if self._with_images else ""
            raise TooLarge(f"The body is larger than {self._most_text} bytes{besides}.")

    def finish(self) -> bytes:
        self._kept += self._left
        if detect_encoding(bytes(self._kept[:4])) not in ("utf-8", "utf-8-sig"):
            raise BadRequest("The body is not JSON in UTF-8.")  # in UTF-16 other bytes are quotes and brackets
        return bytes(self._kept)

    def _between(self, piece: bytes, at: int) -> int:
        """Outside strings: up to the next quote, bracket or comma."""
        found = MARK.search(piece, at)
        end = found.end() if found else len(piece)
        self._kept += piece[at:end]
        self._number += len(piece[at:end].strip())
        if self._number > LONGEST_NUMBER:
            raise BadRequest(f"The body holds a number of more than {LONGEST_NUMBER} characters.")
        if found:
            self._mark(found.group())
        return end

    def _mark(self, mark: bytes) -> None:
        self._number = 0
        if mark in b"]}":
            self._depth -= 1
        else:
            self._values += 1
            self._depth += mark in b"[{"
        if mark == b'"':
            self._read = self._begins
        if self._values > MOST_VALUES:
            raise BadRequest(f"The body holds more than {MOST_VALUES} values.")
        if self._depth > DEEPEST:
            raise BadRequest(f"The body is nested deeper than {DEEPEST} levels.")
        if self._depth < 0:
            raise BadRequest("The body can't be read as JSON.")

    def _begins(self, piece: bytes, at: int) -> int:
        """At the first byte of a string, which may be an image."""
        start = piece[at : at + LONGEST_HEAD]
        if self._with_images and len(start) < LONGEST_HEAD and b'"' not in start:
            self._left = start
            return len(piece)
        head = IMAGE.match(piece, at) if self._with_images else None
        self._image, self._read = (_Image(), self._in_image) if head else (None, self._in_string)
        self._kept += head.group() if head else b""
        return head.end() if head else at

    def _in_string(self, piece: bytes, at: int) -> int:
        end = self._end(piece, at)
        self._kept += piece[at:end]
        return self._after(piece, end)

    def _in_image(self, piece: bytes, at: int) -> int:
        assert self._image is not None
        end = self._end(piece, at)
        self._image.add(piece[at:end])
        if piece[end : end + 1] == b'"':
            self._finish_image(self._image)
        return self._after(piece, end)

    def _finish_image(self, image: _Image) -> None:
        if image.inline is not None:
            self._kept += image.inline
            return
        if len(self.images) == MOST_IMAGES:
            raise BadRequest(f"At most {MOST_IMAGES} images in one request.")
        self._kept += f"{PULLED}{len(self.images)}".encode()
        self.images.append(image.finish())

    def _end(self, piece: bytes, at: int) -> int:
        found = IN_STRING.match(piece, at)
        assert found is not None, "it matches the empty string too"
        return found.end()

    def _after(self, piece: bytes, end: int) -> int:
        """After what could be read of a string: its quote, half an escape, or the end of the piece."""
        if end < len(piece) and piece[end] == QUOTE:
            self._kept += b'"'
            self._read = self._between
            return end + 1
        self._left = piece[end:]
        return len(piece)


class _Image:
    """The base64 of an image, decoded while it arrives."""

    def __init__(self) -> None:
        self.inline: bytes | None = b""  # as it came, while it is short
        self._letters = b""  # fewer than four
        self._half = b""  # of an escape
        self._decoded: list[bytes] = []
        self._size = 0
        self._padded = False

    def add(self, piece: bytes) -> None:
        if self.inline is not None:
            self.inline += piece
            if len(self.inline) <= INLINE:
                return
            piece, self.inline = self.inline, None
        letters = self._letters + self._plain(piece)
        whole = len(letters) // 4 * 4
        self._letters = letters[whole:]
        if whole:
            self._decode(letters[:whole])

    def _plain(self, piece: bytes) -> bytes:
        """Without escapes and spaces. The half of a `\\u002b` waits for its other half."""
        piece, self._half = self._half + piece, b""
        if b"\\" in piece:
            if half := HALF_ESCAPE.search(piece):
                piece, self._half = piece[: half.start()], half.group()
            piece = ESCAPE.sub(_unescaped, piece)
        return piece.translate(None, b" ")

    def _decode(self, letters: bytes) -> None:
        if self._padded:
            raise BadRequest(MALFORMED)
        try:
            decoded = binascii.a2b_base64(letters, strict_mode=True)
        except binascii.Error as error:
            raise BadRequest(MALFORMED) from error
        self._padded = letters.endswith(b"=")
        self._decoded.append(decoded)
        self._size += len(decoded)
        if self._size > MOST_IMAGE_BYTES:
            raise TooLarge(f"The image is larger than {MOST_IMAGE_BYTES // 2**20} MB.")

    def finish(self) -> bytes:
        if self._letters or self._half:
            raise BadRequest(MALFORMED)
        return b"".join(self._decoded)


def _unescaped(escape: re.Match[bytes]) -> bytes:
    """What a JSON escape in base64 stands for; what can't be there stays, and is malformed."""
    if code := escape.group(1):
        return bytes([int(code, 16)])
    return ESCAPED.get(escape.group(2), b"\\")
