from __future__ import annotations

import pytest

from app.services.check import THRESHOLD, checked, confidence_of, support, verdict_of

CITED = (
    "Skerry Post delivered 84.6 % of the items on time in 2025, 1,515 of them by boat. "
    "The night boat stayed nine days in harbour because of the storm Ansgar."
)
CHINESE = "2019年公司收入为3.5亿元，比上年增长两成。夜班船因风暴在港内停留了九天。"


@pytest.mark.parametrize(
    "claim",
    [
        "84.6 % of the items were delivered on time in 2025.",
        "The night boat stayed in harbour for nine days.",
        "The storm Ansgar kept the night boat in harbour 9 days.",
        "1515 items went by boat.",
    ],
)
def test_what_the_cited_text_says_is_supported(claim: str) -> None:
    assert support(claim, [CITED]) >= THRESHOLD


@pytest.mark.parametrize(
    "claim",
    [
        "86.4 % of the items were delivered on time in 2025.",  # another number
        "The night boat stayed in harbour for 12 days because of the storm Ansgar.",
        "The night boat did not stay in harbour because of the storm Ansgar.",  # the opposite
        "Profits in Asia grew strongly.",  # something else
        "",
    ],
)
def test_what_it_does_not_say_is_not(claim: str) -> None:
    assert support(claim, [CITED]) < THRESHOLD


def test_a_claim_that_cites_nothing_has_no_support() -> None:
    assert support("The night boat stayed nine days in harbour.", []) == 0.0


def test_chinese_claims_are_checked_by_pairs_of_characters() -> None:
    assert support("公司2019年收入为3.5亿元。", [CHINESE]) >= THRESHOLD
    assert support("公司2019年收入为5.3亿元。", [CHINESE]) < THRESHOLD
    assert support("夜班船停留了9天。", [CHINESE]) >= THRESHOLD
    assert support("公司在上海设立了新的研究中心。", [CHINESE]) < THRESHOLD


def test_across_languages_numbers_and_names_decide() -> None:
    assert support("Skerry 有 84.6 % 的邮件准时送达。", [CITED]) >= THRESHOLD
    assert support("Skerry 有 91 % 的邮件准时送达。", [CITED]) < THRESHOLD
    assert support("邮件大多准时送达。", [CITED]) < THRESHOLD  # nothing to compare


def test_two_cited_texts_bear_a_claim_out_together() -> None:
    parts = CITED.split(". ")
    assert support("On time were 84.6 %, and the boat stayed nine days in harbour.", parts) >= THRESHOLD


def test_a_verdict_counts_the_supported_claims() -> None:
    good, bad = checked("The night boat stayed nine days in harbour.", [1], [CITED]), checked("No.", [], [])
    assert verdict_of([good]) == "grounded"
    assert verdict_of([good, bad]) == "partial"
    assert verdict_of([bad]) == verdict_of([]) == "ungrounded"
    assert confidence_of([good, bad]) == pytest.approx(good.support / 2, abs=0.001)
    assert confidence_of([]) == 0.0
