"""The size of texts, as a share of a chunk."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

WORDS = 180  # in a chunk: found to retrieve better than smaller and larger ones
CJK = 350  # characters of Chinese, Japanese or Korean in a chunk
HEADING_TOKENS = 32  # kept free for the headings that a chunk stands under
LEAST_TOKENS = 48  # for the text itself, whatever the context takes
MOST_KNOWN = 20_000  # texts whose size is remembered

CJK_LETTER = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
WORD = re.compile(r"[^\s\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+")

CountTokens = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True, slots=True)
class Measure:
    """The size of texts as a share of a chunk: by words and characters, and by the encoder's tokens where it
    reads the script (an encoder that makes unknown tokens of Chinese does not limit it)."""

    count_tokens: CountTokens
    max_tokens: int
    known: dict[str, float] = field(default_factory=dict)

    def many(self, texts: Sequence[str]) -> list[float]:
        """Each text is counted once: cutting asks for the same sentences again, and calls cost more than texts."""
        new = [text for text in dict.fromkeys(texts) if text not in self.known]
        if new:
            if len(self.known) > MOST_KNOWN:
                self.known.clear()
                new = list(dict.fromkeys(texts))
            tokens = self.count_tokens(new)
            self.known.update((text, self._size(text, n)) for text, n in zip(new, tokens, strict=True))
        return [self.known[text] for text in texts]

    def one(self, text: str) -> float:
        return self.many([text])[0]

    def _size(self, text: str, tokens: int) -> float:
        cjk, words = len(CJK_LETTER.findall(text)), len(WORD.findall(text))
        share = words / WORDS + cjk / CJK
        return share if cjk > words else max(share, tokens / self.max_tokens)


def measure_for(title: str, count_tokens: CountTokens, max_tokens: int) -> Measure:
    """`title`: each chunk is encoded with it, and with the headings that it stands under."""
    context = count_tokens([title])[0]
    return Measure(count_tokens, max(LEAST_TOKENS, max_tokens - context - HEADING_TOKENS))
