"""What every store of conversations and sessions keeps to: in SQLite and in Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.adapters.catalogue.catalogue import SqlCatalogue
from app.adapters.catalogue.conversations import SqlConversations
from app.adapters.catalogue.sessions import SqlSessions
from domain.answers import Claim, Notice
from domain.conversations import KeptAnswer, KeptCitation, KeptClaim
from domain.errors import BadRequest, Conflict, Missing
from domain.ports import Conversations, Sessions
from domain.sessions import Session

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


@pytest.fixture(params=["sqlite", "postgres"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlCatalogue]:
    url = f"sqlite:///{tmp_path}/catalogue.db"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    one = SqlCatalogue(url, Clock())
    yield one
    one.close()


@pytest.fixture
def kept(opened: SqlCatalogue) -> Conversations:
    return SqlConversations(opened.database, Clock(), most=4, most_turns=3)


@pytest.fixture
def sessions(opened: SqlCatalogue) -> Sessions:
    return SqlSessions(opened.database, most=2)


def answer(text: str = "Whale oil [1].") -> KeptAnswer:
    return KeptAnswer(
        text,
        "grounded",
        0.9,
        (KeptClaim(Claim("Whale oil.", (1,), 0.9, True), repeats=True),),
        (KeptCitation(1, "d.1", 3, 9, "ab"),),
        ("d.1", "d.2"),
        (),
        ("c",),
        "m",
        "t",
        abstained_because="unsure",
        notices=(Notice("x", "y"),),
        timings_ms={"retrieve": 1.5},
    )


def titles(kept: Conversations, *words: str, caller: str = "me") -> list[str]:
    return [one.title for one in kept.page(caller, words, 10).items]


def test_questions_and_answers_come_back_in_order(kept: Conversations) -> None:
    id = kept.begin("me").id
    for n, question in enumerate(("What burns?\x00", "And then?"), start=1):
        assert kept.ask(id, "me", question, 2, "What burns").number == n
        kept.answer(id, "me", n, answer())
    first, second = kept.turns(id, "me", 0, 10)
    assert (first.question, first.images, first.answer) == ("What burns?\ufffd", 2, answer())
    assert first.answered_at is not None
    assert first.answered_at > first.asked_at
    assert kept.turns(id, "me", 1, 10) == (second,)
    assert kept.turns(id, "me", 0, 1) == (first,)
    assert kept.find(id, "me").title == "What burns"
    assert kept.find(id, "me").turns == 2


def test_one_caller_never_sees_anothers(kept: Conversations) -> None:
    id = kept.begin("me", "Mine").id
    kept.ask(id, "me", "What burns?", 0)
    assert titles(kept, caller="you") == []
    for forbidden in (
        lambda: kept.find(id, "you"),
        lambda: kept.turns(id, "you", 0, 1),
        lambda: kept.last_answered(id, "you", 1),
        lambda: kept.rename(id, "you", "x"),
        lambda: kept.delete(id, "you"),
        lambda: kept.ask(id, "you", "x", 0),
        lambda: kept.answer(id, "you", 1, answer()),
    ):
        with pytest.raises(Missing):
            forbidden()
    assert kept.find(id, "me").title == "Mine"
    assert kept.turns(id, "me", 0, 2)[0].answer is None


def test_a_question_that_is_asked_again_after_a_broken_answer_stands_once(kept: Conversations) -> None:
    id = kept.begin("me").id
    assert [kept.ask(id, "me", "What burns?", 0).number for _ in range(2)] == [1, 1]
    kept.answer(id, "me", 1, answer())
    assert kept.ask(id, "me", "What burns?", 0).number == 2
    assert [turn.number for turn in kept.last_answered(id, "me", 5)] == [1]


def test_the_last_used_comes_first_page_by_page(kept: Conversations) -> None:
    ids = [kept.begin("me", title).id for title in "abc"]
    kept.ask(ids[0], "me", "What burns?", 0)
    first = kept.page("me", (), 2)
    assert [one.title for one in first.items] == ["a", "c"]
    assert [one.title for one in kept.page("me", (), 2, first.next_cursor).items] == ["b"]
    with pytest.raises(BadRequest):
        kept.page("me", (), 2, "x")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("LIGHT",), ["Lighthouse"]),
        (("whale", "oil"), ["Lighthouse"]),
        (("whale", "tide"), []),
        (("灯塔",), ["守則"]),
        (("守则",), ["守則"]),
        (("CAFE",), ["守則"]),
        (("%",), []),
        (("_",), []),
        (("\\",), []),
        (("\x00\ud800",), []),
    ],
)
def test_words_are_found_in_titles_questions_and_answers(
    words: tuple[str, ...], found: list[str], kept: Conversations
) -> None:
    id = kept.begin("me", "Lighthouse").id
    kept.ask(id, "me", "What burns?", 0)
    kept.answer(id, "me", 1, answer())
    kept.ask(kept.begin("me", "守則").id, "me", "灯塔的 café？", 0)
    assert titles(kept, *words) == found


def test_a_new_title_is_found_and_the_former_is_not(kept: Conversations) -> None:
    id = kept.begin("me", "Former").id
    assert kept.rename(id, "me", "Later").title == "Later"
    kept.ask(id, "me", "What burns?", 0, "not this one")
    assert (titles(kept, "later"), titles(kept, "former")) == (["Later"], [])


def test_a_deleted_conversation_is_gone_with_its_turns(kept: Conversations, opened: SqlCatalogue) -> None:
    id = kept.begin("me").id
    kept.ask(id, "me", "What burns?", 0)
    kept.delete(id, "me")
    with pytest.raises(Missing):
        kept.find(id, "me")
    with opened.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM turns").scalar() == 0


def test_there_are_bounds(kept: Conversations) -> None:
    ids = [kept.begin("me").id for _ in range(4)]
    with pytest.raises(Conflict, match="delete some"):
        kept.begin("me")
    kept.begin("you")
    for n in range(3):
        kept.ask(ids[0], "me", f"question {n}", 0)
    with pytest.raises(Conflict, match="6 messages"):
        kept.ask(ids[0], "me", "one more", 0)
    assert kept.find(ids[0], "me").turns == 3


def test_the_unused_are_forgotten(kept: Conversations) -> None:
    old, new = kept.begin("me", "old"), kept.begin("me", "new")
    assert kept.forget(new.updated_at) == 1
    assert titles(kept) == ["new"]
    with pytest.raises(Missing):
        kept.find(old.id, "me")


# ---------------------------------------------------------------- sessions


def session(digest: str, caller: str = "me", hours: int = 0) -> Session:
    at = NOON + timedelta(hours=hours)
    return Session(f"id-{digest}", digest, caller, "Browser\x00", at, at, at + timedelta(days=30))


def test_a_session_is_found_by_its_digest_alone(sessions: Sessions) -> None:
    sessions.open(session("a"))
    found = sessions.find("a")
    assert found is not None
    assert (found.id, found.caller, found.agent, found.used_at) == ("id-a", "me", "Browser\ufffd", NOON)
    assert sessions.find("id-a") is None


def test_sessions_are_listed_and_closed_by_their_caller(sessions: Sessions) -> None:
    for one in (session("a"), session("b", hours=1), session("c", "you")):
        sessions.open(one)
    assert [one.digest for one in sessions.of("me")] == ["b", "a"]
    with pytest.raises(Missing):
        sessions.close("id-a", "you")
    sessions.close("id-a", "me")
    assert sessions.find("a") is None


def test_a_renewed_session_ends_later_and_the_ended_are_forgotten(sessions: Sessions) -> None:
    sessions.open(session("a"))
    sessions.open(session("b"))
    later = NOON + timedelta(days=20)
    sessions.renew("a", later, later + timedelta(days=30))
    assert sessions.forget(NOON + timedelta(days=31)) == 1
    assert [one.digest for one in sessions.of("me")] == ["a"]


def test_the_one_used_longest_ago_makes_room(sessions: Sessions) -> None:
    for hours, digest in enumerate("abc"):
        sessions.open(session(digest, hours=hours))
    assert [one.digest for one in sessions.of("me")] == ["c", "b"]
