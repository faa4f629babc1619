"""Where sentences end for quoting: fields and headings are none of the sentence below them."""

from __future__ import annotations

import pytest

from language.sentences import sentences


def test_a_mails_fields_are_lines_of_their_own() -> None:
    mail = "From: Anna <anna@example.org>\nTo: Bob\nAttachments: plan.pdf\nthe koala sleeps\nall day. Feed it."
    assert sentences(mail) == [
        "From: Anna <anna@example.org>",
        "To: Bob",
        "Attachments: plan.pdf",
        "the koala sleeps\nall day.",
        "Feed it.",
    ]


def test_a_word_of_a_field_in_a_broken_line_ends_nothing() -> None:
    assert len(sentences("The boat leaves at nine in the morning for the island\nTo be safe come at eight.")) == 1


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("合同编号：HT-17\n出租方（甲方）：云栖公司\n法定代表人：沈国栋", 3),
        ("Invoice no: MF-20871\nDate: 14 March 2025\nTotal due: £5,666.40", 3),
        ("小票号：20250318\n实付：150.60\n谢谢惠顾", 3),
        ("city: Girona\nchef.name: Núria Ferrer", 2),
        ("retention_hours = 168\nretention_hours says how long messages are kept.", 2),
        ("An order\nFrom: Rosalind Achebe\nWe would like 4,500 copies of the book.", 3),
        ("They found several\nreasons: heat and cold.", 1),
        ("Address: 14 Tannery Lane,\nBristol", 1),
        ("See https://example.org and\nhttps://example.com for more.", 1),
    ],
)
def test_a_field_of_a_form_is_a_sentence_of_its_own(text: str, parts: int) -> None:
    assert len(sentences(text)) == parts


def test_a_heading_may_stand_above_another() -> None:
    text = "空气净化器使用说明书\n1 安全注意事项\n请勿在潮湿环境中使用本产品，以免发生触电。"
    assert sentences(text) == text.split("\n")


def test_a_line_that_was_broken_goes_on() -> None:
    assert (
        len(sentences("The night boat stayed nine days in\nharbour because of the storm, and no\nmail was sent.")) == 1
    )
