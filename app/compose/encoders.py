"""Wires the encoders: their models, and the batching of questions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from app.adapters.encoders import clip
from app.adapters.encoders.batching import BatchedQueries
from app.adapters.encoders.bulk import EncodingProcess
from app.adapters.encoders.decoding import fitted_picture, plain_picture
from app.adapters.encoders.image import bundled, load_image_encoder
from app.adapters.encoders.model_files import bundled_minilm
from app.adapters.encoders.precision import kept_choice
from app.adapters.encoders.text import load_text_encoder
from app.settings import Settings
from domain.ports import ImageEncoder, TextEncoder, TokenEncoder, Vector, Vectors
from system.sandbox import Sandbox

IDLE_S = 60.0  # bundled models are loaded again in two seconds, a hub's in a minute
PICTURE_TIMEOUT_S = 20.0
BUILD_S = 900.0  # a service that starts has a limit of its own

Encode = Callable[[str], Awaitable[Vector]]  # one question


@dataclass(frozen=True, slots=True)
class Encoders:
    """`questions` and `of_pictures` encode questions for the text and for the image space, in batches."""

    text: TokenEncoder
    image: ImageEncoder
    questions: BatchedQueries
    of_pictures: BatchedQueries


async def load_encoders(stack: AsyncExitStack, settings: Settings) -> Encoders:
    """Loaded at the same time; a hub's models one after the other, so that an unreachable hub is reported once.

    Raises BadConfiguration, ModelUnavailable."""
    load_text, load_image = partial(text_encoder(settings), questions=True), image_encoder(settings)
    if settings.models == "standard":
        text, image = await asyncio.to_thread(load_text), await asyncio.to_thread(load_image)
    else:
        text, image = await asyncio.gather(asyncio.to_thread(load_text), asyncio.to_thread(load_image))
    questions, of_pictures = BatchedQueries(text.encode), BatchedQueries(image.encode_texts)
    stack.callback(questions.close)
    stack.callback(of_pictures.close)
    return Encoders(text, image, questions, of_pictures)


def encoding_process(stack: AsyncExitStack, settings: Settings) -> EncodingProcess:
    """Encodes documents in a process of its own, so that questions don't wait for documents."""
    bulk = EncodingProcess(
        text_encoder(settings),
        partial(image_encoder(settings), pictures_only=True),
        idle_s=IDLE_S if settings.models == "bundled" else None,
    )
    stack.callback(bulk.close)
    return bulk


def text_encoder(settings: Settings) -> Callable[..., TokenEncoder]:
    return partial(load_text_encoder, settings.models, settings.cache_dir)


def image_encoder(settings: Settings) -> Callable[..., ImageEncoder]:
    return partial(load_image_encoder, settings.models, settings.cache_dir)


def make_number_formats(settings: Settings) -> None:
    """Fills the cache folder for this machine's processor, where an image is built: nobody waits for it there."""
    kept_choice(bundled_minilm(), settings.cache_dir, None, BUILD_S)
    bundled(settings.cache_dir, time_limit_s=BUILD_S)


def bundled_text_encoder(settings: Settings, name: str) -> TextEncoder | None:
    """The bundled encoder, if this is its name and the service runs other models."""
    if settings.models == "bundled" or name != bundled_minilm().stamp:
        return None
    return load_text_encoder("bundled", settings.cache_dir)


def bundled_image_encoder(settings: Settings, name: str) -> ImageEncoder | None:
    """The bundled encoder, if this is its name and the service runs other models."""
    if settings.models == "bundled" or name != clip.bundled_name():
        return None
    return load_image_encoder("bundled", settings.cache_dir)


def one_by_one(encode: Callable[[Sequence[str]], Vectors]) -> Encode:
    """Without batching: for models that are rarely used."""

    async def encoded(text: str) -> Vector:
        vector: Vector = (await asyncio.to_thread(encode, [text]))[0]
        return vector

    return encoded


async def fitted(sandbox: Sandbox, image: bytes, side: int) -> bytes:
    return await sandbox.run(fitted_picture, image, side, timeout_s=PICTURE_TIMEOUT_S)


async def normalised(sandbox: Sandbox, image: bytes) -> bytes:
    return await sandbox.run(plain_picture, image, timeout_s=PICTURE_TIMEOUT_S)
