"""Conversations that are read again: evidence as it is now, and no words of what was deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter

from app.adapters.catalogue.catalogue import SqlCatalogue
from app.api.conversation_schemas import KeptAnswerOut, WholeConversationOut
from app.api.conversations import EXPORTS
from app.api.schemas import AnswerOut
from app.services.conversations import ConversationKeeper, title_of
from app.services.kept_answers import WITHHELD, kept
from domain.answers import Answer, Citation, Claim, ImagePart, Message, TextPart
from domain.conversations import LONGEST_QUESTION, KeptAnswer
from domain.documents import Box, Chunk, Document, Region
from domain.errors import BadRequest, Conflict, Missing, TooLarge
from domain.evidence import Evidence
from tests.catalogues import fresh_catalogue

QUOTE = "The lantern of Skerry burns whale oil in winter"
SENTENCES = (f"Of 1890. {QUOTE}, and nothing else.", "The tower is 31 metres high.")
OWN = "So it is oil of whales, when it is cold."


def user(text: str) -> Message:
    return Message("user", (TextPart(text),))


def filled(name: str = "tower.pdf") -> SqlCatalogue:
    catalogue = fresh_catalogue()
    collection = catalogue.collections.find("default")
    now = datetime.now(UTC)
    catalogue.documents.record(Document("d", collection.id, "default", name, "application/pdf", 9, "ab", "queued", now))
    place = (Region(4, Box(0.1, 0.2, 0.3, 0.4)),)
    chunks = [Chunk(f"d.{n}", "d", n, "text", text, text, 4, place) for n, text in enumerate(SENTENCES)]
    catalogue.runs.update("d", 1, status="running")
    catalogue.chunks.replace("d", 1, chunks)
    catalogue.runs.publish("d", 1, "ready")
    return catalogue


def keeper(catalogue: SqlCatalogue) -> ConversationKeeper:
    return ConversationKeeper(catalogue.conversations, catalogue.chunks, catalogue.documents)


def answer(catalogue: SqlCatalogue) -> Answer:
    evidence = catalogue.chunks.evidence(["d.0", "d.1"], [catalogue.collections.find("default").id])
    return Answer(
        f"{QUOTE} [1]. {OWN} [1]",
        "grounded",
        0.9,
        (Claim(f"{QUOTE}.", (1,), 1.0, True), Claim(OWN, (1,), 0.8, True)),
        (Citation(1, evidence[0], QUOTE),),
        evidence,
        "m",
        "t",
        nearest=evidence[1:],
    )


async def told(catalogue: SqlCatalogue, question: str = "What burns?") -> str:
    """The id of a conversation with one question and its answer."""
    keeps = keeper(catalogue)
    id = (await keeps.begin("me", "")).id
    await keeps.answered(await keeps.asked(id, "me", [user(question)]), answer(catalogue))
    return id


async def test_an_answer_comes_back_with_its_quotes_and_boxes() -> None:
    catalogue = filled()
    id = await told(catalogue)
    [turn] = (await keeper(catalogue).read(id, "me", 10)).turns
    assert turn.answer is not None
    assert turn.answer.answer == answer(catalogue).answer
    [(n, evidence, quote)] = turn.answer.citations
    assert isinstance(evidence, Evidence)
    assert (n, quote, evidence.chunk.regions[0].page) == (1, QUOTE, 4)
    assert [one.id for one in turn.answer.evidence if isinstance(one, Evidence)] == ["d.0", "d.1"]


async def test_why_no_answer_was_given_is_kept() -> None:
    catalogue = filled()
    keeps = keeper(catalogue)
    id = (await keeps.begin("me", "")).id
    abstained = replace(answer(catalogue), verdict="abstained", abstained_because="unsure")
    await keeps.answered(await keeps.asked(id, "me", [user("What burns?")]), abstained)
    _, again = WholeConversationOut.made(await keeps.read(id, "me", 10)).messages
    assert again.answer is not None
    assert again.answer.abstained_because == "unsure"


def test_a_kept_answer_has_all_that_an_answer_has() -> None:
    assert list(KeptAnswerOut.model_fields) == list(AnswerOut.model_fields)


def test_an_answer_that_was_kept_without_why_it_abstained_is_read() -> None:
    kept_answers = TypeAdapter(KeptAnswer)
    before = kept_answers.dump_python(kept(answer(filled())), mode="json")
    del before["abstained_because"]
    assert kept_answers.validate_python(before).abstained_because is None


async def test_no_text_of_evidence_is_stored_beside_the_answer() -> None:
    catalogue = filled()
    id = await told(catalogue)
    [turn] = catalogue.conversations.turns(id, "me", 0, 1)
    assert "31 metres" not in str(turn)
    assert "and nothing else" not in str(turn)


@pytest.mark.parametrize("form", list(EXPORTS))
async def test_what_was_deleted_is_shown_as_deleted_and_never_as_text(form: str) -> None:
    catalogue = filled()
    id = await told(catalogue)
    catalogue.erasure.delete("d")
    for erased in (False, True):
        if erased:
            catalogue.erasure.erase("d")
        found = await keeper(catalogue).read(id, "me", 10)
        [turn] = found.turns
        assert turn.answer is not None
        assert turn.answer.answer == f"{WITHHELD} [1]. {OWN} [1]"
        assert turn.answer.citations == ((1, "d.0", ""),)
        assert found.deleted == {"d.0", "d.1"}
        written = EXPORTS[form][0](found, True)
        assert "whale oil in winter" not in written
        assert "deleted" in written
        assert OWN in written.replace("\\", "")


async def test_a_document_that_is_read_again_is_not_called_deleted() -> None:
    catalogue = filled()
    id = await told(catalogue)
    catalogue.runs.publish("d", 1, "ready")
    with catalogue.database.writing() as connection:
        connection.exec_driver_sql("UPDATE documents SET status = 'queued', published = 0")
    found = await keeper(catalogue).read(id, "me", 10)
    assert found.turns[0].answer is not None
    assert (found.turns[0].answer.citations, found.deleted) == (((1, "d.0", ""),), frozenset())


async def test_of_a_text_that_changed_no_other_words_are_quoted() -> None:
    catalogue = filled()
    id = await told(catalogue)
    with catalogue.database.writing() as connection:
        connection.exec_driver_sql("UPDATE chunks SET text = 'other words, ' || text")
    [turn] = (await keeper(catalogue).read(id, "me", 10)).turns
    assert turn.answer is not None
    assert [quote for _, _, quote in turn.answer.citations] == [""]


async def test_what_was_said_before_comes_from_the_conversation() -> None:
    catalogue = filled()
    keeps, id = keeper(catalogue), await told(catalogue)
    await keeps.asked(id, "me", [user("this one broke off")])
    asked = await keeps.asked(id, "me", [Message("system", (TextPart("Be short."),)), user("And in summer?")])
    assert [(one.role, one.text) for one in asked.messages] == [
        ("system", "Be short."),
        ("user", "What burns?"),
        ("assistant", answer(catalogue).answer),
        ("user", "And in summer?"),
    ]
    questions = [turn.turn.question for turn in (await keeps.read(id, "me", 10)).turns]
    assert questions == ["What burns?", "this one broke off", "And in summer?"]


async def test_pictures_are_counted_and_not_kept() -> None:
    keeps = keeper(filled())
    id = (await keeps.begin("me", "")).id
    await keeps.asked(id, "me", [Message("user", (ImagePart(b"png"), TextPart("Which?")))])
    [turn] = (await keeps.read(id, "me", 10)).turns
    assert (turn.turn.question, turn.turn.images) == ("Which?", 1)


async def test_a_history_beside_a_conversation_and_a_question_that_is_too_long_are_refused() -> None:
    keeps = keeper(filled())
    id = (await keeps.begin("me", "")).id
    with pytest.raises(BadRequest, match="alone"):
        await keeps.asked(id, "me", [user("a"), Message("assistant", (TextPart("b"),)), user("c")])
    with pytest.raises(TooLarge, match="100000"):
        await keeps.asked(id, "me", [user("x" * (LONGEST_QUESTION + 1))])
    with pytest.raises(Missing):
        await keeps.asked(id, "you", [user("a")])
    assert (await keeps.read(id, "me", 10)).turns == ()


async def test_an_answer_whose_conversation_was_deleted_meanwhile_is_given_all_the_same() -> None:
    catalogue = filled()
    keeps = keeper(catalogue)
    id = (await keeps.begin("me", "")).id
    asked = await keeps.asked(id, "me", [user("What burns?")])
    await keeps.delete(id, "me")
    await keeps.answered(asked, answer(catalogue))


async def test_a_long_conversation_is_read_and_exported_in_pieces() -> None:
    catalogue = filled()
    keeps = keeper(catalogue)
    id = (await keeps.begin("me", "Long")).id
    for n in range(45):
        catalogue.conversations.ask(id, "me", f"question {n}", 0)
    found = await keeps.read(id, "me", 40)
    assert (len(found.turns), found.next_after) == (40, 40)
    assert (await keeps.read(id, "me", 40, 40)).next_after is None
    pieces = [one async for one in keeps.read_all(id, "me")]
    assert [len(one.turns) for one in pieces] == [20, 20, 5]
    for write, *_ in EXPORTS.values():
        written = "".join(write(one, n == 0) for n, one in enumerate(pieces))
        assert all(written.count(f"question {n}") >= 1 for n in range(45))


@pytest.mark.parametrize(
    "hostile", ["<script>x</script>", "![x](http://evil)", "[a](javascript:b)", "<!-- x -->", "`x`"]
)
async def test_no_words_become_markup_in_markdown(hostile: str) -> None:
    catalogue = filled(name=f"{hostile}.pdf")
    id = await told(catalogue, question=f"{hostile}\n{hostile}")
    written = EXPORTS["markdown"][0](await keeper(catalogue).read(id, "me", 10), True)
    assert hostile not in written
    assert hostile in written.replace("\\", "")


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("\n  What burns?\nAnd why?", "What burns?"),
        ("word " * 40, f"{'word ' * 20}".strip() + "…"),
        ("灯" * 150, "灯" * 100 + "…"),
        (" ", ""),
    ],
)
def test_the_title_is_the_first_line_cut_at_a_word(question: str, title: str) -> None:
    assert title_of(question) == title


async def test_there_is_a_sentence_for_a_full_conversation() -> None:
    catalogue = filled()
    keeps = keeper(catalogue)
    id = (await keeps.begin("me", "")).id
    with catalogue.database.writing() as connection:
        connection.exec_driver_sql("UPDATE conversations SET turns = 1000")
    with pytest.raises(Conflict, match="2000 messages"):
        await keeps.asked(id, "me", [user("one more")])
