"""The in-memory twin of a generator: says what it was told to say, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from domain.answers import Delta, Prompt, Usage
from domain.errors import ExhibitError


class MemoryGenerator:
    """Each answer is a script: pieces of text, or an error that is raised when its turn comes.

    The last script is repeated. `abandoned` counts answers that were closed before their end.
    """

    def __init__(self, *scripts: Sequence[str | ExhibitError], model: str = "scripted") -> None:
        self._scripts = [tuple(script) for script in scripts] or [("It is so [1].",)]
        self._model = model
        self.takes: int | None = None  # tokens
        self.prompts: list[Prompt] = []
        self.abandoned = 0

    @property
    def model(self) -> str:
        return self._model

    async def room(self) -> int | None:
        return self.takes

    async def generate(self, prompt: Prompt) -> AsyncIterator[Delta]:
        script = self._scripts[min(len(self.prompts), len(self._scripts) - 1)]
        self.prompts.append(prompt)
        ended = False
        try:
            for step in script:
                if isinstance(step, ExhibitError):
                    ended = True
                    raise step
                yield Delta(step)
            ended = True
            yield Delta(usage=Usage(_words(prompt), len(script)))
        finally:
            self.abandoned += not ended

    async def aclose(self) -> None:
        """Nothing is held."""


def _words(prompt: Prompt) -> int:
    return sum(len(message.text.split()) for message in prompt.messages)
