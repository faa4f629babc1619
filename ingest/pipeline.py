"""How a document is taken in, top to bottom: first its text, then its pictures.

`ingest` identifies the file, parses it, splits the text into chunks, embeds them, indexes and publishes them: now the
text is found. `recognise_pictures` then describes pages without text, and figures (recognises their words), and splits,
embeds, indexes and publishes them batch by batch. The two have a queue each, so that the text of many documents is
found before the pictures of the first are recognised.

The functions here know no queue. They call each stage through `step`, and a durable queue records its result: after a
crash, finished stages are not repeated, and the stage that was running runs again. So each stage may run twice, leaves
the same behind each time, and returns little (numbers and keys, never content). Chunks of the text do not change when
pictures arrive; each batch becomes visible in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import astuple, replace
from typing import Any, Protocol, TypeVar

from domain.errors import ExhibitError
from ingest.describe import Describer
from ingest.embed import TEXT
from ingest.erasing import Eraser
from ingest.guarded import Guarded
from ingest.guarded import Superseded as Superseded  # runs of earlier versions recorded it as of this module
from ingest.originals import Originals
from ingest.progress import Work
from ingest.stages import Batch, Numbers, Reader, Stages
from ingest.stores import Models, Stores

T = TypeVar("T")


class Step(Protocol):
    """Runs a stage once: a durable queue records its result under the name."""

    async def __call__(self, name: str, stage: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T: ...


async def ingest(stages: Stages, step: Step, document_id: str, attempt: int) -> list[Numbers]:
    """Takes the text of a document in. Returns the batches of pages whose pictures are still to be recognised; until
    then the document stays `running`. Without such batches it ends `ready`, `partial` or `failed`. A superseded run
    ends without a word."""
    run = (document_id, attempt)
    with stages.text_comes_first():
        try:
            batches = [Batch(*numbers) for numbers in await step("identify", stages.identify, *run)]
            work = Work(sum(batch.pages for batch in batches))
            for n, batch in enumerate(batches):
                textless, pictures = await step(f"parse-{batch.number}", stages.parse, *run, batch, work)
                work = work.parse(batch.pages, textless, pictures)
                batches[n] = replace(batch, textless=textless, pictures=pictures)
            parts = await step("split", stages.split, *run, batches, work)
            await _make_findable(stages, step, run, TEXT, parts, work)
            waiting = [astuple(batch) for batch in batches if batch.textless or batch.pictures]
            if stages.describer is not None and batches and not waiting:  # its tables may be described still
                waiting = [astuple(batches[-1])]
            await step("publish", stages.publish, *run, TEXT, len(waiting))
        except Superseded:
            return []
        except ExhibitError as error:
            await step("fail", stages.fail, *run, str(error))
            return []
    return waiting


async def recognise_pictures(
    stages: Stages, step: Step, document_id: str, attempt: int, waiting: Sequence[Sequence[int]]
) -> None:
    """Recognises the pictures of a document whose text is in. It ends `ready`, `partial` or `failed`; a superseded run
    ends without a word."""
    run = (document_id, attempt)
    batches = [Batch(*numbers) for numbers in waiting]
    textless, pictures = sum(batch.textless for batch in batches), sum(batch.pictures for batch in batches)
    pages = max((batch.last for batch in batches), default=1)
    work = Work(pages, pages, textless, pictures, indexed=1.0)
    try:
        for left, batch in zip(reversed(range(len(batches))), batches, strict=True):
            n = batch.number
            await step(f"describe-{n}", stages.describe, *run, batch, work)
            work = work.read(batch.textless, batch.pictures)
            parts = await step(f"split-{n}", stages.split_pictures, *run, batch, work)
            await _make_findable(stages, step, run, n + 1, parts, work)
            last = n + 1 if left else await _caption(stages, step, run, n + 2, work)
            await step(f"publish-{n}", stages.publish, *run, last, left)
    except Superseded:
        return
    except ExhibitError as error:
        await step("fail", stages.fail, *run, str(error))


async def _caption(stages: Stages, step: Step, run: tuple[str, int], first: int, work: Work) -> int:
    """Has a language model describe figures, tables and pages without text, in groups. Described pages become chunks of
    a batch of their own; chunks with a new description are embedded and indexed again. Returns the last batch."""
    changed: dict[tuple[int, int], None] = {}
    groups = await step("to-caption", stages.to_caption, *run)
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
        )

    def erase(self, document_id: str, collection_id: str) -> None:
        self._eraser.erase(document_id, collection_id)

    def drop(self, collection_id: str) -> None:
        self._eraser.drop(collection_id)
