from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompts.markers import MarkerFilter, claims_of, quote_for, unmarked, without_markers


def filtered(pieces: list[str], count: int = 3) -> tuple[str, MarkerFilter]:
    markers = MarkerFilter(count)
    return "".join(markers.feed(piece) for piece in pieces) + markers.end(), markers


@pytest.mark.parametrize(
    ("said", "passed"),
    [
        ("So it is [1].", "So it is [1]."),
        ("So [1][2].", "So [1][2]."),
        ("So [1, 2].", "So [1][2]."),
        ("So [1,2，3].", "So [1][2][3]."),
        ("So [1-3].", "So [1][2][3]."),
        ("所以【1】。", "所以[1]。"),
        ("所以［２］。", "所以[2]。"),
        ("So 【2†report.pdf】.", "So [2]."),
        ("So [ 2 ].", "So [2]."),
        ("a list[str] and [see below]", "a list[str] and [see below]"),
        ("[[1]]", "[[1]]"),
        ("An open [ at the end [", "An open [ at the end ["),
        ("Half a marker [1", "Half a marker [1"),
    ],
)
def test_markers_of_every_habit_come_out_as_one(said: str, passed: str) -> None:
    assert filtered([said])[0] == passed
    assert filtered(list(said))[0] == passed


@pytest.mark.parametrize(
    ("said", "passed", "removed"),
    [
        ("So it is [4].", "So it is.", 1),
        ("So [9] it is.", "So it is.", 1),
        ("So [1, 9].", "So [1].", 1),
        ("So [0] and [17][18].", "So and.", 3),
        ("结论【7】。", "结论。", 1),
        ("So [99999] it is", "So it is", 1),
    ],
)
def test_markers_that_point_at_nothing_are_left_out_and_counted(said: str, passed: str, removed: int) -> None:
    text, markers = filtered(list(said))
    assert (text, markers.removed) == (passed, removed)


def test_what_can_no_longer_be_a_marker_is_not_held_back() -> None:
    markers = MarkerFilter(3)
    assert markers.feed("Text [see") == "Text [see"
    assert markers.feed(" [1") == ""
    assert markers.feed("]") == " [1]"


def test_a_flood_of_brackets_passes_quickly() -> None:
    text, _ = filtered(["[" * 20_000, "[1 " * 5_000])
    assert len(text) >= 20_000


def test_the_cited_numbers_are_kept_in_the_order_of_the_answer() -> None:
    assert filtered(["B [2], a [1], again [2]."])[1].cited == [2, 1]


pieces = st.lists(st.text(alphabet="ab [1]2【】［,，3 9.†-", max_size=6), max_size=12)


@settings(max_examples=300, deadline=None)
@given(pieces)
def test_how_an_answer_is_cut_into_pieces_changes_nothing(said: list[str]) -> None:
    assert filtered(said)[0] == filtered(["".join(said)])[0]


def test_claims_are_sentences_with_what_they_cite() -> None:
    claims = claims_of("Letters fell by 3.5 % [1]. Dr. Voss of the U.S. office said so in Fig. 2. [2][3] Why?")
    assert [(claim.text, claim.citations) for claim in claims] == [
        ("Letters fell by 3.5 %.", (1,)),
        ("Dr. Voss of the U.S. office said so in Fig. 2.", (2, 3)),
    ]


def test_chinese_claims_need_no_spaces() -> None:
    claims = claims_of("收入为3.5亿元[1]。利润增长了两成！[2]")
    assert [(claim.text, claim.citations) for claim in claims] == [
        ("收入为3.5亿元。", (1,)),
        ("利润增长了两成！", (2,)),
    ]


def test_headings_and_lead_ins_claim_nothing_and_items_claim_each_for_itself() -> None:
    claims = claims_of(
        "# Result\nIn short:\n- **Letters**: 412 [1]\n- Parcels: 90 [2]\n\n| a | b |\n|---|---|\n| x | 5 [1] |"
    )
    assert [claim.citations for claim in claims if claim.text.startswith(("Letters", "Parcels"))] == [(1,), (2,)]
    assert not any(claim.text.startswith(("Result", "In short", "|--")) for claim in claims)


TEXT = (
    "Windrose Post was founded in 1931. In 2025 it carried 412,000 letters,\nfewer than before. "
    "Its goat is called Biscuit."
)


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("It carried 412,000 letters in 2025.", "In 2025 it carried 412,000 letters,\nfewer than before."),
        ("The goat's name is Biscuit.", "Its goat is called Biscuit."),
        ("It was founded in 1931", "Windrose Post was founded in 1931."),
    ],
)
def test_the_quote_is_the_sentence_that_bears_the_claim_out(claim: str, quote: str) -> None:
    assert quote_for(claim, TEXT) == quote


def test_the_quote_of_a_table_is_its_row() -> None:
    table = "| Island | On time |\n| --- | --- |\n| Tolle | 90 % |\n| Skerry | 84.6 % |"
    assert quote_for("On Skerry 84.6 % came on time.", table) == "| Skerry | 84.6 % |"


def test_a_chinese_quote_is_a_sentence_too() -> None:
    assert quote_for("收入3.5亿元", "公司成立于1990年。2019年收入为3.5亿元。明年会更好。") == "2019年收入为3.5亿元。"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.text(max_size=900))
def test_a_quote_is_always_an_exact_span(claim: str, text: str) -> None:
    assert quote_for(claim, text) in text


def test_a_long_quote_is_cut_around_what_matters() -> None:
    text = "filler " * 200 + "the night boat leaves at 21:40 " + "filler " * 200
    quote = quote_for("The night boat leaves at 21:40.", text)
    assert "night boat leaves at 21:40" in quote
    assert len(quote) <= 320


def test_a_document_s_own_references_are_no_markers() -> None:
    assert unmarked("as shown in [12] and [3, 4], a[i]") == "as shown in ⟦12⟧ and ⟦3, 4⟧, a[i]"
    assert without_markers("So it is [1][2].") == "So it is."
