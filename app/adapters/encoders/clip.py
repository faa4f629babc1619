"""A CLIP model in torch: pictures and short texts as vectors of one space. The bundled model, or one from the hub."""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

from app.adapters.encoders.clip_pixels import Item, Pixels
from app.adapters.encoders.decoding import small_picture
from app.adapters.encoders.torchvision_shim import declare_operators
from domain.errors import BadConfiguration, ModelUnavailable, Unreadable
from domain.ports import Vectors
from system.build_cache import processor

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

BUNDLED: Final = Path(__file__).parent / "models" / "exhibit-clip"
STANDARD: Final = "hf-hub:timm/ViT-B-16-SigLIP2-256"
CARD: Final = "card.json"

BATCH: Final = 32  # larger batches are no faster on a CPU
GPU_BATCH: Final = 256
LONGEST_TEXT: Final = 4_000  # characters given to the tokenizer; models use 32 to 64 tokens
SAME: Final = 0.999  # cosine above which half precision counts as the same vector
_MOST_THREADS = 16
_PLAIN_CLIP_THRESHOLD = 0.2
_UNLIKELY = 0.01  # probability of a pair by a sigmoid model (SigLIP), below which the pair counts as unrelated


@dataclass(frozen=True, slots=True)
class Card:
    """The card of a bundled model: a JSON file beside its weights."""

    name: str
    weights: str  # file name
    sha256: str
    threshold: float

    @classmethod
    def read(cls, folder: Path) -> Card:
        try:
            stated = json.loads((folder / CARD).read_text("utf-8"))
            return cls(**{field: stated[field] for field in ("name", "weights", "sha256", "threshold")})
        except (OSError, ValueError, KeyError, TypeError) as cause:
            raise ModelUnavailable(f"The image model in {folder} has no readable {CARD}.") from cause

    @property
    def stamp(self) -> str:
        """The name recorded with every vector: unique for each model and version."""
        return f"{self.name}@{self.sha256[:8]}"

    def check(self, folder: Path) -> None:
        try:
            digest = hashlib.sha256((folder / self.weights).read_bytes()).hexdigest()
        except OSError as cause:
            raise ModelUnavailable(f"The image model's weights are missing: {folder / self.weights}.") from cause
        if digest != self.sha256:
            raise BadConfiguration(f"{folder / self.weights} is not the file that its card names (sha256 {digest}).")


class ClipEncoder:
    """An `ImageEncoder`. Thread-safe: nothing changes after construction."""

    def __init__(
        self,
        name: str,
        model: Any,
        preprocess: Any,
        tokenize: Callable[[list[str]], torch.Tensor],
        threshold: float,
        cache: Path | None = None,
    ) -> None:
        """`preprocess`: as open_clip composes it. `cache`: the folder that remembers the number format chosen for a
        CPU, because choosing takes seconds."""
        self._name = name
        self._model = model
        self._tokenize = tokenize
        self._threshold = threshold
        size = _size(model)
        self._side = max(size)
        self._device, dtype = _placed(model, self._side, _choice_file(name, cache))
        on_gpu = self._device.type == "cuda"
        self._batch = GPU_BATCH if on_gpu else BATCH
        threads = min(_MOST_THREADS, os.cpu_count() or 1) if on_gpu else 1
        self._pixels = Pixels(preprocess, size, self._device, dtype, threads)
        self._dimensions = int(self.encode_texts([""]).shape[1])

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimensions(self) -> int:
        return self._dimensions

    @property
    def threshold(self) -> float:
        return self._threshold

    @property
    def side(self) -> int:
        """Side of the model's square input, in pixels."""
        return self._side

    def encode_images(self, images: Sequence[bytes]) -> Vectors:
        """Raises Unreadable for the first picture that can't be decoded."""
        return self._encoded(images, lambda data: small_picture(data, self._side))

    def encode_pictures(self, pictures: Sequence[Image.Image]) -> Vectors:
        """Pictures that are decoded already."""
        return self._encoded(pictures, lambda picture: picture)

    def _encoded(self, items: Sequence[Item], opened: Callable[[Item], Image.Image]) -> Vectors:
        """A GPU computes one batch while the next is prepared; it is waited for once, at the end."""
        import torch

        if not items:
            return np.zeros((0, self._dimensions), dtype=np.float32)
        with torch.inference_mode():
            batches = (items[start : start + self._batch] for start in range(0, len(items), self._batch))
            return _unit(torch.cat([self._model.encode_image(self._pixels(batch, opened)) for batch in batches]))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        import torch

        if not texts:
            return np.zeros((0, self._dimensions), dtype=np.float32)
        with torch.inference_mode():
            ids = self._tokenize([text[:LONGEST_TEXT] for text in texts])
            return _unit(self._model.encode_text(ids.to(self._device)))


def bundled(folder: Path = BUNDLED, cache: Path | None = None) -> ClipEncoder:
    """The CLIP that comes with Exhibit, its weights checked, in torch; `image.py` loads it without torch."""
    card = Card.read(folder)
    card.check(folder)
    model, preprocess, tokenize = loaded(f"local-dir:{folder}")
    return ClipEncoder(card.stamp, model, preprocess, tokenize, card.threshold, cache)


def bundled_name(folder: Path = BUNDLED) -> str:
    """The name recorded with its vectors, without loading the model."""
    return Card.read(folder).stamp


def untrained(folder: Path = BUNDLED) -> ClipEncoder:
    """The same model with random weights, as a baseline for measurements."""
    model, preprocess, tokenize = loaded(f"local-dir:{folder}", load_weights=False)
    return ClipEncoder("untrained", model, preprocess, tokenize, _PLAIN_CLIP_THRESHOLD)


def from_hub(model_name: str = STANDARD, cache: Path | None = None) -> ClipEncoder:
    """Any model that open_clip can load: `hf-hub:owner/model`, `local-dir:folder`."""
    model, preprocess, tokenize = loaded(model_name)
    name = model_name.rpartition(":")[2].rstrip("/").rpartition("/")[2]
    return ClipEncoder(name, model, preprocess, tokenize, stated_threshold(model), cache)


def loaded(model_name: str, load_weights: bool = True) -> tuple[Any, Any, Any]:
    declare_operators()
    import open_clip  # takes seconds, and needs the operators declared first

    try:
        model, _, preprocess = open_clip.create_model_and_transforms(model_name, load_weights=load_weights)
        tokenizer = open_clip.get_tokenizer(model_name)
    except Exception as cause:  # the hub's client, the disk and damaged files raise many kinds
        reason = " ".join(str(cause).split()).split(". ")[0].rstrip(".")[:200]
        raise ModelUnavailable(f"The image model {model_name} can't be loaded: {reason}.") from cause
    return model.eval().float(), preprocess, tokenizer


def stated_threshold(model: Any) -> float:
    """The similarity above which a pair is not unlikely, computed from a sigmoid model's own scale and bias."""
    bias = getattr(model, "logit_bias", None)
    if bias is None:
        return _PLAIN_CLIP_THRESHOLD
    return float((np.log(_UNLIKELY / (1 - _UNLIKELY)) - bias.item()) / model.logit_scale.exp().item())


def _size(model: Any) -> tuple[int, int]:
    """Height and width."""
    size = model.visual.image_size
    height, width = size if isinstance(size, tuple | list) else (size, size)
    return int(height), int(width)


def _unit(vectors: torch.Tensor) -> Vectors:
    import torch

    unit: Vectors = torch.nn.functional.normalize(vectors.float(), dim=-1).cpu().numpy()
    if not np.isfinite(unit).all():
        raise Unreadable("The image model gave no usable vector.")
    return unit


def _choice_file(name: str, cache: Path | None) -> Path | None:
    import torch

    if cache is None:
        return None
    machine = f"{name} {torch.__version__} {processor()}"
    return cache / f"image-{hashlib.sha256(machine.encode()).hexdigest()[:16]}.txt"


def _placed(model: Any, side: int, choice: Path | None) -> tuple[torch.device, torch.dtype]:
    """On a GPU if there is one with enough memory; the image tower in the fastest number format."""
    import torch

    if torch.cuda.is_available():
        try:
            return torch.device("cuda"), _on_gpu(model, side)
        except RuntimeError as error:  # out of memory, an old card, or one in use by another process
            log.warning("the image model can't run on the GPU: CPU instead", extra={"cause": str(error)[:300]})
            model.to("cpu")
            torch.cuda.empty_cache()
    model.visual, dtype = _in_best_format(model.visual, side, choice)
    return torch.device("cpu"), dtype


def _on_gpu(model: Any, side: int) -> torch.dtype:
    """Half precision if its vectors are the same."""
    import torch

    model.to("cuda")
    noise = torch.rand(8, 3, side, side, device="cuda")
    with torch.inference_mode():
        exact = model.visual(noise)
        for dtype in (torch.float16, torch.bfloat16):
            half = copy.deepcopy(model.visual).to(dtype)
            if _alike(exact, half(noise.to(dtype))) > SAME:
                model.visual = half
                return dtype
    return torch.float32


def _alike(exact: torch.Tensor, half: torch.Tensor) -> float:
    """The lowest cosine of the pairs; NaN if half precision overflows."""
    import torch

    return float(torch.nn.functional.cosine_similarity(exact, half.float()).min())


def _in_best_format(tower: Any, side: int, choice: Path | None) -> tuple[Any, torch.dtype]:
    import torch

    chosen = choice.read_text(encoding="ascii") if choice is not None and choice.exists() else None
    if chosen == "float32":
        return tower, torch.float32
    if chosen == "bfloat16":
        return tower.to(torch.bfloat16), torch.bfloat16
    tower, dtype = _faster(tower, side)
    if choice is not None:
        with suppress(OSError):  # not remembered: the next start chooses again
            choice.parent.mkdir(parents=True, exist_ok=True)
            choice.write_text(str(dtype).removeprefix("torch."), encoding="ascii")
    return tower, dtype


def _faster(tower: Any, side: int) -> tuple[Any, torch.dtype]:
    """The image tower in half precision if this CPU is faster with it and the vectors are the same."""
    import torch

    batch = torch.rand(8, 3, side, side)  # noise is enough for comparing times and vectors
    half_tower = copy.deepcopy(tower).to(torch.bfloat16)
    exact, exact_s = _timed(tower, batch)
    try:
        half, half_s = _timed(half_tower, batch.to(torch.bfloat16))
    except RuntimeError:  # this CPU lacks an operator in half precision
        return tower, torch.float32
    quicker = half_s < 0.9 * exact_s
    return (half_tower, torch.bfloat16) if quicker and _alike(exact, half) > SAME else (tower, torch.float32)


def _timed(tower: Any, batch: torch.Tensor) -> tuple[torch.Tensor, float]:
    import torch

    with torch.inference_mode():
        vectors = tower(batch)
        started = time.perf_counter()
        tower(batch)
        return vectors, time.perf_counter() - started
