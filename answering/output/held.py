"""Holds an answer back while it may still be the sentence of an abstention, which is worded only when it is whole."""

from __future__ import annotations

from prompts.answer import begins_abstaining


class Held:
    def __init__(self) -> None:
        self._held = ""
        self._passes = False

    def feed(self, text: str) -> str:
        """What may be shown now."""
        if self._passes:
            return text
        self._held += text
        if begins_abstaining(self._held):
            return ""
        self._passes = True
        return self._held

    def end(self) -> str:
        """What was held back to the end."""
        return "" if self._passes else self._held
