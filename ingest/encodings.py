"""Decodes bytes of unknown encoding, or finds that they are no text."""

from __future__ import annotations

import codecs
import io
import re
from typing import BinaryIO

# Order matters where the bytes allow several: charset-normalizer tells these apart by what the letters look like.
CANDIDATES = [
    "gb18030", "big5", "cp932", "euc_jp", "cp949",
    "cp1251", "cp866", "koi8_r", "cp1253", "cp1255", "cp1256",
]  # fmt: skip
SAMPLE = 1 << 16  # bytes looked at when guessing
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
CONTROLS = re.compile("[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")  # bell, tabs, line ends, form feed, escape are text
CONTROL_BYTES = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")
TOO_MANY_CONTROLS = 0.005
HIGH_RUNS = re.compile(rb"[\x80-\xff]+")
UNCOMMON = re.compile("[^\\w\\s\u0021-\u007e\u00a1-\u00ff\u2010-\u205e\u20a0-\u20bf\u3000-\u303f\uff01-\uffee]")
COMMON_CHINESE = frozenset(
    "的一是不了在人有我他这这個为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着事其里所去行过家十用发天"
    "如然作方成者多日都三小军二无同么经法当起与好看学进种将还分此心前面又定见只主没公从時來為國說們這會對後學發經動過無與"
)


PADDING = 64  # fewer zero bytes at the beginning are letters of UTF-16
PIECE = 1 << 20


def skip_padding(file: BinaryIO) -> None:
    """Goes past the zero bytes that a file begins with: logs that were cut off and written on have millions of them."""
    at = first_but(file, b"\x00")
    file.seek(at if at is not None and at >= PADDING else 0)


def first_but(file: BinaryIO, blanks: bytes) -> int | None:
    """The position of the first byte that is none of these; None when there is no other."""
    file.seek(0)
    at = 0
    while piece := file.read(PIECE):
        if rest := piece.lstrip(blanks):
            return at + len(piece) - len(rest)
        at += len(piece)
    return None


def encoding_of(data: bytes, whole: bool = True) -> tuple[str, int] | None:
    """(codec, length of the byte order mark), or None when this is not text. A sample (`whole=False`) may end
    in the middle of a character."""
    for mark, name in BOMS:
        if data.startswith(mark):
            return (name, len(mark)) if _readable(data[len(mark) :], name, whole) else None
    if _decodes(data, "utf-8", whole) and _few_controls(data):
        return "utf-8", 0
    wide = _wide(data)
    if wide is not None:
        return (wide, 0) if _readable(data, wide, whole) else None
    if not _few_controls(data):
        return None
    return _legacy(data, whole), 0


def decode(data: bytes) -> str | None:
    """The text of a file, with `\\n` as its only line end; None when this is not text."""
    found = encoding_of(data)
    if found is None:
        return None
    codec, mark = found
    text = data[mark:].decode(codec, errors="replace")
    return CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _few_controls(data: bytes) -> bool:
    sample = data[:SAMPLE]
    return len(CONTROL_BYTES.findall(sample)) <= TOO_MANY_CONTROLS * len(sample)


def _decodes(data: bytes, codec: str, whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder(codec)().decode(data, final=whole)
    except UnicodeDecodeError:
        return False
    return True


def _readable(data: bytes, codec: str, whole: bool) -> bool:
    """Whether it decodes (a few damaged characters are let through) and is not made of controls."""
    sample = data[:SAMPLE]
    text = sample[: len(sample) // 4 * 4].decode(codec, errors="replace")
    if not text:
        return True
    return len(CONTROLS.findall(text)) + text.count("\ufffd") <= 0.02 * len(text) + (0 if whole else 1)


def _wide(data: bytes) -> str | None:
    """UTF-16 without a mark: ASCII shows as zeros on one side, Chinese as a small set of high bytes."""
    sample = data[: SAMPLE // 2 * 2]
    if len(sample) < 4 or b"\x00" not in sample:
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) / 2
    if odd > even and odd > 0.02 * half:
        return "utf-16-le"
    if even > odd and even > 0.02 * half:
        return "utf-16-be"
    return None


def _legacy(data: bytes, whole: bool) -> str:
    """One of the encodings of before Unicode."""
    sample = _telling(data)
    runs = HIGH_RUNS.findall(sample)
    if _western(sample, runs):
        return "cp1252" if _decodes(data, "cp1252", whole) else "latin-1"
    if _chinese_enough(sample):
        return "gb18030"
    from charset_normalizer import from_bytes  # here: a plain UTF-8 file does not need it

    best = from_bytes(sample, cp_isolation=CANDIDATES).best()
    return best.encoding if best is not None else "cp1252"


def _telling(data: bytes) -> bytes:
    """The lines that hold more than ASCII, up to a sample's length: a long file may be ASCII for a megabyte."""
    if len(data) <= SAMPLE:
        return data
    lines: list[bytes] = []
    size = 0
    for line in io.BytesIO(data):
        if line.isascii():
            continue
        lines.append(line[:4096])
        size += len(lines[-1])
        if size > SAMPLE:
            break
    return b"".join(lines)


def _western(sample: bytes, runs: list[bytes]) -> bool:
    """Accented letters stand alone among plain ones; other scripts' bytes come in runs."""
    high = sum(map(len, runs))
    alone = sum(len(run) for run in runs if len(run) <= 2 and _inside_ascii(run))
    return high < 0.34 * len(sample) and alone >= 0.8 * high


def _inside_ascii(run: bytes) -> bool:
    """Accented Latin letters of cp1252, or its quotes, dashes and signs."""
    return len(run) == 1 or all(byte >= 0xC0 or byte in b"\x91\x92\x93\x94\x96\x97\xa0\xab\xbb" for byte in run)


def _chinese_enough(sample: bytes) -> bool:
    """A few Chinese words in GB18030 are too short for the guesser; common characters tell them."""
    try:
        text = sample.decode("gb18030", errors="strict")
    except UnicodeDecodeError:
        return False
    wide = [letter for letter in text if ord(letter) > 0x7F]
    odd = len(UNCOMMON.findall(text))
    common = sum(letter in COMMON_CHINESE for letter in wide)
    return odd == 0 and common >= 0.1 * len(wide)
