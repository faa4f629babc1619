"""What a prompt may hold: the server's word bounds it from the first question, its counts and refusals after."""

from __future__ import annotations

import pytest

from answering.ask import Answered
from answering.context.budget import Budget
from answering.context.pack import tokens_of
from answering.question.read import read
from domain.answers import ImagePart, Message, Prompt, TextPart
from domain.errors import PromptTooLong, TooManyImages
from prompts.answer import build
from tests.unit.test_ask import answer_of, asking, events_of


def prompt_of(characters: int) -> Prompt:
    return build(read("x" * characters), [], [], {})


def test_nothing_is_over_what_nobody_knows() -> None:
    assert Budget(4).tokens is None
    assert not Budget(4).is_over(prompt_of(1_000_000))


def test_the_servers_word_bounds_a_prompt_with_some_doubt_about_our_count() -> None:
    budget = Budget(4)
    budget.told(2_000)
    assert budget.tokens == 2_400
    assert budget.is_over(prompt_of(20_000))
    assert not budget.is_over(prompt_of(3_600))


def test_a_refusal_is_better_known_than_what_was_told() -> None:
    budget = Budget(4)
    budget.told(100_000)
    budget.refused(PromptTooLong("too long", 1_000, 4_000), prompt_of(36_000), 0)
    assert budget.tokens == pytest.approx(2_600, rel=0.1)
    budget.refused(PromptTooLong("too long", 1_000, 1_000), prompt_of(72_000), 0)
    assert budget.tokens == pytest.approx(2_600, rel=0.1)


def test_a_refused_prompt_is_too_long_also_when_its_length_is_not_told() -> None:
    """vLLM counts room for the answer, and no further than its limit."""
    budget = Budget(4)
    budget.refused(PromptTooLong("too long", 4_096, 3_073), prompt_of(36_000), 0)
    assert budget.is_over(prompt_of(36_000))
    assert not budget.is_over(prompt_of(35_000))


def test_what_the_server_counts_corrects_what_we_count() -> None:
    budget = Budget(4)
    budget.told(3_000)
    assert not budget.is_over(prompt_of(9_000))
    budget.counted(prompt_of(3_600), 2 * round(tokens_of(prompt_of(3_600).messages)))
    assert budget.tokens == pytest.approx(1_575, rel=0.01)
    assert budget.is_over(prompt_of(9_000))


def test_pictures_and_a_server_that_counts_nothing_correct_nothing() -> None:
    budget = Budget(4)
    budget.told(3_000)
    budget.counted(prompt_of(3_600), 0)
    budget.counted(build(read("x"), [], [], {}, [ImagePart(b"pixels")]), 9_000)
    assert budget.tokens == 3_600


def test_another_model_is_not_held_to_the_refusals_of_the_former() -> None:
    budget = Budget(4)
    budget.refused(PromptTooLong("too long", 1_000, 4_000), prompt_of(36_000), 0)
    budget.told(100_000)
    assert budget.tokens == 120_000


@pytest.mark.parametrize(("limit", "left"), [(2, 2), (0, 0), (None, 2), (9, 3)])
def test_fewer_images_are_shown_after_a_refusal(limit: int | None, left: int) -> None:
    budget = Budget(8)
    budget.refused(TooManyImages("too many", limit), prompt_of(1), 4)
    assert budget.images == left


LONG = ("The lantern burns whale oil. " * 40, "The tower is 31 metres high. " * 200, "Figure 1: the tower. " * 200)


async def test_what_is_known_to_be_too_long_is_not_tried() -> None:
    ask, generator, _ = asking(["The lantern burns whale oil [1]."], sentences=LONG)
    generator.takes = 1_000
    answer = await answer_of(ask)
    assert len(generator.prompts) == 1
    assert len(answer.evidence) == 1
    assert "evidence_left_out" in [notice.code for notice in answer.notices]


async def test_all_is_shown_where_there_is_room() -> None:
    ask, generator, _ = asking(["The lantern burns whale oil [1]."], sentences=LONG)
    generator.takes = 100_000
    assert len((await answer_of(ask)).evidence) == 3


async def test_a_question_longer_than_the_context_is_left_to_the_server() -> None:
    ask, generator, _ = asking([PromptTooLong("the prompt is longer than the model's context", 512)])
    generator.takes = 256
    with pytest.raises(PromptTooLong):
        await answer_of(ask, "Why does it burn? " * 900)
    assert len(generator.prompts) == 1


async def test_a_conversation_leaves_room_for_the_evidence() -> None:
    history = [Message("user", (TextPart(f"{n} " + "x" * 300),)) for n in range(40)]
    ask, generator, _ = asking(["The lantern burns whale oil [1]."])
    generator.takes = 1_500
    last = (await events_of(ask, "What does the lantern burn?", *history))[-1]
    assert isinstance(last, Answered)
    assert len(last.answer.evidence) == 3
    assert sum(len(message.text) for message in generator.prompts[-1].messages) < 1_800 * 3.6
    assert "history_left_out" in [notice.code for notice in last.answer.notices]
