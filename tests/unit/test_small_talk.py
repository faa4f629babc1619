from __future__ import annotations

import pytest

from answering.output.small_talk import reply_to
from answering.question.read import read
from answering.question.small_talk import kind_of
from tests.growth import assert_linear


@pytest.mark.parametrize(
    "message",
    ["Hi", "hello!", "Hey there :)", "Good morning", "Hello, how are you?", "Thanks a lot!", "thank you so much", "OK, thanks",
     "What can you do?", "what can I ask you", "Who are you?", "help", "How does this work?", "Goodbye!", "Hi, what can you do?"],
)  # fmt: skip
def test_talk_in_english_gets_a_reply_in_english(message: str) -> None:
    assert reply_to(read(message)).isascii()


@pytest.mark.parametrize(
    "message",
    [
        "你好",
        "您好！",
        "你好，在吗？",
        "早上好",
        "谢谢你",
        "非常感谢！",
        "好的，谢谢",
        "你能做什么？",
        "你是谁？",
        "再见",
        "我可以问你什么？",
    ],
)
def test_talk_in_chinese_gets_a_reply_in_chinese(message: str) -> None:
    assert not reply_to(read(message)).isascii()


@pytest.mark.parametrize(
    "message",
    ["What is the revenue?", "Hello World: what does the program print?", "Who are you guys quoting on page 3?",
     "What can you do with a letter to Skerry?", "help desk opening hours", "How do I use this printer?",
     "What does it cost?", "Thanks to whom was the hall built?", "Good morning Vietnam was released when?",
     "你好酒店的价格是多少？", "谁感谢了林海？", "如何使用灭火器？", "", "?", "1", "In 2019?", "why", "And in 2018?"],
)  # fmt: skip
def test_what_asks_for_something_is_left_to_the_documents(message: str) -> None:
    assert read(message).small_talk == ""


@pytest.mark.parametrize("message", ["hi" * 40, "there " * 13, "great " * 13, "a lot" * 16, "hello" * 5_000])
def test_a_hostile_message_takes_time_in_step_with_its_length(message: str) -> None:
    assert_linear(kind_of, message)


def test_with_a_picture_no_message_is_small_talk() -> None:
    assert read("What is this?").small_talk == "help"
    assert read("What is this?", pictured=True).small_talk == ""
