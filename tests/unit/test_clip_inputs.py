"""Pixels and token ids are those that open_clip makes itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.adapters.encoders import clip
from app.adapters.encoders.clip_inputs import CONFIG, read_inputs
from domain.errors import ModelUnavailable

SIZES = [(400, 300), (300, 400), (511, 4), (4, 511), (1, 1), (3, 2), (128, 128), (127, 129), (129, 127), (200, 199)]
OTHER_MODES = ["1", "LA", "RGBA", "CMYK", "P"]
TEXTS = {
    "none": "",
    "blank": " \n\t\u3000 ",
    "english": "A Bar Chart of Revenue (2019\u20132025), in M€",
    "chinese": "第三季度收入增长百分之十二，毛利率因运费上涨而下降。",
    "traditional and full width": "長條圖　ＡＢＣ１２３",
    "emoji": "\U0001f4ca 🏳️‍🌈 👩‍👩‍👧 up",
    "very long": "long words and 很长 " * 5_000,
    "one long word": "a" * 100_000,
    "control characters": "a\x00b\x07c\x1b[31m\u202e\ufeff\u200b d\r\n\x85e\u2028f",
    "lone surrogates": "\ud83d chart \udcca\ud83d",
    "split surrogates": "\ud83d\udcca chart",
    "names of its own tokens": "<start> <pad> <end> chart <end><end>",
    "mojibake": "schÃ¶n â€œquotedâ€\x9d",
    "entities": "R&amp;amp;D &lt;b&gt; &#xd83d; &nbsp;x",
    "combining": "e\u0301 \ufb01 \u00bd ½ \u1e9b\u0323",
    "exactly the context": "x " * 30,
    "one more": "x " * 31,
}


@pytest.fixture(scope="module")
def open_clips() -> tuple[Any, Any]:
    _, preprocess, tokenize = clip.loaded(f"local-dir:{clip.BUNDLED}")
    return preprocess, tokenize


def noise(mode: str, size: tuple[int, int]) -> Image.Image:
    values = np.random.default_rng(size[0]).integers(0, 255, (size[1], size[0], 3), np.uint8)
    return Image.fromarray(values).convert(mode)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("size", SIZES)
def test_pixels_are_open_clips(open_clips: tuple[Any, Any], mode: str, size: tuple[int, int]) -> None:
    picture = noise(mode, size)
    ours = read_inputs(clip.BUNDLED)[0].pixels([picture])
    assert ours.shape == (1, 3, *open_clips[0](picture).shape[1:])
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours[0], open_clips[0](picture).numpy(), atol=1e-5)


@pytest.mark.parametrize("mode", OTHER_MODES)
def test_other_modes_become_rgb_first(open_clips: tuple[Any, Any], mode: str) -> None:
    picture = noise("RGB", (300, 90)).quantize(17) if mode == "P" else noise(mode, (300, 90))
    ours = read_inputs(clip.BUNDLED)[0].pixels([picture])[0]
    np.testing.assert_allclose(ours, open_clips[0](picture.convert("RGB")).numpy(), atol=1e-5)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_token_ids_are_open_clips(open_clips: tuple[Any, Any], text: str) -> None:
    np.testing.assert_array_equal(read_inputs(clip.BUNDLED)[1].ids([text]), open_clips[1]([text]).numpy())


def test_texts_in_company_get_the_same_ids(open_clips: tuple[Any, Any]) -> None:
    texts = list(TEXTS.values())
    np.testing.assert_array_equal(read_inputs(clip.BUNDLED)[1].ids(texts), open_clips[1](texts).numpy())


@pytest.mark.parametrize("config", ["", "[]", "{}", '{"model_cfg": {}, "preprocess_cfg": {}}'])
def test_a_damaged_config_is_a_sentence(tmp_path: Path, config: str) -> None:
    (tmp_path / CONFIG).write_text(config, "utf-8")
    with pytest.raises(ModelUnavailable, match="no readable"):
        read_inputs(tmp_path)


def test_another_way_of_taking_pictures_is_refused(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(clip.BUNDLED, tmp_path / "model"))
    config = json.loads((folder / CONFIG).read_text("utf-8"))
    config["preprocess_cfg"]["resize_mode"] = "shortest"
    (folder / CONFIG).write_text(json.dumps(config), "utf-8")
    with pytest.raises(ModelUnavailable, match="only open_clip"):
        read_inputs(folder)
