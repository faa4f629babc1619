"""What every text encoder keeps to, and what ours owes to sentence-transformers in any number format."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from app.adapters.encoders.calibration_texts import probe_texts
from app.adapters.encoders.model_files import bundled_minilm
from app.adapters.encoders.text import in_torch, load_text_encoder
from app.adapters.encoders.text_runtime import load
from app.adapters.memory.encoders import MemoryTextEncoder
from domain.ports import TextEncoder

CHINESE = "第三季度收入增长百分之十二，毛利率因运费上涨而下降。"
HOSTILE = ["", " ", "\x00", "\ud800 alone", "a" * 300_000, "😀" * 1_000, "\u202e" * 50, "[CLS] [UNK] [SEP]", CHINESE]


@pytest.fixture(scope="module")
def chosen(request: pytest.FixtureRequest) -> TextEncoder:
    """As the service loads it; the probe's outcome is kept between test runs."""
    return load_text_encoder("bundled", request.config.cache.mkdir("encoders"), threads=2)


@pytest.fixture(scope="module")
def float32() -> TextEncoder:
    return in_torch(bundled_minilm(), "float32", threads=2)


@pytest.fixture(scope="module", params=["memory", "float32", "chosen"])
def encoder(request: pytest.FixtureRequest) -> Any:
    return MemoryTextEncoder() if request.param == "memory" else request.getfixturevalue(request.param)


def test_each_text_gets_a_unit_row_in_the_order_given(encoder: TextEncoder) -> None:
    texts = probe_texts(8)
    vectors = encoder.encode(texts)
    assert vectors.shape == (len(texts), encoder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    alone = np.stack([encoder.encode_query(text) for text in texts])
    assert np.sum(vectors * alone, axis=1).min() > 0.98  # company changes the padding, not the meaning
    assert list(np.argmax(vectors @ alone.T, axis=1)) == list(range(len(texts)))


def test_no_texts_are_no_rows(encoder: TextEncoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.dimensions)
    assert encoder.count_tokens([]) == []


def test_what_is_alike_lands_close(encoder: TextEncoder) -> None:
    question = encoder.encode_query("When does the ferry leave the harbour?")
    near, far = encoder.encode(["The ferry leaves the harbour at six.", "Rub the butter into the flour."])
    assert question @ near > question @ far + 0.2


def test_hostile_texts_are_encoded_like_any_other(encoder: TextEncoder) -> None:
    vectors = encoder.encode(HOSTILE)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert len(encoder.count_tokens(HOSTILE)) == len(HOSTILE)


def test_what_lies_beyond_the_longest_text_does_not_count(encoder: TextEncoder) -> None:
    start = "storm " * encoder.max_tokens
    one, other = encoder.encode([start + "butter and flour", start + "harbour"])
    assert one @ other > 0.9999


def test_tokens_are_counted_whole_with_start_and_end(encoder: TextEncoder) -> None:
    assert encoder.count_tokens(["", "the ferry", "word " * 1000]) == [2, 4, 1002]


def test_it_sees_english_and_no_chinese(encoder: TextEncoder) -> None:
    assert encoder.sees("The ferry leaves at 6:15 — see Figure 7 (50 %).")
    assert not any(encoder.sees(text) for text in (CHINESE, "这份报告有多少页？", "", "  \n", "?!", "😀😀"))


def test_threads_share_it(encoder: TextEncoder) -> None:
    texts = probe_texts(5)
    expected = encoder.encode(texts)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(lambda _: encoder.encode(texts), range(8)):
            np.testing.assert_allclose(vectors, expected, atol=2e-2)


def test_float32_is_what_sentence_transformers_encodes(float32: TextEncoder) -> None:
    texts = [*probe_texts(8), "", "  spaces  around  ", CHINESE, "word " * 400]
    model = load(bundled_minilm().folder, threads=2)
    expected = model.module.encode(texts, normalize_embeddings=True)
    np.testing.assert_allclose(float32.encode(texts), expected, atol=1e-5)


@pytest.mark.parametrize("number_format", ["bfloat16", "chosen"])
def test_other_number_formats_stay_close_to_float32(
    number_format: str, float32: TextEncoder, request: pytest.FixtureRequest
) -> None:
    texts = probe_texts(8)
    other: TextEncoder = (
        request.getfixturevalue("chosen") if number_format == "chosen" else in_torch(bundled_minilm(), "bfloat16")
    )
    cosines = np.sum(other.encode(texts) * float32.encode(texts), axis=1)
    assert cosines.mean() >= 0.995
    assert cosines.min() >= 0.98
    assert other.name == float32.name == "all-MiniLM-L6-v2@53aa5117"
