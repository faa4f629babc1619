"""How large a prompt may be: as the model's server says, corrected by what it counts and refuses."""

from __future__ import annotations

from answering.context.images import pictures_in
from answering.context.pack import tokens_of
from domain.answers import Prompt
from domain.errors import PromptTooLong, TooManyImages

# A prompt that we count a little too long may fit, and a refusal costs milliseconds; a passage that is left out for
# nothing costs an answer.
_DOUBT = 1.2
_LESS_DOUBT = 1.05  # once the server has counted prompts of ours
_REFUSED = 0.99  # of a refused prompt, when its length is not told: servers stop counting at their limit


class Budget:
    def __init__(self, images: int) -> None:
        self.images = images  # most of them in one prompt
        self._told: int | None = None  # tokens, as the server counts
        self._learned: float | None = None  # tokens, as we count
        self._a_token: float | None = None  # how many tokens the server counts in one of ours

    @property
    def tokens(self) -> float | None:
        """By our own estimate; None where no limit is known."""
        known = (one for one in (self._by_its_word(), self._learned) if one is not None)
        return min(known, default=None)

    def told(self, tokens: int | None) -> None:
        """A changed limit means another model: what was learned from the former one is dropped."""
        if tokens != self._told:
            self._told, self._learned, self._a_token = tokens, None, None

    def counted(self, prompt: Prompt, tokens: int) -> None:
        """Learns from the server's count of prompts without pictures: each model counts pictures in its own way."""
        if tokens and not pictures_in(prompt.messages):
            here = tokens / tokens_of(prompt.messages)
            self._a_token = here if self._a_token is None else (self._a_token + here) / 2

    def is_over(self, prompt: Prompt) -> bool:
        most = self.tokens
        return most is not None and tokens_of(prompt.messages) > most

    def refused(self, error: PromptTooLong | TooManyImages, prompt: Prompt, images: int) -> None:
        """Remembers a refusal: the next question begins with a prompt that the model accepts."""
        if isinstance(error, TooManyImages):
            self.images = max(0, min(images - 1, error.limit if error.limit is not None else images // 2))
        elif error.limit and error.needed:
            most = min(error.limit, self._told or error.limit)
            share = min(_REFUSED, most / error.needed)
            ours = tokens_of(prompt.messages) * share
            self._learned = ours if self._learned is None else min(self._learned, ours)

    def _by_its_word(self) -> float | None:
        if self._told is None:
            return None
        return self._told * (_DOUBT if self._a_token is None else _LESS_DOUBT / self._a_token)
