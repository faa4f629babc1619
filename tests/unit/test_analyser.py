"""What a word is: what should be found by one spelling is found by the other."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.analyser import LONGEST_TOKEN, _stem, query_terms, tokens
from tests.growth import assert_linear


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("The turbines were inspected", "inspecting a turbine"),
        ("revenue of 1,452.4 million", "1452.4"),
        ("12,345,678 people", "12345678"),
        ("Form 10-K", "10-K"),
        ("Form 10-K", "10k"),
        ("COVID-19 cases", "covid19"),
        ("COVID-19 cases", "covid"),
        ("in FY2019", "2019"),
        ("state-of-the-art", "state"),
        ("written in C++", "c++"),
        ("uses node.js", "Node.js"),
        ("an e-mail", "email"),
        ("Beyoncé’s café", "beyonce cafe"),
        ("the company's plan", "company"),
        ("Ｆｕｌｌ　ｗｉｄｔｈ １２", "full width 12"),
        ("Straße", "STRASSE"),
        ("🦓 crossing", "🦓"),
        ("write to ada@example.com", "ada@example.com"),
        ("5½ litres", "5"),
        ("soft\u00adware", "software"),
        ("臺灣的國防預算", "国防预算"),
        ("国防预算", "國防預算"),
        ("一只猫在这里", "猫"),
        ("2019年销售额308分", "销售额308"),
        ("東京タワーの高さ", "タワー"),
        ("서울의 인구", "인구"),
        ("ประเทศไทย", "ไทย"),
    ],
)
def test_what_is_asked_is_among_what_was_written(written: str, asked: str) -> None:
    terms = query_terms(asked)
    assert terms
    assert set(terms) <= set(tokens(written))


@pytest.mark.parametrize(
    ("written", "other"),
    [("3.10", "3.1"), ("c++", "c#"), ("1,452", "1453"), ("cat", "category"), ("10-K", "10-Q")],
)
def test_what_differs_stays_different(written: str, other: str) -> None:
    assert set(tokens(written)) != set(tokens(other))


def test_compounds_are_found_whole_and_in_parts() -> None:
    assert tokens("COVID-19") == ["covid-19", "covid19", "covid", "19"]
    assert tokens("node.js") == ["node.js", "nodej", "node", "js"]  # stems, on both sides


def test_chinese_is_single_characters_and_bigrams_asked_without_the_question_words() -> None:
    assert tokens("黑豹队") == ["黑", "豹", "队", "黑豹", "豹队"]
    assert query_terms("黑豹队的防守是什么？") == ["黑豹", "豹队", "防守"]


def test_a_question_of_stop_words_asks_for_them() -> None:
    assert query_terms("what is the revenue") == ["revenu"]
    assert query_terms("to be or not to be") == ["not"]
    assert query_terms("who are you") == ["who", "are", "you"]
    assert query_terms("什么是什么") != []


@given(text=st.text(max_size=200))
def test_any_text_gives_tokens_without_spaces_of_bounded_length(text: str) -> None:
    for token in [*tokens(text), *query_terms(text)]:
        assert 0 < len(token) <= LONGEST_TOKEN
        assert not any(character.isspace() for character in token)
        token.encode()


@pytest.mark.parametrize("text", ["a" * 1_000_000, "a-" * 300_000, "1," * 300_000, "'" * 500_000, "龘" * 200_000])
def test_hostile_texts_take_time_in_step_with_their_length(text: str) -> None:
    assert_linear(tokens, text)
    assert_linear(query_terms, text)


def test_threads_that_read_at_once_do_not_mix_up_their_words() -> None:
    beginnings = ("nation", "relation", "generat", "comput", "organiz", "conditi", "happi", "walk")
    endings = ("alities", "ing", "ed", "ional", "izations", "ness", "ly", "ment", "er", "ers", "ously")
    words = [beginning + ending for beginning in beginnings for ending in endings]
    stems = {word: _stem(word) for word in words}

    def mixed_up(part: list[str]) -> list[str]:
        return [word for _ in range(50) for word in part if _stem(word) != stems[word]]

    often = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(mixed_up, (words[n::4] for n in range(4)))) == [[], [], [], []]
    finally:
        sys.setswitchinterval(often)
