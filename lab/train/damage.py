"""Simulates what happens to figures on their way into documents: crops, scaling, rotation, noise, blur, JPEG, light."""

from __future__ import annotations

import io
import random

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter


def damaged(picture: Image.Image, rng: random.Random) -> Image.Image:
    """`picture` is RGB. Its caption stays true."""
    for chance, harm in (
        (0.5, _cropped),
        (0.15, _rotated),
        (0.35, _rescaled),
        (0.4, _relit),
        (0.12, _blurred),
        (0.2, _noisy),
        (0.25, _recompressed),
    ):
        if rng.random() < chance:
            picture = harm(picture, rng)
    return picture


def _cropped(picture: Image.Image, rng: random.Random) -> Image.Image:
    """Up to a tenth off each side, or a white margin added."""
    most = 0.1 if rng.random() < 0.7 else -0.12
    w, h = picture.size
    left, top, right, bottom = (rng.uniform(0, most) if most > 0 else rng.uniform(most, 0) for _ in range(4))
    x, y = round(left * w), round(top * h)
    size = max(8, round((1 - left - right) * w)), max(8, round((1 - top - bottom) * h))
    if most > 0:
        return picture.crop((x, y, x + size[0], y + size[1]))
    wider = Image.new("RGB", size, "white")
    wider.paste(picture, (-x, -y))
    return wider


def _rotated(picture: Image.Image, rng: random.Random) -> Image.Image:
    return picture.rotate(rng.uniform(-4, 4), Image.Resampling.BILINEAR, fillcolor="white")


def _rescaled(picture: Image.Image, rng: random.Random) -> Image.Image:
    scale, stretch = rng.uniform(0.4, 1), rng.uniform(0.85, 1.18)
    return picture.resize(
        (max(8, round(picture.width * scale * stretch)), max(8, round(picture.height * scale / stretch))),
        rng.choice((Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)),
    )


def _relit(picture: Image.Image, rng: random.Random) -> Image.Image:
    picture = ImageEnhance.Brightness(picture).enhance(rng.uniform(0.75, 1.15))
    picture = ImageEnhance.Contrast(picture).enhance(rng.uniform(0.7, 1.3))
    return ImageEnhance.Color(picture).enhance(0.0 if rng.random() < 0.08 else rng.uniform(0.5, 1.4))


def _blurred(picture: Image.Image, rng: random.Random) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.2)))


def _noisy(picture: Image.Image, rng: random.Random) -> Image.Image:
    noise = np.random.default_rng(rng.randrange(2**32)).normal(
        0, rng.uniform(3, 16), (picture.height, picture.width, 1)
    )
    return Image.fromarray((np.asarray(picture) + noise).clip(0, 255).astype(np.uint8))


def _recompressed(picture: Image.Image, rng: random.Random) -> Image.Image:
    raw = io.BytesIO()
    picture.save(raw, "JPEG", quality=rng.randint(15, 80))
    return Image.open(raw).convert("RGB")


def squared(picture: Image.Image, side: int) -> Image.Image:
    """The whole picture in the middle of a white square: a figure's edges matter too much to be cropped away."""
    scale = side / max(picture.size)
    small = picture.resize(
        (max(1, round(picture.width * scale)), max(1, round(picture.height * scale))), Image.Resampling.BICUBIC
    )
    square = Image.new("RGB", (side, side), "white")
    square.paste(small, ((side - small.width) // 2, (side - small.height) // 2))
    return square
