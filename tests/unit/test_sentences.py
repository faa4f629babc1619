"""Where sentences end for quoting: a mail's fields are none of its first sentence."""

from __future__ import annotations

from prompts.sentences import sentences


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
