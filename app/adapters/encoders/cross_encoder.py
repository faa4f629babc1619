"""The reranker of the standard models: bge-reranker-v2-m3, a cross-encoder."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from app.adapters.encoders.model_files import ModelFiles, from_hub
from app.adapters.encoders.text_runtime import quiet
from app.adapters.encoders.torchvision_shim import declare_operators
from domain.errors import BadConfiguration

STANDARD = "BAAI/bge-reranker-v2-m3"
MOST = 32  # candidates scored: some 50 ms on a GPU, seconds without one
MOST_TOKENS = 512  # of question and passage together
AT_ONCE = 16


def load_cross_encoder() -> CrossEncoder:
    """Raises ModelUnavailable (the hub's) or BadConfiguration (no such model in its files)."""
    return CrossEncoder(from_hub(STANDARD))


class CrossEncoder:
    """Thread-safe: one batch at a time."""

    def __init__(self, model: ModelFiles) -> None:
        declare_operators()
        with quiet():
            import torch
            from sentence_transformers import CrossEncoder as Loaded  # takes seconds to import

            try:
                self._model: Any = Loaded(
                    str(model.folder),
                    max_length=MOST_TOKENS,
                    device="cuda" if torch.cuda.is_available() else "cpu",
                    local_files_only=True,
                )
            except (OSError, ValueError, KeyError, RuntimeError) as error:
                cause = str(error).splitlines()[0]
                raise BadConfiguration(f"The reranker in {model.folder} can't be loaded: {cause}") from error
        self.name = model.stamp
        self._turn = threading.Lock()

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the question, 0..1."""
        if not texts:
            return []
        with self._turn:
            found = self._model.predict(
                [(question, text) for text in texts], batch_size=AT_ONCE, show_progress_bar=False
            )
        return [float(score) for score in found]
