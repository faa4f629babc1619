"""What a prompt may hold: told by the model's server, and learned from what it refuses."""

from __future__ import annotations

from app.domain.errors import PromptTooLong, TooManyImages
from app.domain.types import Prompt
from app.services.pack import tokens_of

# Our count is rough. A prompt that is told to be a little too long may fit, and a refusal costs milliseconds; a passage
# that is left out for nothing costs an answer.
_DOUBT = 1.2


class Budget:
    def __init__(self, images: int) -> None:
        self.images = images  # most of them in one prompt
        self._told: int | None = None  # tokens, as the server counts
        self._learned: float | None = None  # tokens, as we count

    @property
    def tokens(self) -> float | None:
        """As we count; None: nobody knows."""
        told = None if self._told is None else self._told * _DOUBT
        return min((one for one in (told, self._learned) if one is not None), default=None)

    def told(self, tokens: int | None) -> None:
        """Another number than before is another model: what the former refused says nothing of it."""
        if tokens != self._told:
            self._told, self._learned = tokens, None

    def is_over(self, prompt: Prompt) -> bool:
        most = self.tokens
        return most is not None and tokens_of(prompt.messages) > most

    def refused(self, error: PromptTooLong | TooManyImages, prompt: Prompt, images: int) -> None:
        """A refusal is remembered, so that the next question begins with what the model takes."""
        if isinstance(error, TooManyImages):
            self.images = max(0, min(images - 1, error.limit if error.limit is not None else images // 2))
        elif error.limit and error.needed:
            ours = tokens_of(prompt.messages) * error.limit / error.needed
            self._learned = ours if self._learned is None else min(self._learned, ours)
