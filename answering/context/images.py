"""The pictures of a prompt: those of the evidence, scaled to fit, and those of the conversation while there is room."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from answering.context.pack import Packing, picture_size
from domain.answers import ImagePart, Message, Noticed, TextPart
from domain.errors import ExhibitError, Missing
from domain.evidence import Evidence
from domain.ports import Blobs

Fit = Callable[[bytes, int], Awaitable[bytes]]  # a picture, its longest side at most so many pixels


class PromptPictures:
    def __init__(self, blobs: Blobs, fit: Fit | None = None) -> None:
        self._blobs = blobs
        self._fit = fit

    async def of(self, evidence: Sequence[Evidence], most: int) -> dict[str, ImagePart]:
        """The pixels of the evidence that has any, by evidence id; at most so many, those ranked first."""
        found: dict[str, ImagePart] = {}
        for one in evidence:
            if one.chunk.image and len(found) < most:
                with suppress(Missing):  # deleted since it was found
                    data = await asyncio.to_thread(self._blobs.read, one.chunk.image)
                    found[one.id] = ImagePart(data, _media_type(data))
        return found

    async def fitted(self, packing: Packing, images: Mapping[str, ImagePart]) -> dict[str, ImagePart]:
        """The packing's pictures, scaled to its longest side; a picture that can't be scaled is sent unchanged."""
        fitted: dict[str, ImagePart] = {}
        for one in packing.images:
            size = picture_size(images[one].data)
            fitted[one] = images[one]
            if self._fit is not None and size is not None and max(size) > packing.side:
                with suppress(ExhibitError):
                    data = await self._fit(images[one].data, packing.side)
                    fitted[one] = ImagePart(data, _media_type(data))
        return fitted


def sizes(images: Mapping[str, ImagePart]) -> dict[str, tuple[int, int]]:
    return {one: picture_size(image.data) or (0, 0) for one, image in images.items()}


def pictures_in(messages: Sequence[Message]) -> int:
    return sum(isinstance(part, ImagePart) for message in messages for part in message.parts)


def fewer_pictures(history: Sequence[Message], most: int) -> tuple[tuple[Message, ...], tuple[Noticed, ...]]:
    """Keeps the newest pictures of a conversation, at most half of what the model accepts; older ones are left out."""
    keep = most // 2
    kept: list[Message] = []
    dropped = 0
    for message in reversed(history):
        parts: list[TextPart | ImagePart] = []
        for part in reversed(message.parts):
            if isinstance(part, ImagePart) and keep == 0:
                dropped += 1
                continue
            keep -= isinstance(part, ImagePart)
            parts.append(part)
        kept.append(replace(message, parts=tuple(reversed(parts))))
    return tuple(reversed(kept)), (Noticed("history_images_left_out", count=dropped),) if dropped else ()


def _media_type(data: bytes) -> str:
    return "image/jpeg" if data.startswith(b"\xff\xd8") else "image/png"
