"""Inputs of the bundled CLIP, pixels and token ids, made without torch and equal to open_clip's."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import ftfy
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tokenizers import Tokenizer

from domain.errors import ModelUnavailable

CONFIG: Final = "open_clip_config.json"
TOKENIZER: Final = "tokenizer.json"
_ONE_WAY: Final = {"resize_mode": "longest", "interpolation": "bicubic"}  # the only preprocessing implemented here

Pixels = NDArray[np.float32]  # (n, 3, side, side)
Ids = NDArray[np.int64]  # (n, context)


@dataclass(frozen=True, slots=True)
class PictureInputs:
    """Pictures fitted into a square and padded."""

    side: int
    fill: int
    mean: NDArray[np.float32]  # (3,)
    spread: NDArray[np.float32]  # (3,)

    def pixels(self, pictures: Sequence[Image.Image]) -> Pixels:
        fitted = np.stack([np.asarray(self._fitted(picture)) for picture in pictures])  # (n, side, side, 3)
        scaled = (fitted.astype(np.float32) / 255 - self.mean) / self.spread
        return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))

    def _fitted(self, picture: Image.Image) -> Image.Image:
        picture = picture.convert("RGB")
        ratio = max(picture.size) / self.side
        width, height = (round(length / ratio) for length in picture.size)
        square = Image.new("RGB", (self.side, self.side), (self.fill,) * 3)
        resized = picture.resize((width, height), Image.Resampling.BICUBIC)
        square.paste(resized, ((self.side - width) // 2, (self.side - height) // 2))
        return square


class Texts:
    """Texts cleaned, unescaped and cut at the context length. Thread-safe: not changed after construction."""

    def __init__(self, tokenizer: str, context: int, padding: int) -> None:
        """`tokenizer` is the JSON of the `tokenizers` library."""
        self._context = context
        self._tokenizer = Tokenizer.from_str(tokenizer)
        self._tokenizer.enable_truncation(context)
        self._tokenizer.enable_padding(length=context, pad_id=padding)

    def ids(self, texts: Sequence[str]) -> Ids:
        encoded = self._tokenizer.encode_batch_fast([_cleaned(text) for text in texts])
        return np.array([each.ids for each in encoded], np.int64).reshape(len(texts), self._context)


def read_inputs(folder: Path) -> tuple[PictureInputs, Texts]:
    """By the model's own files. Raises ModelUnavailable if they need preprocessing that only open_clip has."""
    try:
        config = json.loads((folder / CONFIG).read_text("utf-8"))
        model, how = config["model_cfg"], config["preprocess_cfg"]
        if any(how[name] != value for name, value in _ONE_WAY.items()):
            raise ModelUnavailable(f"The image model in {folder} takes pictures in a way that only open_clip knows.")
        mean, spread = (np.array(how[name], np.float32) for name in ("mean", "std"))
        pictures = PictureInputs(model["vision_cfg"]["image_size"], how["fill_color"], mean, spread)
        text = model["text_cfg"]
        tokenizer = (folder / TOKENIZER).read_text("utf-8")
        return pictures, Texts(tokenizer, text["context_length"], text["pad_id"])
    except (OSError, ValueError, KeyError, TypeError) as cause:
        raise ModelUnavailable(f"The image model in {folder} has no readable {CONFIG} or {TOKENIZER}.") from cause


def _cleaned(text: str) -> str:
    """Replaces lone surrogates too: they can't be encoded in UTF-8 for the tokenizer."""
    return " ".join(html.unescape(html.unescape(ftfy.fix_text(text))).split())
