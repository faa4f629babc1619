"""Has documents described that were taken in while the language model could not be reached, once it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from domain.errors import Conflict, Gone, Missing
from domain.ports import Catalogue, Queueing

EVERY_S = 30.0
AT_ONCE = 20  # documents of one round: others that come in meanwhile don't wait behind all of them


async def describe_late(catalogue: Catalogue, jobs: Queueing, answers: Callable[[], Awaitable[bool]]) -> None:
    """One round. Safe to run in several processes at once: each document is begun once. They stay findable."""
    waiting = await asyncio.to_thread(catalogue.documents.undescribed, AT_ONCE)
    if not waiting or not await answers():
        return
    for document in waiting:
        with suppress(Conflict, Missing, Gone):  # another process was faster; it was deleted
            begun = await asyncio.to_thread(catalogue.runs.describe_again, document.id, document.attempt)
            await jobs.describe(begun.id, begun.attempt)
