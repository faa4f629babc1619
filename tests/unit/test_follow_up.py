"""Follow-ups: which questions lean on the conversation, what they take from it, and what they must not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from answering.question.condense import QuestionReader
from answering.question.follow_up import LONGEST, leans_on, standalone
from app.adapters.memory.generator import MemoryGenerator
from domain.answers import Delta, Message, Prompt, Role, TextPart
from domain.errors import ModelUnavailable
from domain.question import Question
from prompts.condense import condensed

SHARE = "What share of the items for Skerry was delivered on time in 2025?"


async def read_by(reader: QuestionReader, text: str, history: Sequence[Message]) -> Question:
    return await reader.read(said("user", text), history)


def said(role: Role, text: str) -> Message:
    return Message(role, (TextPart(text),))


@pytest.mark.parametrize(
    "question",
    [
        "And in 2019?",
        "and for Tolle?",
        "What about Skerry?",
        "How about the second quarter?",
        "When was it founded?",
        "What does it cost per flight?",
        "Who are its owners?",
        "Why?",
        "How high?",
        "Which one is cheaper, the former or that?",
        "How many of them failed?",
        "What happened that year?",
        "它呢？",
        "它有多高？",
        "那柴油呢？",
        "为什么？",
        "2024年呢？",
        "还有哪些？",
        "他是谁？",
    ],
)
def test_what_leans_on_the_conversation_is_seen(question: str) -> None:
    assert leans_on(question)


@pytest.mark.parametrize(
    "question",
    [
        SHARE,
        "What does the goat Biscuit get as her wage?",
        "Is it possible to send a parcel on Sundays?",
        "How long does it take to sort a parcel?",
        "How many accidents were there in November?",
        "What did Apple say about its revenue?",
        "Which two magazines' opinions show the situation of German venture capital?",
        "What are clades?",
        "Summarise the annual report",
        "托勒灯塔是哪一年建成的？",
        "其中最贵的邮票是哪一种？",
        "值班日志为什么要用铅笔书写？",
        "无人机试飞时一共飞了多少次？",
        "",
        "x" * 5_000,
    ],
)
def test_what_stands_alone_is_left_alone(question: str) -> None:
    assert leans_on(question) == ""
    assert standalone(question, [SHARE], "Tolle [1].") == question


@pytest.mark.parametrize(
    ("earlier", "question", "expected"),
    [
        (["What was the revenue of Apple in 2018?"], "And in 2019?", "What was the revenue of Apple in 2019"),
        ([SHARE], "What about Tolle?", "What share of the items for Tolle was delivered on time in 2025"),
        (["How many flights were there in week 44?"], "and week 45?", "How many flights were there in week 45"),
        (["Who is the skipper of the Petrel?"], "When was she built?", "When was built Petrel"),
        (["托勒灯塔是哪一年建成的？"], "它的灯光多久闪两次？", "托勒灯塔的灯光多久闪两次？"),
        (["柴油的最低储备数量是多少？"], "那淡水呢？", "淡水的最低储备数量是多少"),
        (["2024年的利润是多少？"], "2025年呢？", "2025年的利润是多少"),
    ],
)
def test_a_follow_up_takes_what_it_needs(earlier: list[str], question: str, expected: str) -> None:
    assert standalone(question, earlier) == expected


def test_a_chain_of_follow_ups_is_followed_back() -> None:
    found = standalone("And in 2020?", ["What was the revenue of Apple in 2018?", "And in 2019?"])
    assert found == "What was the revenue of Apple in 2020"


def test_a_change_of_topic_ends_the_chain() -> None:
    earlier = ["What was the revenue of Apple in 2018?", "Who is the skipper of the Petrel?"]
    assert "Apple" not in standalone("When was she built?", earlier)


def test_a_person_of_the_last_answer_is_taken_over() -> None:
    found = standalone("When was he born?", ["Who runs the company?"], "Lio Marsh runs it [1].")
    assert "Lio Marsh" in found


async def test_the_model_writes_the_question_out() -> None:
    model = MemoryGenerator(['Standalone question: "What was Apple\'s revenue in 2019?" [1]'])
    asked = await read_by(QuestionReader(model), "And in 2019?", [said("user", "Apple's revenue in 2018?")])
    assert asked.standalone.text == "What was Apple's revenue in 2019?"
    assert "scripted" in asked.rewritten
    assert "Apple's revenue in 2018?" in model.prompts[0].messages[-1].text


async def test_the_model_is_not_asked_about_what_stands_alone() -> None:
    model = MemoryGenerator()
    history = [said("user", "Apple's revenue in 2018?"), said("assistant", "Much [1].")]
    assert (await read_by(QuestionReader(model), SHARE, history)).standalone.text == SHARE
    assert (await read_by(QuestionReader(model), "And in 2019?", [])).standalone.text == "And in 2019?"
    assert model.prompts == []


@pytest.mark.parametrize("script", [[ModelUnavailable("gone")], [""], ["very long " * 200]])
async def test_without_the_models_help_terms_are_carried_over(script: list[str | ModelUnavailable]) -> None:
    history = [said("user", "What was the revenue of Apple in 2018?")]
    asked = await read_by(QuestionReader(MemoryGenerator(script)), "And in 2019?", history)
    assert asked.standalone.text == "What was the revenue of Apple in 2019"


async def test_a_model_that_says_nothing_is_not_waited_for() -> None:
    class Silent(MemoryGenerator):
        async def generate(self, prompt: Prompt) -> AsyncIterator[Delta]:
            await asyncio.Event().wait()
            yield Delta("too late")

    history = [said("user", "What was the revenue of Apple in 2018?")]
    asked = await read_by(QuestionReader(Silent(), timeout_s=0.02), "And in 2019?", history)
    assert "2019" in asked.standalone.text


def test_a_reply_that_explains_is_cut_to_its_question() -> None:
    assert condensed("What did Apple earn?\n\nI replaced it.") == "What did Apple earn?"
    assert condensed("x" * 1_000) == ""


@pytest.mark.parametrize(("before", "question"), [("why?", "And him?"), ("为什么？", "它呢？"), ("?", "And it?")])
async def test_a_follow_up_to_nothing_is_searched_for_as_it_stands(before: str, question: str) -> None:
    read = await read_by(QuestionReader(), question, [said("user", before), said("assistant", "x")])
    assert read.standalone.text.strip("?？ ")
    assert read.about.text.strip("?？ ")


def test_a_follow_up_continues_the_end_of_a_long_message() -> None:
    pasted = "Lorem ipsum dolor sit amet. " * 2_000 + "How many boats were built in 2018 by Skerry?"
    said = standalone("And in 2019?", [pasted])
    assert "How many boats were built in 2019 by Skerry" in said
    assert len(said) <= LONGEST


def test_digits_before_a_follow_up_are_no_matter() -> None:
    assert standalone("and on page 3?", ["1" * 50_000]).endswith("3")


def test_a_new_number_of_the_same_thing_replaces_the_old_one() -> None:
    asked = standalone("What about tower 13 of Tolle?", ["How high is tower 12 of Tolle?"])
    assert "13" in asked
    assert "12" not in asked
    assert "3 stores" in standalone("And in 2025?", ["What was sold in 3 stores in 2024?"])
    assert "12 months" in standalone("What about in 2023?", ["Which of the 3 offices opened in 12 months?"])
    assert "of 5 stations" in standalone("And on page 4?", ["What are the costs of 5 stations on page 3?"])
