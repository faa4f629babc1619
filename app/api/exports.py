"""A conversation as Markdown, for people. Words of documents and names of files stay words: none becomes markup."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from app.services.conversations import RecalledTurn, Recollection
from app.services.kept_answers import Recalled
from domain.evidence import Evidence
from language.scripts import is_chinese

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {"page": ", page {n}", "deleted": "deleted", "again": "being read again", "open": "No answer."},
    "zh": {"page": "，第{n}页", "deleted": "已删除", "again": "正在重新读取", "open": "没有回答。"},
}
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#+!|~&])")
_LIST = re.compile(r"^([^\S\n]*+\d*+)(?=[-=.)])", re.MULTILINE)  # `1.`, `-`, a line under a heading


def as_markdown(piece: Recollection, first: bool) -> str:
    title = f"# {_plain(piece.conversation.title)}\n" if first else ""
    turns = (line for turn in piece.turns for line in _turn(turn, piece.deleted))
    return title + "".join(f"\n{line}\n" for line in turns)


def _turn(one: RecalledTurn, deleted: frozenset[str]) -> Iterator[str]:
    question = one.turn.question
    words = WORDS["zh" if is_chinese(question) else "en"]
    yield f"**{_plain(_line(question))}**" if question.strip() else "**…**"
    if one.answer is None:
        yield f"*{words['open']}*"
        return
    yield _escaped(one.answer.answer)
    references = "\n".join(_references(one.answer, deleted, words))
    if references:
        yield references


def _references(answer: Recalled, deleted: frozenset[str], words: Mapping[str, str]) -> Iterator[str]:
    for n, evidence, quote in answer.citations:
        if isinstance(evidence, Evidence):
            page = evidence.chunk.page
            where = words["page"].format(n=page) if page is not None else ""
            yield f"- \\[{n}\\] {_plain(evidence.document.name)}{where}: “{_plain(_line(quote))}”"
        else:
            yield f"- \\[{n}\\] *{words['deleted' if evidence in deleted else 'again']}*"


def _line(text: str) -> str:
    return " ".join(text.split())


def _plain(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text)


def _escaped(text: str) -> str:
    """Paragraphs stay; lists, headings, links and HTML are shown as they were written."""
    return _LIST.sub(r"\1\\", _plain(text))
