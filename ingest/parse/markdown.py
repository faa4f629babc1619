"""Reads Markdown with markdown-it-py: headings, paragraphs, lists, tables, code.

Why not docling, which reads Markdown too: importing it takes 4.1 s and 340 MB in every fresh child, this 0.1 s and
14 MB; notes come by the thousand. A picture in Markdown is only a link; links are never followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from domain.parsed import Block, Identity, ParsedPage
from ingest.parse.outline import Outline
from ingest.parse.parts import without_parts
from ingest.parse.tables import table_block
from ingest.parse.text import read_text

FRONT_MATTER = re.compile(r"\ufeff?---[^\S\n]*\n(.*?\n)(?:---|\.\.\.)[^\S\n]*(?:\n|$)", re.S)
TITLE = re.compile(r"^title:(.+)$", re.M | re.I)
TAG = re.compile(r"<[/!?]?[a-zA-Z][^<>]*>")
CODE = tuple((re.compile(rf"<{name}\b", re.I), re.compile(rf"</{name}\s*+>", re.I)) for name in ("script", "style"))
MAX_TITLE = 200
MINOR = 6  # the level of a bold line that serves as a heading


def open_markdown(path: Path) -> Identity:
    text, _ = read_text(path)
    return Identity("text/markdown", None, title=_title(text))


def parse_markdown(path: Path, first: int, last: int) -> list[ParsedPage]:
    text, problems = read_text(path)
    return [ParsedPage(None, tuple(blocks_of(text)), problems=problems)]


def blocks_of(text: str) -> Iterator[Block]:
    front = FRONT_MATTER.match(text)
    if front:
        yield Block("text", front.group(1).strip())
        text = text[front.end() :]
    yield from _Reader().blocks(_tree(text).children)


def _tree(text: str) -> SyntaxTreeNode:
    return SyntaxTreeNode(MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"]).parse(text))


def _title(text: str) -> str | None:
    front = FRONT_MATTER.match(text)
    named = TITLE.search(front.group(1)) if front else None
    if named:
        return _unquoted(named.group(1).strip())[:MAX_TITLE]
    body = text[front.end() :] if front else text
    headings = (_plain(node) for node in _tree(body[:20_000]).children if node.type == "heading" and node.tag == "h1")
    return next((heading[:MAX_TITLE] for heading in headings if heading), None)


def _unquoted(value: str) -> str:
    return value[1:-1].strip() if len(value) > 2 and value[0] in "'\"" and value[0] == value[-1] else value


def _without_code(markup: str) -> str:
    """Without comments, scripts and styles; what is not closed stays."""
    markup = without_parts(markup, "<!--", "-->", " ")
    for opening, closing in CODE:
        *closed, rest = closing.split(markup)
        markup = " ".join([*(opening.split(part, maxsplit=1)[0] for part in closed), rest])
    return markup


class _Reader:
    def __init__(self) -> None:
        self.outline = Outline()

    def blocks(self, nodes: Sequence[SyntaxTreeNode]) -> Iterator[Block]:
        for node in nodes:
            yield from self._block(node)

    def _block(self, node: SyntaxTreeNode) -> Iterator[Block]:
        if node.type == "heading":
            text = _plain(node)
            if text:
                yield self.outline.heading(int(node.tag[1:]), text)
        elif _stands_for_heading(node):
            yield self.outline.heading(MINOR, _plain(node))
        elif node.type == "table":
            yield self._table(node)
        elif node.type in ("bullet_list", "ordered_list"):
            yield Block("list", "\n".join(_items(node, 0)), place=self.outline.place)
        elif node.type == "blockquote":
            yield from self.blocks(node.children)
        else:
            text = _leaf(node)
            if text:
                yield Block("text", text, place=self.outline.place)

    def _table(self, table: SyntaxTreeNode) -> Block:
        rows = [row for part in table.children for row in part.children]
        return table_block([[_plain(cell) for cell in row.children] for row in rows], place=self.outline.place)


def _stands_for_heading(node: SyntaxTreeNode) -> bool:
    """A short paragraph that is bold as a whole."""
    if node.type != "paragraph" or len(node.children[0].children) != 1:
        return False
    return node.children[0].children[0].type == "strong" and len(_plain(node)) <= 100


def _leaf(node: SyntaxTreeNode) -> str:
    """The text of a paragraph, a code block or a piece of HTML."""
    if node.type in ("fence", "code_block"):
        return node.content.strip("\n")
    if node.type == "html_block":
        return " ".join(TAG.sub(" ", _without_code(node.content)).split())
    return _plain(node)


def _items(node: SyntaxTreeNode, depth: int) -> Iterator[str]:
    """Lines of a list; what a point holds besides its text (lists, code, tables) is indented under it."""
    start = int(node.attrs.get("start", 1))
    for number, item in enumerate(node.children, start):
        mark = f"{number}. " if node.type == "ordered_list" else "- "
        for child in item.children:
            if child.type in ("bullet_list", "ordered_list"):
                yield from _items(child, depth + 1)
                continue
            text = _leaf(child) or _below(child)
            if text:
                yield "  " * depth + mark + text
                mark = "  "


def _below(node: SyntaxTreeNode) -> str:
    """All the text under a node, whatever it is."""
    return " ".join(text for child in node.children if (text := _leaf(child) or _below(child)))


def _plain(node: SyntaxTreeNode) -> str:
    """The words of a paragraph, heading or cell without their marks."""
    words = "".join(_inline(child) for child in node.children)
    return "\n".join(" ".join(line.split()) for line in words.split("\n")).strip()


def _inline(node: SyntaxTreeNode) -> str:
    if node.type in ("text", "code_inline"):
        return node.content
    if node.type == "softbreak":
        return " "
    if node.type == "hardbreak":
        return "\n"
    if node.type == "html_inline":
        return "\n" if node.content.lower().startswith("<br") else ""
    if node.type == "image":
        return node.content
    return "".join(_inline(child) for child in node.children)
