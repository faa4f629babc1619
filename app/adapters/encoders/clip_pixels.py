"""Pictures as input tensors of an open_clip model: its own preprocessing, the last two steps on the model's device.

For a GPU, Pillow's steps run on all cores. Bytes are copied to the device, a quarter of the size of floats, while the
device still computes the batch before.
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
    """Thread-safe: not changed after construction."""

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
        self._pool = ThreadPoolExecutor(threads, "pictures")  # starts no thread before its first use

    def __call__(self, items: Sequence[Item], opened: Callable[[Item], Image.Image]) -> torch.Tensor:
        """(n, 3, height, width); raises what `opened` raises, for the first such item."""
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
        with warnings.catch_warnings():  # `catch_warnings` in several threads would leave warnings off for good
            fitting = [self._pool.submit(fit, *each) for each in itertools.pairwise(bounds)]
            wait(fitting)
        for each in fitting:
            each.result()
