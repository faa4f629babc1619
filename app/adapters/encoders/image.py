"""The image encoder: the bundled CLIP as graphs, converted once and cached, or a hub's model in torch."""

from __future__ import annotations

import json
import logging
import shutil
import time
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

from app.adapters.encoders import clip
from app.adapters.encoders.clip_graphs import GraphEncoder, Precision
from app.adapters.encoders.clip_inputs import CONFIG, TOKENIZER
from domain.errors import ModelUnavailable
from domain.ports import ImageEncoder
from system.build_cache import key_of, made_by_a_child, one_at_a_time, processor, sha256_of

log = logging.getLogger(__name__)

KEPT: Final = "graphs.json"

_CONVERSION = "app.adapters.encoders.clip_conversion"  # started, not imported: only the child needs torch
_RECIPE = 1  # raise when the conversion changes
_LIBRARIES = ("torch", "open_clip_torch", "timm", "transformers", "tokenizers", "pillow", "ftfy", "openvino")
_TIME_LIMIT_S = 180.0  # a quiet machine needs about 15
_TRIES = 2  # a second try, as the machine may have been busy; then no more


@dataclass(frozen=True, slots=True)
class Kept:
    precision: Precision | None = None  # None: there are no graphs
    failures: int = 0
    sha256: dict[str, str] = field(default_factory=dict)  # of the files beside it


def load_image_encoder(
    models: Literal["bundled", "standard"], cache: Path, *, pictures_only: bool = False
) -> ImageEncoder:
    """`pictures_only`: the text tower is loaded with the first text; ingestion encodes none.

    Raises BadConfiguration (the bundled weights aren't the expected ones) or ModelUnavailable.
    """
    return bundled(cache, pictures_only=pictures_only) if models == "bundled" else clip.from_hub(cache=cache)


def bundled(
    cache: Path, folder: Path = clip.BUNDLED, time_limit_s: float = _TIME_LIMIT_S, *, pictures_only: bool = False
) -> ImageEncoder:
    """Checks the weights. The first call on a machine takes some 15 seconds."""
    card = clip.Card.read(folder)
    card.check(folder)
    try:
        kept, graphs = _kept_graphs(card, folder, cache, time_limit_s)
        if kept.precision is not None:
            return GraphEncoder(card, folder, graphs, kept.precision, pictures_only=pictures_only)
    except (ImportError, OSError, RuntimeError, ModelUnavailable) as error:
        log.warning("the image model's graphs can't be used: torch instead", extra={"cause": str(error)[:300]})
    return clip.bundled(folder, cache)


def _kept_graphs(card: clip.Card, model: Path, cache: Path, time_limit_s: float) -> tuple[Kept, Path]:
    """The cached graphs and their folder; converted now if they are missing or damaged."""
    if find_spec("openvino") is None:
        raise ImportError("OpenVINO is not installed")
    facts = [card.sha256, sha256_of(model / CONFIG), sha256_of(model / TOKENIZER), str(_RECIPE), processor()]
    folder = cache / f"{card.stamp}-{key_of(facts, _LIBRARIES)}"
    cache.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(cache / f"{folder.name}.lock"):
        kept = read(folder)
        if kept is None or 0 < kept.failures < _TRIES:
            kept = _make(card, model, folder, time_limit_s, kept.failures if kept else 0)
    return kept, folder


def _make(card: clip.Card, model: Path, folder: Path, time_limit_s: float, failures: int) -> Kept:
    started = time.monotonic()
    making = folder.with_name(f"{folder.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    problem = made_by_a_child(_CONVERSION, [str(model), str(making)], time_limit_s)
    kept = read(making) if problem is None else None
    if kept is None:
        log.warning("the image model was not converted", extra={"model": card.stamp, "problem": problem})
        kept = Kept(failures=failures + 1)
        write(kept, making)
    shutil.rmtree(folder, ignore_errors=True)
    making.rename(folder)
    log.info(
        "the image model's graphs were made",
        extra={"model": card.stamp, "precision": kept.precision, "seconds": round(time.monotonic() - started, 1)},
    )
    return kept


def read(folder: Path) -> Kept | None:
    """None if there are none, or if their files have changed."""
    try:
        kept = Kept(**json.loads((folder / KEPT).read_text("utf-8")))
        whole = all(sha256_of(folder / name) == digest for name, digest in kept.sha256.items())
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    return kept if whole else None


def write(kept: Kept, folder: Path) -> None:
    """Written last: a folder without this file counts as empty."""
    (folder / KEPT).write_text(json.dumps(asdict(kept), indent=1), "utf-8")
