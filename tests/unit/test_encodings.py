"""Bytes become text, whatever wrote them."""

from __future__ import annotations

import pytest

from ingest.encodings import decode

TEXTS = [
    ("utf-8", "naïve Straße 灯塔 🐐"),
    ("utf-8-sig", "with a mark"),
    ("utf-16", "Sechzehn Bit: äöü"),
    ("utf-16-be", "sixteen bits, no mark"),
    ("utf-32", "thirty-two"),
    ("gb18030", "你好，世界。这是一个测试文件，用于检查编码。"),
    ("gb18030", "name,城市\nA,北京\nB,上海"),
    ("big5", "這是一個測試文件，用於檢查編碼。會議記錄：銷售額成長了。"),
    ("shift_jis", "これはテストです。日本語の文字コードを確認します。"),
    ("euc_kr", "이것은 테스트 파일입니다. 인코딩을 확인합니다."),
    ("cp1252", "Das Café liegt an der Straße – schön!"),
    ("cp1252", "naïve résumé"),
    ("cp1251", "Это проверочный файл для определения кодировки."),
    ("cp866", "Это проверочный файл для определения кодировки."),
    ("koi8-r", "Это проверочный файл для определения кодировки."),
]


@pytest.mark.parametrize(("codec", "text"), TEXTS)
def test_text_in_any_common_encoding_is_read_right(codec: str, text: str) -> None:
    assert decode(text.encode(codec)) == text


def test_one_accent_after_a_megabyte_of_ascii_is_read_right() -> None:
    assert (decode(b"plain words\n" * 90_000 + "Café\n".encode("cp1252")) or "").endswith("Café\n")


def test_line_ends_are_made_one_and_controls_are_dropped() -> None:
    assert decode(b"a\r\nb\rc\x00" + b"d" * 400) == "a\nb\nc" + "d" * 400


def test_binary_is_not_text() -> None:
    assert decode(bytes(range(256)) * 50) is None
