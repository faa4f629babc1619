"""Odd encodings of the same letters become the ones that people type."""

from __future__ import annotations

import pytest

from ingest.parse.letters import normalised


@pytest.mark.parametrize(
    ("odd", "plain"),
    [
        ("e\ufb03cient \ufb01nance", "efficient finance"),
        ("Ｅｘｈｉｂｉｔ２０２４", "Exhibit2024"),
        ("ｶﾞｲﾄﾞ", "ガイド"),
        ("\u2f42\u4ef6", "文件"),  # a Kangxi radical that looks like the character
        ("𝑥 = 𝐴𝛽", "x = Aβ"),
        ("x² ½ ™ ①", "x² ½ ™ ①"),
        ("co\u00adop\u200b", "coop"),
        ("cafe\u0301", "café"),
        ("\uf0b7", "•"),
        ("\uf061\uf03d\uf035", "α=5"),
        ("good\ue123", "good"),
        ("你好，世界（二）", "你好，世界（二）"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a\u00a0b\u2011c", "a b\u2010c"),
    ],
)
def test_letters_are_as_they_would_be_typed(odd: str, plain: str) -> None:
    assert normalised(odd) == plain
