"""What a generator says, on its way to the reader: control words, markers that point nowhere and foreign links go."""

from __future__ import annotations

from app.domain.types import Notice, Prompt, TextPart
from prompts.links import LinkFilter
from prompts.markers import MarkerFilter
from prompts.neutral import OutputFilter
from prompts.suspicion import suspicions


class Screen:
    """Fed piece by piece; gives back what may be shown. `notices` tells what was taken out, and of what to beware."""

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt
        self._control = OutputFilter()
        self._markers = MarkerFilter(len(prompt.evidence))
        self._links = LinkFilter([*_shown(prompt), prompt.question])

    def feed(self, text: str) -> str:
        return self._links.feed(self._markers.feed(self._control.feed(text)))

    def end(self) -> str:
        rest = self._markers.feed(self._control.end()) + self._markers.end()
        return self._links.feed(rest) + self._links.end()

    @property
    def notices(self) -> tuple[Notice, ...]:
        found = []
        if count := self._markers.removed:
            found.append(Notice("markers_removed", f"{count} markers that pointed at no evidence were removed."))
        if count := self._links.removed:
            found.append(Notice("links_removed", f"{count} links or pictures that no evidence holds were removed."))
        if numbers := [n for n, one in enumerate(self._prompt.evidence, start=1) if suspicions(one.chunk.text)]:
            which = ", ".join(f"[{n}]" for n in numbers)
            found.append(
                Notice("suspicious_text", f"Text in {which} reads like instructions to a model; it was only quoted.")
            )
        return tuple(found)


def _shown(prompt: Prompt) -> list[str]:
    """The user's own words count too: an address that they gave may be repeated."""
    own = [part.text for message in prompt.messages for part in message.parts if isinstance(part, TextPart)]
    return [one.chunk.text for one in prompt.evidence] + own
