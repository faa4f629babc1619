"""A question is read once: what `read` tells of it, in English and Chinese, and that nobody else reads it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from answering.question.read import LONGEST, read, written_out
from domain.answers import Message, TextPart
from domain.question import Question
from tests.rooms import ROOT, rooms

HISTORY = (
    Message("user", (TextPart("What was the revenue of Apple in 2018?"),)),
    Message("assistant", (TextPart("It was much [1]."),)),
)
PATTERNS = frozenset(  # of answering.question
    {"asks", "cues", "follow_up", "form", "hints", "intents", "small_talk", "wants"}
)


def test_an_ordinary_question_has_one_wording() -> None:
    question = read("Who wrote the report?")
    assert question.asked is question.standalone is question.about
    assert (question.asked.text, question.asked.language) == ("Who wrote the report?", "en")
    assert (question.intent.sort, question.small_talk, question.leans, question.rewritten) == ("ordinary", "", "", "")


def test_what_is_searched_for_lacks_the_wish_for_a_form_and_has_hints() -> None:
    question = read("What is the gross margin in 2019? Please answer in percent.")
    assert question.standalone.text.endswith("Please answer in percent.")
    assert question.about.text == "What is the gross margin in 2019?"
    assert "cost of sales" in question.hints
    assert question.cues.numbers == {"2019"}


@pytest.mark.parametrize("text", ["What does Figure 3 on page 12 show?", "第12页的图3显示了什么？"])
def test_places_that_a_question_names_are_its_cues(text: str) -> None:
    cues = read(text).cues
    assert (cues.pages, cues.figure, cues.picture) == (frozenset({12}), True, True)
    assert ("figure", "3") in cues.labels


def test_a_part_of_a_drawing_is_no_picture_as_such() -> None:
    cues = read("Which colour has the bar of 2019?").cues
    assert (cues.figure, cues.picture) == (True, False)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("How many boats left?", "number"), ("When did it leave?", "time"), ("Who left?", "person"),
        ("Why did it leave?", "reason"), ("Where did it go?", "place"), ("Describe the boat.", ""),
        ("有多少艘船？", "number"), ("船什么时候离港？", "time"), ("谁离开了？", "person"), ("为什么离开？", "reason"),
        ("船去了哪里？", "place"),
    ],
)  # fmt: skip
def test_a_question_wants_a_kind_of_answer(text: str, kind: str) -> None:
    assert read(text).standalone.wants.kind == kind


@pytest.mark.parametrize(
    ("text", "extreme"),
    [("Which boat has the highest fare?", 1), ("哪艘船的票价最低？", -1), ("Which boat has at least two masts?", 0)],
)
def test_a_question_wants_the_most_or_the_least_of_something(text: str, extreme: int) -> None:
    assert read(text).standalone.wants.extreme == extreme


def test_what_a_question_names_is_kept_apart_from_where_it_is_to_be_found() -> None:
    wants = read("According to the log on page 14, how many tons did the boat Skerry carry in 2015?").about.wants
    assert (wants.counted, wants.names) == ("ton", ("skerry",))
    assert wants.numbers == wants.times == {"2015"}
    assert "log" in wants.source


@pytest.mark.parametrize(
    ("text", "sort", "about"),
    [
        ("How many documents are there?", "count", ""),
        ("Which documents mention whale oil?", "mention", "whale oil"),
        ("哪些文件提到鲸油？", "mention", "鲸油"),
        ("灯塔守则讲了什么？", "summary", "灯塔守则"),
    ],
)
def test_questions_about_the_library_are_told_apart(text: str, sort: str, about: str) -> None:
    intent = read(text).intent
    assert (intent.sort, intent.about) == (sort, about)


def test_a_follow_up_is_made_standalone_and_keeps_the_words_it_came_in() -> None:
    question = read("And in 2019?", HISTORY)
    assert (question.asked.text, question.leans) == ("And in 2019?", "ellipsis")
    assert question.standalone.text == question.about.text == "What was the revenue of Apple in 2019"
    assert "carried over" in question.rewritten


def test_a_follow_up_to_a_question_in_english_is_answered_in_its_own_language() -> None:
    question = read("那2019年呢？", HISTORY)
    assert question.chinese
    assert question.standalone.text != question.asked.text


def test_without_a_conversation_nothing_leans() -> None:
    assert read("And in 2019?").leans == ""


def test_the_words_of_a_model_replace_those_carried_over() -> None:
    question = written_out(read("And in 2019?", HISTORY), "What did Apple earn in 2019?", "a-model")
    assert (question.asked.text, question.about.text) == ("And in 2019?", "What did Apple earn in 2019?")
    assert question.rewritten == "it leans on the conversation (ellipsis): written out by a-model"


def test_which_documents_mention_it_is_read_from_the_standalone_question() -> None:
    question = written_out(read("Which documents mention it?", HISTORY), "Which documents mention Apple?", "a-model")
    assert question.intent.about == "Apple"


@pytest.mark.parametrize(("text", "kind"), [("Hi!", "greeting"), ("谢谢", "thanks"), ("Who wrote it?", "")])
def test_small_talk_takes_nothing_from_the_conversation(text: str, kind: str) -> None:
    question = read(text, HISTORY)
    assert question.small_talk == kind
    assert (question.leans != "") is (kind == "")


@pytest.mark.parametrize("text", ["", " \n", "\0", "\ufffd"])
def test_no_words_are_a_question_without_words(text: str) -> None:
    assert read(text).about.text == ""


def test_of_a_pasted_book_the_beginning_is_searched_for() -> None:
    question = read("x" * 3 * LONGEST)
    assert len(question.about.text) == LONGEST
    assert len(question.asked.text) == 3 * LONGEST


def test_a_question_is_a_value() -> None:
    assert read("Who wrote it?", HISTORY) == read("Who wrote it?", HISTORY)
    assert hash(read("What is on page 3?"))
    assert Question() == read("")


def imports() -> Iterator[tuple[str, str]]:
    """Who imports what, in the product's packages."""
    for path in (path for folder in rooms() for path in (ROOT / folder).rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                yield from ((module, f"{node.module}.{alias.name}") for alias in node.names)


def test_only_the_reading_of_a_question_uses_its_patterns() -> None:
    patterns = tuple(f"answering.question.{name}." for name in PATTERNS)
    users = {module for module, imported in imports() if imported.startswith(patterns)}
    assert users == {"answering.question.read"}


def test_nobody_else_tells_the_language_of_a_question() -> None:
    users = {module for module, imported in imports() if imported.endswith(".is_chinese")}
    others = {module for module in users if module.startswith(("retrievers.", "answering.", "app.api."))}
    texts_of_documents = {"answering.grounding.check"}
    kept_long_ago = {"app.api.exports"}  # of a kept question there is the text alone
    assert others - texts_of_documents - kept_long_ago == {"answering.question.read", "answering.question.follow_up"}
