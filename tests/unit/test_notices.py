"""Whatever is noticed on the way to an answer is told in the language of the question, of one thing or of several."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from answering.output import notices
from answering.output.notices import SECTIONS, in_words
from answering.question.read import read
from domain.answers import Noticed
from language.scripts import is_chinese
from tests.rooms import ROOT, rooms
from tests.unit.test_ask import answer_of, asking

ENGLISH, CHINESE = "What does the lantern burn?", "灯塔里烧的是什么？"


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for folder in rooms():
        for path in (ROOT / folder).rglob("*.py"):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def calls(name: str) -> Iterator[tuple[Path, ast.Call]]:
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                yield path, node


def code_of(call: ast.Call) -> str:
    first = call.args[0]
    if isinstance(first, ast.Name):
        return str(getattr(notices, first.id))
    assert isinstance(first, ast.Constant), ast.unparse(call)
    return str(first.value)


CODES = sorted({code_of(call) for _, call in calls("Noticed")})


def of(section: str, count: int = 2) -> Noticed:
    code, itself, _ = section.partition("_itself")
    wants = SECTIONS[section]
    return Noticed(
        code,
        itself.removeprefix("_"),
        count=count if "count" in wants else 0,
        which=tuple(range(1, count + 1)) if "which" in wants else (),
        name="letters" if "name" in wants else "",
    )


def said(section: str, question: str, count: int = 2) -> str:
    [notice] = in_words([of(section, count)], read(question))
    return notice.message


def test_every_code_in_the_source_has_words_and_all_words_are_of_a_code() -> None:
    assert len(CODES) > 10
    assert {section.partition("_itself")[0] for section in SECTIONS} == set(CODES)


def test_nothing_is_told_past_the_words_of_the_two_files() -> None:
    assert {path.name for path, _ in calls("Notice")} == {"notices.py"}


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("section", SECTIONS)
def test_each_is_said_in_both_languages_whole(section: str, count: int) -> None:
    english, chinese = said(section, ENGLISH, count), said(section, CHINESE, count)
    assert english.isascii()
    assert english.endswith(".")
    assert is_chinese(chinese)
    assert chinese.endswith("。")
    for text in (english, chinese):
        assert not set(text) & {"{", "}"}
        assert ("letters" in text) is ("name" in SECTIONS[section])
        assert (str(count) in text) is bool({"count", "which"} & SECTIONS[section])


@pytest.mark.parametrize("section", [section for section, values in SECTIONS.items() if "count" in values])
def test_english_tells_one_from_several(section: str) -> None:
    one, several = said(section, ENGLISH, 1), said(section, ENGLISH, 2)
    assert one != several.replace("2", "1")
    assert not {"were", "are"} & set(one.split())


@pytest.mark.parametrize(
    ("noticed", "english", "chinese"),
    [
        (
            Noticed("images_left_out", count=1),
            "1 picture was given to the model by its words alone.",
            "有 1 张图片没有提供给模型，只提供了相关的文字。",
        ),
        (
            Noticed("images_reduced", count=3),
            "3 pictures were shown to the model at a smaller size.",
            "有 3 张图片缩小后才提供给模型。",
        ),
        (
            Noticed("suspicious_text", which=(2, 5)),
            "Text in [2], [5] reads like instructions to a model; it was only quoted.",
            "[2]、[5]中有文字读起来像是给模型的指令；这些文字只作为原文引用。",
        ),
        (
            Noticed("hidden_text", "itself", which=(1, 2)),
            "[1], [2] are text that can't be seen on their pages.",
            "[1]、[2]是页面上肉眼看不见的文字。",
        ),
    ],
)
def test_numbers_and_evidence_stand_in_the_sentence(noticed: Noticed, english: str, chinese: str) -> None:
    assert [notice.message for notice in in_words([noticed], read(ENGLISH))] == [english]
    assert [notice.message for notice in in_words([noticed], read(CHINESE))] == [chinese]


def test_one_code_is_one_notice_however_much_it_says() -> None:
    letters, maps = (Noticed("searched_without_vectors", name=name) for name in ("letters", "maps"))
    notice, other = in_words([letters, Noticed("cut_short"), maps], read(ENGLISH))
    assert (notice.code, other.code) == ("searched_without_vectors", "cut_short")
    assert "`exhibit reindex letters` re-embeds it. The vectors of the collection maps" in notice.message


async def test_an_answer_tells_all_of_it_in_chinese_to_who_asked_in_chinese() -> None:
    ask, _, _ = asking(["灯塔里烧的是鲸油 [1][9]。"], hidden=1)
    notices = (await answer_of(ask, CHINESE)).notices
    assert [notice.code for notice in notices] == ["markers_removed", "hidden_text"]
    assert all(is_chinese(notice.message) for notice in notices)


@pytest.mark.parametrize(("question", "chinese"), [("hello", False), ("你好", True)])
async def test_small_talk_and_what_is_told_of_it_are_in_one_language(question: str, chinese: bool) -> None:
    answer = await answer_of(asking([""])[0], question)
    assert [is_chinese(text) for text in (answer.answer, answer.notices[0].message)] == [chinese, chinese]
