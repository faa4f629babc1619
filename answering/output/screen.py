"""Filters a generator's text as it streams: control words, markers that point nowhere and foreign links."""

from __future__ import annotations

from answering.output.links import LinkFilter
from answering.output.suspicion import suspicions
from domain.answers import Noticed, Prompt, TextPart
from prompts.markers import MarkerFilter
from prompts.neutral import OutputFilter


class Screen:
    """Takes text piece by piece, returns what may be shown. `noticed`: what was taken out, and suspicious evidence."""

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt
        self._control = OutputFilter()
        self._markers = MarkerFilter(len(prompt.evidence))
        self._links = LinkFilter([*_shown(prompt), prompt.question.standalone.text])

    def feed(self, text: str) -> str:
        return self._links.feed(self._markers.feed(self._control.feed(text)))

    def end(self) -> str:
        rest = self._markers.feed(self._control.end()) + self._markers.end()
        return self._links.feed(rest) + self._links.end()

    @property
    def noticed(self) -> tuple[Noticed, ...]:
        found = []
        if count := self._markers.removed:
            found.append(Noticed("markers_removed", count=count))
        if count := self._links.removed:
            found.append(Noticed("links_removed", count=count))
        shown = enumerate((one.chunk for one in self._prompt.evidence), start=1)
        if numbers := [n for n, chunk in shown if chunk.obscured or suspicions(chunk.text)]:
            found.append(Noticed("suspicious_text", which=tuple(numbers)))
        return tuple(found)


def _shown(prompt: Prompt) -> list[str]:
    """The texts whose links are allowed: evidence, and the user's own messages."""
    own = [part.text for message in prompt.messages for part in message.parts if isinstance(part, TextPart)]
    return [one.chunk.text for one in prompt.evidence] + own
