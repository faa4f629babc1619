"""What is encoded at once: everything, once, in batches no larger than they may be."""

from __future__ import annotations

import pytest

from app.adapters.encoders.text import ON_CPU, ON_GPU, Batches, _batches

LENGTHS = [(n * 37) % 1024 + 1 for n in range(700)]


@pytest.mark.parametrize("most", [ON_CPU, ON_GPU, Batches(texts=1, tokens=1)])
def test_each_text_is_in_one_batch_of_bounded_size(most: Batches) -> None:
    batches = list(_batches(LENGTHS, most))
    assert sorted(at for batch in batches for at in batch) == list(range(len(LENGTHS)))
    for batch in batches:
        assert len(batch) <= most.texts
        assert len(batch) == 1 or len(batch) * max(LENGTHS[at] for at in batch) <= most.tokens


def test_a_gpu_is_given_more_at_once() -> None:
    assert len(list(_batches(LENGTHS, ON_GPU))) < len(list(_batches(LENGTHS, ON_CPU))) / 4
