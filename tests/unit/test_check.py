from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from answering.grounding.check import THRESHOLD, Checker, Statement, verdict_of
from domain.answers import Claim
from domain.ports import Vector, Vectors
from tests.growth import assert_linear

CITED = (
    "Skerry Post delivered 84.6 % of the items on time in 2025, 1,515 of them by boat. "
    "The night boat stayed nine days in harbour because of the storm Ansgar. "
    "On 3 May 2019 Ines Kaldor opened the sorting hall in Tolle, which cost 1.2 million crowns and has no heating."
)
CHINESE = (
    "2019年公司收入为3.5亿元，比上年增长两成。夜班船因风暴在港内停留了九天。"
    "分拣大厅于2019年5月3日由卡万·肖特启用，没有暖气，采用美国设备。"
)
TABLE = (
    "Table 2: Deliveries by island, in thousands\n| Island | 2019 | 2018 |\n| --- | --- | --- |\n"
    "| Tolle | 6,300 | 5,900 |\n| Skerry | 4,120 | 3,806 |"
)


def support(claim: str, cited: Sequence[str]) -> float:
    [claimed] = Checker().check([Statement(claim, tuple(range(1, len(cited) + 1)), tuple(cited))])
    return claimed.support


@pytest.mark.parametrize(
    "claim",
    [
        "84.6 % of the items were delivered on time in 2025.",
        "In 2025, 84.6 percent of the items were on time.",
        "The night boat stayed in harbour for nine days.",
        "The storm Ansgar kept the night boat in harbour 9 days.",
        "1515 items went by boat.",
        "The sorting hall in Tolle was opened by Ines Kaldor on 2019-05-03.",
        "The sorting hall in Tolle cost 1,200,000 crowns.",
        "The sorting hall has no heating.",
    ],
)
def test_a_claim_that_the_cited_text_states_is_supported(claim: str) -> None:
    assert support(claim, [CITED]) >= THRESHOLD


@pytest.mark.parametrize(
    "claim",
    [
        "86.4 % of the items were delivered on time in 2025.",  # another number
        "The night boat stayed in harbour for 12 days because of the storm Ansgar.",
        "1.5 thousand items, 84.6 % of them, went by boat.",
        "The sorting hall in Tolle cost 1.2 billion crowns.",  # another scale
        "The night boat stayed nine weeks in harbour because of the storm Ansgar.",  # another unit
        "The night boat stayed nine days in harbour because of the storm Brigid.",  # another name
        "Ines Tolle opened the sorting hall in Kaldor on 4 May 2019.",  # another date
        "On 3 May 2018 Ines Kaldor opened the sorting hall in Tolle.",
        "The night boat did not stay in harbour because of the storm Ansgar.",  # the opposite
        "The sorting hall in Tolle has heating.",
        "Profits in Asia grew strongly.",  # something else
        "",
        "Yes.",
    ],
)
def test_a_claim_that_the_cited_text_does_not_state_is_unsupported(claim: str) -> None:
    assert support(claim, [CITED]) < THRESHOLD


@pytest.mark.parametrize(
    ("claim", "true"),
    [
        ("In 2019, Tolle had 6,300 thousand deliveries.", True),
        ("Skerry had 3,806 thousand in 2018.", True),
        ("In 2018, Tolle had 6,300 thousand deliveries.", False),  # the other column
        ("In 2019, Tolle had 4,120 thousand deliveries.", False),  # the other row
    ],
)
def test_a_number_of_a_table_belongs_to_its_row_and_column(claim: str, true: bool) -> None:
    assert (support(claim, [TABLE]) >= THRESHOLD) is true


def test_a_number_in_the_label_of_a_row_is_in_no_column() -> None:
    invoice = "| Item | Price | Amount |\n| --- | --- | --- |\n| Shelf | 184 | 2,214 |\n|  | VAT 20% | 944.40 |"
    assert support("VAT 20%; Amount: 944.40", [invoice]) >= THRESHOLD
    assert support("VAT 20%; Amount: 184", [invoice]) < THRESHOLD


def test_a_claim_that_cites_nothing_has_no_support() -> None:
    assert support("The night boat stayed nine days in harbour.", []) == 0.0


@pytest.mark.parametrize(
    "claim",
    [
        "公司2019年收入为3.5亿元。",
        "夜班船停留了9天。",
        "2019-05-03，卡万·肖特启用了分拣大厅。",
        "分拣大厅没有暖气，采用美国设备。",
    ],
)
def test_a_claim_that_a_chinese_text_states_is_supported(claim: str) -> None:
    assert support(claim, [CHINESE]) >= THRESHOLD


@pytest.mark.parametrize(
    "claim",
    [
        "公司2019年收入为5.3亿元。",
        "公司2019年收入为3.5万元。",
        "夜班船停留了9周。",
        "分拣大厅于2019年6月3日由卡万·肖特启用。",
        "分拣大厅于2019年5月3日由克里斯·史密斯启用。",
        "分拣大厅有暖气，采用日本设备。",
        "夜班船没有因风暴在港内停留九天。",
        "公司在上海设立了新的研究中心。",
    ],
)
def test_a_claim_that_a_chinese_text_does_not_state_is_unsupported(claim: str) -> None:
    assert support(claim, [CHINESE]) < THRESHOLD


def test_across_languages_numbers_and_names_decide() -> None:
    assert support("Skerry 有 84.6 % 的邮件准时送达。", [CITED]) >= THRESHOLD
    assert support("Skerry 有 91 % 的邮件准时送达。", [CITED]) < THRESHOLD
    assert support("邮件大多准时送达。", [CITED]) < THRESHOLD  # nothing to compare


def test_two_cited_texts_support_a_claim_together() -> None:
    parts = CITED.split(". ")
    assert support("On time were 84.6 %, and the boat stayed nine days in harbour.", parts) >= THRESHOLD


class Counting:
    """An encoder that gives every text the same vector and counts the texts of each call."""

    name, dimensions, max_tokens = "counting", 2, 99

    def __init__(self) -> None:
        self.calls: list[int] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.calls.append(len(texts))
        return np.tile(np.array([1.0, 0.0], np.float32), (len(texts), 1))

    def encode_query(self, text: str) -> Vector:
        return np.array([1.0, 0.0], np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text) for text in texts]

    def token_counter(self):  # type: ignore[no-untyped-def]
        return self.count_tokens

    def sees(self, text: str) -> bool:
        return text.isascii()


def test_the_encoder_is_called_once_with_two_sentences_per_claim() -> None:
    encoder = Counting()
    claims = ["The night boat stayed nine days in harbour.", "夜班船停留了9天。"] * 3
    Checker(encoder).check([Statement(claim, (1,), (CITED * 3, CHINESE)) for claim in claims])
    assert len(encoder.calls) <= 1
    Checker(encoder).check([Statement(claims[0], (1,), (CITED * 3,))] * 5)
    assert encoder.calls[-1] <= 5 * 3


class ScriptedJudge:
    def __init__(self, *supports: float | None) -> None:
        self.supports = supports

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[float | None]:
        return list(self.supports[: len(pairs)])


def test_a_judge_decides_on_meaning_but_not_on_numbers() -> None:
    def judged(claim: str, rating: float | None) -> Claim:
        return Checker(judge=ScriptedJudge(rating)).check([Statement(claim, (1,), (CITED,))])[0]

    assert judged("The ferry lay in port for over a week during the gale.", 0.9).supported
    assert not judged("The night boat stayed nine days in harbour.", 0.1).supported
    assert not judged("The night boat stayed 77 days in harbour.", 0.9).supported
    assert judged("The night boat stayed nine days in harbour.", None).supported


def test_a_verdict_counts_the_supported_claims() -> None:
    good, bad = Claim("a", (1,), 0.9, True), Claim("b", (), 0.0, False)
    assert verdict_of([good]) == "grounded"
    assert verdict_of([good, bad]) == "partial"
    assert verdict_of([bad]) == verdict_of([]) == "ungrounded"


def test_hostile_text_is_checked_as_fast_as_other_text() -> None:
    nasty = ["1," * 20_000, "one hundred and " * 4_000, "零" * 20_000, "A. " * 8_000, "| a " * 5_000, "not " * 9_000,
             "《" * 9_000, "2019年" * 5_000, "$" * 20_000, "字·" * 9_000, "[1" * 9_000]  # fmt: skip
    for text in nasty:
        assert_linear(lambda given: Checker().check([Statement(given[:3_000], (1,), (given,))]), text)
