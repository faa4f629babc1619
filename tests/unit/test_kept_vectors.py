"""Kept vectors come back as they were put, and damage is named."""

from __future__ import annotations

import numpy as np
import pytest

from app.adapters.memory.blobs import MemoryBlobs
from app.adapters.vectors.index_names import slug
from app.adapters.vectors.kept import KeptInBlobs
from domain.errors import Unreadable
from domain.evidence import Space
from domain.ports import Vectors


def unit(n: int, seed: int = 0) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(n, 384)).astype(np.float32)
    units: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return units


def test_vectors_come_back_nearly_as_they_were_in_the_order_of_their_parts() -> None:
    kept, made = KeptInBlobs(MemoryBlobs()), unit(5)
    kept.keep("d", "text", "org/模型", 1, ["d.3", "d.4"], made[3:])
    kept.keep("d", "text", "org/模型", 0, ["d.0", "d.1", "d.2"], made[:3])
    ids, vectors = kept.load("d", "text", "org/模型")
    assert ids == [f"d.{n}" for n in range(5)]
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert (vectors * made).sum(axis=1).min() > 0.99999
    assert kept.load("d", "text", "org/模型", part=1)[0] == ["d.3", "d.4"]


def test_encoders_spaces_and_documents_are_apart() -> None:
    kept = KeptInBlobs(MemoryBlobs())
    kept.keep("d", "text", "a/b", 0, ["d.0"], unit(1))
    assert kept.has("d", "text", "a/b")
    for other in [("d", "text", "a_b"), ("d", "image", "a/b"), ("e", "text", "a/b")]:
        assert not kept.has(*other)  # type: ignore[arg-type]
        assert kept.load(*other)[0] == []  # type: ignore[arg-type]


def test_a_part_kept_again_replaces_the_former() -> None:
    kept = KeptInBlobs(MemoryBlobs())
    kept.keep("d", "text", "m", 0, ["d.0", "d.1"], unit(2))
    kept.keep("d", "text", "m", 0, ["d.2"], unit(1))
    assert kept.load("d", "text", "m")[0] == ["d.2"]


@pytest.mark.parametrize("spoil", ["cut", "empty", "noise", "flipped", "pickle"])
def test_a_damaged_blob_is_named_and_never_unpickled(spoil: str) -> None:
    blobs = MemoryBlobs()
    kept = KeptInBlobs(blobs)
    kept.keep("d", "text", "m", 0, ["d.0", "d.1"], unit(2))
    [key] = blobs.keys("documents/d")
    data = blobs.read(key)
    middle = len(data) // 2
    spoilt = {
        "cut": data[:middle],
        "empty": b"",
        "noise": b"x" * 1000,
        "flipped": data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :],
        "pickle": b"\x80\x04]\x94.",
    }[spoil]
    blobs.delete(key)
    blobs.put(key, spoilt)
    with pytest.raises(Unreadable, match=key):
        kept.load("d", "text", "m")


def test_of_two_encoders_vectors_only_the_wanted_are_kept() -> None:
    kept = KeptInBlobs(MemoryBlobs())
    made: list[tuple[Space, str]] = [("text", "a/old"), ("text", "new"), ("image", "clip")]
    for space, encoder in made:
        kept.keep("d", space, encoder, 0, ["d.0"], np.ones((1, 4), dtype=np.float32))
    kept.keep_only("d", {"text": "new", "image": "clip"})
    assert not kept.has("d", "text", "a/old")
    assert kept.has("d", "text", "new")
    assert kept.has("d", "image", "clip")
    kept.keep_only("nobody", {})


def test_what_is_not_numbers_is_not_kept() -> None:
    with pytest.raises(Unreadable, match="not numbers"):
        KeptInBlobs(MemoryBlobs()).keep("d", "text", "m", 0, ["d.0"], np.full((1, 4), np.nan, dtype=np.float32))


def test_different_names_have_different_slugs() -> None:
    names = ["", "_", "a", "A", "a/b", "a_b", "a.b", "a_2fb", "模型", "a" * 400, "a" * 401, "\ud800", " "]
    slugs = [slug(name) for name in names]
    assert len(set(slugs)) == len(names)
    assert all(0 < len(one) <= 120 and one.isascii() and not set(one) & set("./ ") for one in slugs)
