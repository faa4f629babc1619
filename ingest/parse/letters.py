"""Normalises letters: ligatures taken apart, look-alike forms unified, invisible characters dropped."""

from __future__ import annotations

import re
import unicodedata

SAFE = re.compile(  # of which NFKC changes the form and not the meaning; x² stays x², ½ stays ½, ™ stays ™
    "[\ufb00-\ufb06\u0132\u0133\u01c4-\u01cc\u01f1-\u01f3"  # ligatures and digraphs of Latin
    "\ufb13-\ufb17\ufb1d-\ufb4f\ufb50-\ufbb1\ufbd3-\ufd3d\ufe70-\ufefc"  # of Armenian, Hebrew, Arabic
    "\u2e80-\u2fd5\uf900-\ufad9\U0002f800-\U0002fa1d"  # Chinese radicals and compatibility characters
    "\uff01-\uff5e\uff61-\uff9f\uffe0-\uffe6"  # full and half width
    "\U0001d400-\U0001d7ff\u210a-\u2113\u2115\u2118-\u211d\u2124\u2128\u212c-\u2131\u2133-\u2134"  # mathematical
    "\u00a0\u2000-\u200a\u202f\u205f\u3000\u2011]"  # blanks, the hyphen that does not break
)
KEPT_WIDE = re.compile("[，。：；！？（）％～]")  # Chinese punctuation, written full width on purpose
PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010fffd]")
SYMBOLS = {  # where Symbol and Wingdings put letters that have their own code points
    **{0xF000 + code: letter for code, letter in zip(range(0x61, 0x7B), "αβχδεφγηιϕκλμνοπθρστυϖωξψζ", strict=True)},
    **{0xF000 + code: letter for code, letter in zip(range(0x41, 0x5B), "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ", strict=True)},
    **dict.fromkeys((0xF0B7, 0xF0A7, 0xF06C, 0xF06E, 0xF09F, 0xF076, 0xF0D8, 0xF0E0, 0xF0A8, 0xF071), "•"),
    0xF0FC: "✓", 0xF0FE: "✓", 0xF0FB: "✗", 0xF0B0: "°", 0xF0B1: "±", 0xF0B4: "×", 0xF0B8: "÷", 0xF0A3: "≤",
    0xF0B3: "≥", 0xF0B9: "≠", 0xF0BB: "≈", 0xF0D6: "√", 0xF0E5: "∑", 0xF0F2: "∫", 0xF0A5: "∞", 0xF0B6: "∂",
    0xF0CE: "∈", 0xF0AE: "→", 0xF02B: "+", 0xF02D: "-", 0xF03D: "=", 0xF028: "(", 0xF029: ")", 0xF02E: ".",
    **{0xF030 + digit: str(digit) for digit in range(10)},
}  # fmt: skip
JOINERS = "\u200c\u200d"  # which Persian, Indian scripts and emoji need


def normalised(text: str) -> str:
    if text.isascii():
        return text
    text = text.translate(SYMBOLS)
    text = SAFE.sub(_plain, text)
    text = PRIVATE.sub("", unicodedata.normalize("NFC", text))
    return "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cc") or c in JOINERS)


def _plain(match: re.Match[str]) -> str:
    letter = match.group()
    return letter if KEPT_WIDE.match(letter) else unicodedata.normalize("NFKC", letter)
