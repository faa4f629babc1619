"""Encoders for tests, in memory and deterministic: what looks alike lands close together, and nothing is loaded."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from PIL import Image

from domain.errors import Unreadable
from domain.ports import Tokens, Vector, Vectors

_WORD = re.compile(r"[a-z0-9]+|[^\W\d_]", re.IGNORECASE)
_LATIN = re.compile(r"[\x00-\u024f]")
_COLOURS = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
}


class MemoryTextEncoder:
    """A hashed bag of words and letter triples; like the model it stands for, it reads Latin script only."""

    name = "memory-words"
    dimensions = 128
    max_tokens = 256

    def encode(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        return np.stack([_hashed(_features(text, self.max_tokens), self.dimensions) for text in texts])

    def encode_query(self, text: str) -> Vector:
        vector: Vector = self.encode([text])[0]
        return vector

    def encode_tokens(self, texts: Sequence[str]) -> tuple[Vectors, list[Tokens]]:
        return self.encode(texts), [self._tokens(text) for text in texts]

    def _tokens(self, text: str) -> Tokens:
        words = ["[start]", *_WORD.findall(text.casefold())[: self.max_tokens], "[end]"]
        ids = [int.from_bytes(hashlib.sha256(word.encode()).digest()[:2], "big") for word in words]
        return Tokens(np.array(ids, np.int64), self.encode(words))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(_WORD.findall(text)) + 2 for text in texts]  # a start and an end, as the model has

    def token_counter(self) -> Callable[[Sequence[str]], list[int]]:
        return self.count_tokens

    def sees(self, text: str) -> bool:
        words = _WORD.findall(text)
        unknown = sum(1 for word in words if not _LATIN.match(word))
        return bool(words) and unknown <= 0.2 * len(words)


class MemoryImageEncoder:
    """The coarse colours of a picture; a text is near the pictures in the colours that it names."""

    name = "memory-colours"
    dimensions = 4 * 4 * 3 + 1
    threshold = 0.75

    def encode_images(self, images: Sequence[bytes]) -> Vectors:
        if not images:
            return np.zeros((0, self.dimensions), np.float32)
        return np.stack([_colours(image) for image in images])

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        return (
            np.stack([self._of_words(text) for text in texts]) if texts else np.zeros((0, self.dimensions), np.float32)
        )

    def _of_words(self, text: str) -> Vector:
        named = [_COLOURS[word] for word in _WORD.findall(text.lower()) if word in _COLOURS]
        if not named:
            return _hashed([text], self.dimensions)
        return _of_colours(np.tile(np.mean(named, axis=0), (16, 1)))


def _features(text: str, most: int) -> Iterable[str]:
    for word in _WORD.findall(text.lower())[:most]:
        yield word
        yield from (f"#{word[at : at + 3]}" for at in range(len(word) - 2))


def _hashed(features: Iterable[str], dimensions: int) -> Vector:
    vector = np.zeros(dimensions, np.float32)
    vector[0] = 1e-3  # an empty text has a direction too
    for feature in features:
        digest = hashlib.blake2b(feature.encode(errors="replace"), digest_size=4).digest()
        vector[int.from_bytes(digest, "big") % dimensions] += 1
    return _unit(vector)


def _colours(image: bytes) -> Vector:
    try:
        with Image.open(io.BytesIO(image)) as picture:
            return _of_colours(np.asarray(picture.convert("RGB").resize((4, 4), Image.Resampling.BOX)))
    except Exception as error:  # Pillow raises a dozen kinds, none with a common base
        raise Unreadable("The picture can't be decoded") from error


def _of_colours(pixels: np.ndarray) -> Vector:
    centred = pixels.astype(np.float32).ravel() / 127.5 - 1
    return _unit(np.append(centred, np.float32(0.1)))  # a mid-grey picture has a direction too


def _unit(vector: np.ndarray) -> Vector:
    unit: Vector = (vector / np.linalg.norm(vector)).astype(np.float32)
    return unit
