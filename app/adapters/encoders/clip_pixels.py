"""Pictures as the numbers that a model of open_clip's is given: its own steps, the last two on the model's device.

What is done to a picture by Pillow is done on all cores where a GPU waits for it. Then bytes travel, a quarter of what
numbers would be, while the device is still at the pictures before.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    import torch

Item = TypeVar("Item")


class Pixels:
    """Thread-safe: only read once it is set up."""

    def __init__(
        self, preprocess: Any, size: tuple[int, int], device: torch.device, dtype: torch.dtype, threads: int = 1
    ) -> None:
        """`preprocess`: as open_clip composes it, ending with ToTensor and Normalize; `size`: height and width.
        Each thread may hold a large picture while it is decoded."""
        import torch

        *self._fitting, _, normalise = preprocess.transforms
        self._size = size
        self._device, self._dtype = device, dtype
        self._mean, self._spread = (
            torch.tensor(each, device=device).view(3, 1, 1) for each in (normalise.mean, normalise.std)
        )
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, "pictures")  # starts none before it is used

    def __call__(self, items: Sequence[Item], opened: Callable[[Item], Image.Image]) -> torch.Tensor:
        """(n, 3, height, width); raises what `opened` raises, for the first item that it raises it for."""
        import torch

        fitted = torch.empty((len(items), *self._size, 3), dtype=torch.uint8, pin_memory=self._device.type == "cuda")
        rows = fitted.numpy()

        def fit(start: int, stop: int) -> None:
            for at in range(start, stop):
                rows[at] = np.asarray(self._fitted(opened(items[at])))

        self._on_all_threads(fit, len(items))
        numbers = fitted.to(self._device, non_blocking=True).permute(0, 3, 1, 2).contiguous().float().div_(255)
        return numbers.sub_(self._mean).div_(self._spread).to(self._dtype)

    def _fitted(self, picture: Image.Image) -> Image.Image:
        for step in self._fitting:
            picture = step(picture)
        return picture

    def _on_all_threads(self, fit: Callable[[int, int], None], count: int) -> None:
        if self._threads == 1:
            fit(0, count)
            return
        bounds = np.linspace(0, count, min(self._threads, count) + 1).astype(int).tolist()
        with warnings.catch_warnings():  # threads that silence warnings, each for itself, leave them silent for good
            fitting = [self._pool.submit(fit, *each) for each in itertools.pairwise(bounds)]
            wait(fitting)
        for each in fitting:
            each.result()
