"""What is done to pictures in two halves and on several threads is what open_clip would have done in one."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from app.adapters.encoders import clip
from app.adapters.encoders.clip import BUNDLED, ClipEncoder, loaded
from app.adapters.encoders.clip_pixels import Pixels
from app.adapters.encoders.decoding import small_picture
from domain.errors import Unreadable

SIZES = ((400, 300), (90, 500), (500, 40), (128, 128), (129, 200), (3, 2), (640, 641))


@pytest.fixture(scope="module")
def model() -> tuple[Any, Any, Any]:
    return loaded(f"local-dir:{BUNDLED}")


@pytest.fixture
def encoder(model: tuple[Any, Any, Any], monkeypatch: pytest.MonkeyPatch) -> Callable[[], ClipEncoder]:
    """In float32: trying the other number formats takes a slow processor minutes."""
    import torch

    monkeypatch.setattr(clip, "_faster", lambda tower, side: (tower, torch.float32))
    return lambda: ClipEncoder("ours", *model, threshold=0.2)


@pytest.fixture
def pixels(model: tuple[Any, Any, Any]) -> Callable[[int], Pixels]:
    import torch

    side = model[0].visual.image_size
    height, width = side if isinstance(side, tuple) else (side, side)
    return lambda threads: Pixels(model[1], (height, width), torch.device("cpu"), torch.float32, threads)


def pictures() -> list[Image.Image]:
    return [Image.linear_gradient("L").resize(size).convert("RGB") for size in SIZES]


def png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("threads", [1, 3, 32])
def test_they_are_open_clips_own(model: tuple[Any, Any, Any], pixels: Callable[[int], Pixels], threads: int) -> None:
    import torch

    expected = torch.stack([model[1](picture) for picture in pictures()])
    found = pixels(threads)(pictures(), lambda picture: picture)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


def test_the_first_of_several_that_cannot_be_read_is_told(pixels: Callable[[int], Pixels]) -> None:
    files = [png(picture) for picture in pictures()]
    files[2], files[5] = b"nothing", files[5][:60]
    with pytest.raises(Unreadable, match="no format"):
        pixels(4)(files, lambda data: small_picture(data, 128))


def test_more_pictures_than_a_batch_come_back_in_their_order(encoder: Callable[[], ClipEncoder]) -> None:
    import numpy as np

    ours = encoder()
    whole = ours.encode_pictures(pictures())
    ours._batch = 3
    assert np.sum(ours.encode_pictures(pictures()) * whole, axis=1).min() > 0.9999


def test_a_gpu_without_room_leaves_the_model_on_the_cpu(
    encoder: Callable[[], ClipEncoder], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    def full(*_: object) -> torch.dtype:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(clip, "_on_gpu", full)
    assert encoder().encode_pictures(pictures()).shape[0] == len(SIZES)
