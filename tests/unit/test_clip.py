"""What guards the weights of the image model, and what is said where they can't be had."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from app.adapters.encoders import clip
from domain.errors import BadConfiguration, ModelUnavailable


def a_copy(folder: Path) -> Path:
    return Path(shutil.copytree(clip.BUNDLED, folder / "model"))


def test_the_shipped_model_fits_into_20_mb() -> None:
    assert sum(path.stat().st_size for path in clip.BUNDLED.iterdir()) < 20_000_000


def test_other_weights_than_the_card_names_are_refused(tmp_path: Path) -> None:
    folder = a_copy(tmp_path)
    weights = folder / clip.Card.read(folder).weights
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(BadConfiguration, match="sha256"):
        clip.bundled(folder)


@pytest.mark.parametrize("damage", ["", "{}", '{"name": "x"}', "[]", '{"name": 1'])
def test_a_damaged_card_is_a_sentence(tmp_path: Path, damage: str) -> None:
    (tmp_path / clip.CARD).write_text(damage, "utf-8")
    with pytest.raises(ModelUnavailable, match="card"):
        clip.bundled(tmp_path)


def test_missing_weights_are_a_sentence(tmp_path: Path) -> None:
    folder = a_copy(tmp_path)
    (folder / clip.Card.read(folder).weights).unlink()
    with pytest.raises(ModelUnavailable, match="missing"):
        clip.bundled(folder)


def test_a_model_that_cannot_be_fetched_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelUnavailable, match="can't be loaded") as refusal:
        clip.from_hub(f"local-dir:{tmp_path / 'nowhere'}")
    assert "\n" not in str(refusal.value)


@pytest.fixture(scope="module")
def shipped() -> clip.ClipEncoder:
    """Made once: it tries number formats."""
    return clip.bundled()


def test_the_name_changes_with_the_weights(shipped: clip.ClipEncoder) -> None:
    card = clip.Card.read(clip.BUNDLED)
    assert shipped.name == f"{card.name}@{card.sha256[:8]}"


def test_the_shipped_model_tells_kinds_of_charts_apart(shipped: clip.ClipEncoder) -> None:
    encoder = shipped
    pie, bars = Image.new("RGB", (200, 150), "white"), Image.new("RGB", (200, 150), "white")
    _draw_pie(pie)
    _draw_bars(bars)
    vectors = encoder.encode_pictures([pie, bars])
    for texts in (("pie chart", "bar chart"), ("饼图", "柱状图")):
        similarity = encoder.encode_texts(texts) @ vectors.T  # (text, picture)
        assert similarity[0, 0] > similarity[0, 1]
        assert similarity[1, 1] > similarity[1, 0]


def _draw_pie(picture: Image.Image) -> None:
    for start, end, colour in ((0, 100, "#1f77b4"), (100, 220, "#ff7f0e"), (220, 360, "#2ca02c")):
        ImageDraw.Draw(picture).pieslice((45, 20, 155, 130), start, end, fill=colour)


def _draw_bars(picture: Image.Image) -> None:
    pen = ImageDraw.Draw(picture)
    for i, tall in enumerate((60, 95, 40, 110, 75)):
        pen.rectangle((30 + i * 30, 135 - tall, 50 + i * 30, 135), fill="#1f77b4")
    pen.line((22, 15, 22, 136, 190, 136), fill="black")


def test_a_sigmoid_model_states_its_own_threshold() -> None:
    import torch

    class Siglip:
        logit_bias = torch.tensor(-16.5)
        logit_scale = torch.tensor(np.log(112.0))

    assert clip.stated_threshold(Siglip()) == pytest.approx(0.106, abs=0.001)


def test_the_card_is_plain_json_with_a_similarity() -> None:
    stated = json.loads((clip.BUNDLED / clip.CARD).read_text("utf-8"))
    assert 0 < stated["threshold"] < 1
