"""Scripts: which characters are Chinese, Japanese or Korean, and one form for those that are written in several."""

from __future__ import annotations

import re
import unicodedata

# Inside of [] in patterns. They differ because each decides something that is stored or compared.
HAN = "\u4e00-\u9fff"
# letters that texts are compared by
CJK = "\u2e80-\u2eff\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
# letters that fill a chunk, and stand beside each other without a space
CJK_LETTERS = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
# all that is printed as wide as a Han character, signs as well
CJK_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f\uac00-\ud7af"
# written without spaces, so indexed by characters: Han, kana, bopomofo, Hangul; Thai, Lao, Burmese, Khmer
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3105-\u312f\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U000323af"
)
CJK_RUN = re.compile(f"[{CJK}]+")


def has_cjk(text: str) -> bool:
    return CJK_RUN.search(text) is not None


def is_chinese(text: str) -> bool:
    """Whether a reader of this text expects Chinese: one Chinese name in an English question is not enough."""
    cjk = sum(len(run) for run in CJK_RUN.findall(text))
    words = len(re.findall(r"[A-Za-z]+", text))
    return cjk > 0 and cjk >= 2 * words


def folded(text: str) -> str:
    """Full-width forms, ligatures and case made one; may change the length of the text."""
    return unicodedata.normalize("NFKC", text).casefold()


def plain_width(text: str) -> str:
    """Full-width digits and signs made plain, character for character."""
    return "".join(map(_plain_character, text))


def _plain_character(character: str) -> str:
    if character < "\u2000":
        return character
    plain = unicodedata.normalize("NFKC", character)
    return plain if len(plain) == 1 else character


def bigrams(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]
