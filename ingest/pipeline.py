"""How a document is taken in, top to bottom: first its text, then its pictures.

`ingest` identifies the file, parses it, splits the text into chunks, embeds them, indexes and publishes them: now the
text is found. `recognise_pictures` then describes pages without text, and figures (recognises their words), and splits,
embeds, indexes and publishes them batch by batch. The two have a queue each, so that the text of many documents is
found before the pictures of the first are recognised.

Small documents are not to wait for large ones, so each of the two queues has a second one beside it, for large
documents. Every run begins in a hurry on the short queue (`ingest/lanes.py` says how much a hurried run does); what
turns out to be large goes on in slices on the other queue, in turn with the slices of other large documents.

The functions here know no queue. They call each stage through `step`, and a durable queue records its result: after a
crash, finished stages are not repeated, and the stage that was running runs again. So each stage may run twice, leaves
the same behind each time, and returns little (numbers and keys, never content). Chunks of the text do not change when
pictures arrive; each batch becomes visible in one transaction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from domain.errors import ExhibitError
from domain.limits import DocumentLimits
from ingest.describe import Describer
from ingest.embed import TEXT
from ingest.erasing import Eraser
from ingest.guarded import Guarded
from ingest.guarded import Superseded as Superseded  # runs of earlier versions recorded it as of this module
from ingest.lanes import HURRIED_PARTS
from ingest.originals import Originals
from ingest.progress import Batch, Left, SoFar, Waiting, Work
from ingest.stages import Reader, Stages
from ingest.stores import Models, Stores

T = TypeVar("T")


class Step(Protocol):
    """Runs a stage once: a durable queue records its result under the name."""

    async def __call__(self, name: str, stage: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T: ...


async def ingest(
    stages: Stages,
    step: Step,
    document_id: str,
    attempt: int,
    so_far: SoFar | None = None,
    slice_s: float | None = None,
) -> Left:
    """Takes the text of a document in, and returns what is left to be done by other runs; until then the document stays
    `running`. Without any of it, it ends `ready`, `partial` or `failed`. A superseded run ends without a word.

    Without `slice_s` it is a run of the short queue: a document that turns out to be large is left to the other. With
    it, the run ends after so many seconds of work, and the next goes on from its `so_far`.
    """
    run = (document_id, attempt)
    with stages.text_comes_first() if slice_s is None else nullcontext():
        try:
            return await _Text(stages, step, run, slice_s, so_far).take_in(so_far)
        except _GoesOn as later:
            return Left(large=True, so_far=later.so_far)
        except Superseded:
            return Left()
        except ExhibitError as error:
            await step("fail", stages.fail, *run, str(error))
            return Left()


class _GoesOn(Exception):
    """The document is large, or the slice is over: another run goes on from here; None: from the beginning."""

    def __init__(self, so_far: SoFar | None) -> None:
        super().__init__()
        self.so_far = so_far


class _Text:
    """One run's share of the text of a document. How far it is follows from what steps returned: replays need that."""

    def __init__(
        self, stages: Stages, step: Step, run: tuple[str, int], slice_s: float | None, before: SoFar | None
    ) -> None:
        self._stages, self._step, self._run = stages, step, run
        self._hurried = slice_s is None
        self._until_s = (before.spent_s if before is not None else 0.0) + slice_s if slice_s is not None else math.inf

    async def take_in(self, so_far: SoFar | None) -> Left:
        so_far = await self._parsed(await self._identified() if so_far is None else so_far)
        so_far = await self._split(so_far) if so_far.parts is None else so_far
        so_far = await self._findable(so_far, so_far.parts or ())
        waiting = so_far.with_pictures
        if self._stages.describer is not None and so_far.batches and not waiting:  # its tables may be described still
            waiting = so_far.batches[-1:]
        await self._step("publish", self._stages.publish, *self._run, TEXT, len(waiting))
        return Left(pictures=Waiting(waiting, spent_s=so_far.spent_s) if waiting else None)

    async def _identified(self) -> SoFar:
        found = await self._step("identify", self._stages.identify, *self._run, self._hurried)
        if found is None:
            raise _GoesOn(None)
        return SoFar(tuple(Batch(*numbers) for numbers in found))

    async def _parsed(self, so_far: SoFar) -> SoFar:
        while so_far.parsed < len(so_far.batches):
            batch, spent_s = so_far.batches[so_far.parsed], so_far.spent_s
            args = (*self._run, batch, so_far.work, self._hurried, spent_s)
            read = await self._step(f"parse-{batch.number}", self._stages.parse, *args)
            if read is None:
                raise _GoesOn(so_far)
            so_far = self._in_time(so_far.parse(*read))
        return so_far

    async def _split(self, so_far: SoFar) -> SoFar:
        args = (*self._run, so_far.batches, so_far.work, self._hurried)
        parts = await self._step("split", self._stages.split, *args)
        if parts is None:
            raise _GoesOn(so_far)
        so_far = replace(so_far, parts=tuple(parts))
        if self._hurried and len(parts) > HURRIED_PARTS:
            raise _GoesOn(so_far)
        return so_far

    async def _findable(self, so_far: SoFar, parts: Sequence[int]) -> SoFar:
        """Embeds and indexes the chunks, in parts; a part is named by the ordinal of its first chunk."""
        for first in parts[so_far.embedded :]:
            spent_s = await self._step(f"embed-{first}", self._stages.embed, *self._run, TEXT, first, so_far.work)
            so_far = self._in_time(replace(so_far, embedded=so_far.embedded + 1, spent_s=so_far.spent_s + spent_s))
        for first in parts[so_far.indexed :]:
            spent_s = await self._step(f"index-{first}", self._stages.index, *self._run, TEXT, first, so_far.work)
            so_far = self._in_time(replace(so_far, indexed=so_far.indexed + 1, spent_s=so_far.spent_s + spent_s))
        return so_far

    def _in_time(self, so_far: SoFar) -> SoFar:
        if so_far.spent_s >= self._until_s:
            raise _GoesOn(so_far)
        return so_far


async def recognise_pictures(
    stages: Stages, step: Step, document_id: str, attempt: int, waiting: Waiting, slice_s: float | None = None
) -> Waiting | None:
    """Recognises the pictures of a document whose text is in. It ends `ready`, `partial` or `failed`; a superseded run
    ends without a word. With `slice_s`, the run ends after so many seconds of work, and returns from where the next
    goes on."""
    run, began_s = (document_id, attempt), waiting.spent_s
    try:
        if not waiting.batches:
            await _describe_late(stages, step, run)
        while waiting.done < len(waiting.batches):
            batch, work = waiting.batches[waiting.done], waiting.work
            n, left = batch.number, len(waiting.batches) - waiting.done - 1
            spent_s, no_more = await step(f"describe-{n}", stages.describe, *run, batch, work, waiting.spent_s, left)
            waiting = replace(waiting, done=waiting.done + 1, spent_s=waiting.spent_s + spent_s)
            work = waiting.work
            parts = await step(f"split-{n}", stages.split_pictures, *run, batch, work, slice_s is None)
            await _make_findable(stages, step, run, n + 1, parts, work)
            left = 0 if no_more else left
            last = n + 1 if left or no_more else await _caption(stages, step, run, n + 2, work)
            await step(f"publish-{n}", stages.publish, *run, last, left)
            if not left:
                return None
            if slice_s is not None and waiting.spent_s - began_s >= slice_s:
                return waiting
    except Superseded:
        return None
    except ExhibitError as error:
        await step("fail", stages.fail, *run, str(error))
    return None


async def _describe_late(stages: Stages, step: Step, run: tuple[str, int]) -> None:
    """Of a document that was taken in while the language model could not be reached, and has stayed findable."""
    first = await step("next-batch", stages.next_batch, *run)
    last = await _caption(stages, step, run, first, Work(1, 1, indexed=1.0))
    await step("publish-descriptions", stages.publish, *run, last, 0)


async def _caption(stages: Stages, step: Step, run: tuple[str, int], first: int, work: Work) -> int:
    """Has a language model describe figures, tables and pages without text, in groups. Described pages become chunks of
    a batch of their own; chunks with a new description are embedded and indexed again. Returns the last batch."""
    changed: dict[tuple[int, int], None] = {}
    groups = await step("to-caption", stages.to_caption, *run, first)
    for group in range(groups):
        parts, failed = await step(f"caption-{group}", stages.caption, *run, group, first + group, work)
        changed |= dict.fromkeys((batch, ordinal) for batch, ordinal in parts)
        if failed:
            break
    for batch, ordinal in changed:
        await step(f"embed-again-{batch}-{ordinal}", stages.embed, *run, batch, ordinal, work, True)
        await step(f"index-again-{batch}-{ordinal}", stages.index, *run, batch, ordinal, work)
    return first + groups


async def _make_findable(
    stages: Stages, step: Step, run: tuple[str, int], batch: int, parts: Sequence[int], work: Work
) -> None:
    """Embeds and indexes the chunks of one batch, in parts; a part is named by the ordinal of its first chunk."""
    share = 0.5 / max(1, len(parts))
    for first in parts:
        await step(f"embed-{first}", stages.embed, *run, batch, first, work)
        work = work.index(share)
    for first in parts:
        await step(f"index-{first}", stages.index, *run, batch, first, work)
        work = work.index(share)


class Pipeline(Stages):
    """What the queue works off: the stages, and erasing."""

    def __init__(
        self,
        stores: Stores,
        originals: Originals,
        models: Models,
        parser: Reader,
        describer: Describer | None = None,
        parse_at_once: int = 1,
        patient: Reader | None = None,
        limits: DocumentLimits | None = None,
    ) -> None:
        eraser = Eraser(stores, originals)
        super().__init__(
            stores,
            models,
            parser,
            Guarded(stores.catalogue.documents, stores.catalogue.runs, eraser),
            eraser,
            describer,
            parse_at_once,
            patient,
            limits,
        )

    def erase(self, document_ids: Sequence[str], collection_id: str) -> None:
        self._eraser.erase(document_ids, collection_id)

    def drop(self, collection_id: str) -> None:
        self._eraser.drop(collection_id)
