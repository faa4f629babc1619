"""Texts to token ids with the Rust tokenizer, thousands at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

_LONGEST_WORD = 100  # characters: BERT's tokenizer makes a longer word one unknown token
WIDTHS = 16  # batches are padded to a multiple of these tokens: OpenVINO keeps kernels and buffers for each width
_UNKNOWN = ("[UNK]", "<unk>")
_PADDING = ("[PAD]", "<pad>")


class Tokens:
    """Thread-safe: the tokenizers are not changed after construction."""

    def __init__(self, tokenizer: str, max_tokens: int) -> None:
        """`tokenizer` is the JSON of the `tokenizers` library."""
        self._cutting = Tokenizer.from_str(tokenizer)
        self._cutting.no_padding()
        self._cutting.enable_truncation(max_tokens)
        self._whole = Tokenizer.from_str(tokenizer)
        self._whole.no_padding()
        self._whole.no_truncation()
        self._padding = _first_id(self._whole, _PADDING, default=0)
        self._unknown = _first_id(self._whole, _UNKNOWN, default=-1)
        self._max_tokens = max_tokens
        self._most_letters = max_tokens * _LONGEST_WORD

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """With start and end tokens, cut at the model's maximum."""
        cut = [storable(text[: self._most_letters]) for text in texts]
        return [encoding.ids for encoding in self._cutting.encode_batch_fast(cut)]

    def count(self, texts: Sequence[str]) -> list[int]:
        """With start and end tokens, uncut: a text whose count fits is encoded completely."""
        return [len(encoding.ids) for encoding in self._whole.encode_batch_fast([storable(text) for text in texts])]

    def unknown_share(self, text: str) -> float:
        """Share of unknown tokens; 1 if there are no words."""
        cut = storable(text[: self._most_letters])
        encoding = self._cutting.encode(cut, add_special_tokens=False)
        words = [
            known
            for token, known in zip(encoding.tokens, (number != self._unknown for number in encoding.ids), strict=True)
            if not known or any(letter.isalnum() for letter in token)
        ]
        return 1 - sum(words) / len(words) if words else 1.0

    def padded(self, ids: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(n, longest, rounded up) ids and attention mask."""
        lengths = np.array([len(each) for each in ids])
        width = min(-(-int(lengths.max()) // WIDTHS) * WIDTHS, self._max_tokens)
        mask = np.arange(width)[None, :] < lengths[:, None]
        padded = np.full(mask.shape, self._padding, np.int64)
        padded[mask] = np.concatenate([np.asarray(each, np.int64) for each in ids])
        return padded, mask.astype(np.int64)


def storable(text: str) -> str:
    """Without lone surrogates, which can't be encoded in UTF-8 for the tokenizer."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _first_id(tokenizer: Tokenizer, names: Sequence[str], default: int) -> int:
    found = [number for name in names if (number := tokenizer.token_to_id(name)) is not None]
    return found[0] if found else default
