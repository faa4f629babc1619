"""Compares everything that is stored of the documents, completely and in both directions, and repairs differences.

                       lost: repaired by                                 orphaned: repaired by
chunks of a document   (only the document itself can bring them back)   –
originals, crops       (the same)                                       deleting the blob
kept vectors           the index, else encoding the chunk again         deleting the blob
vectors in the index   the kept vectors                                 removing them; dropping unused indexes
words in the index     the catalogue's chunks                           removing them; dropping unused indexes

The catalogue is the truth. Documents come and go meanwhile: only finished documents are compared, and a difference
counts only if the catalogue, read again, still shows it. Searches continue all the time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from app.services.upkeep.collections import every_collection
from app.services.upkeep.compaction import Compacting, compacted
from app.services.upkeep.findings import Findings
from app.services.upkeep.losses import Encode, Losses
from app.services.upkeep.orphans import MoreEncoders, Orphans
from app.services.upkeep.shelves import Wants
from domain.errors import Conflict
from domain.upkeep import Report
from ingest.stores import Stores
from system.threads import in_thread

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Repairing:
    """What a repair needs besides the stores."""

    wants: Wants
    encode: Encode
    erase: Callable[[list[str], str], None]  # deleted documents: their ids, their collection's id
    sweep_original: Callable[[str], bool]  # removes an original that no document uses; whether it did
    more_encoders: MoreEncoders


class Verify:
    def __init__(self, stores: Stores, repairing: Repairing, compacting: Compacting) -> None:
        self._stores = stores
        self._repairing = repairing
        self._compacting = compacting
        self._one_at_a_time = asyncio.Lock()

    async def verify(self, repair: bool = False, compact: bool = False) -> Report:
        """Raises Conflict while another verification runs, Unavailable when a store doesn't answer."""
        if self._one_at_a_time.locked():
            raise Conflict("A verification runs already: wait until it is done.")
        async with self._one_at_a_time:
            began = time.monotonic()
            erasing = await self._erase_deleted(repair or compact)
            findings = await self._compared(repair)
            report = Report(findings.checked, findings.all(), erasing, 0.0)
            if compact:
                catalogue = self._stores.catalogue
                made = await compacted(self._compacting, catalogue.documents, catalogue.chunks, self._stores.blobs)
                report = replace(report, compaction=made)
            report = replace(report, took_s=round(time.monotonic() - began, 3))
        log.info("verified", extra={"findings": len(report.findings), "took_s": report.took_s})
        return report

    async def _compared(self, repair: bool) -> Findings:
        findings, means = Findings(), self._repairing
        orphans = Orphans(self._stores, findings, means.more_encoders, means.sweep_original, repair)
        losses = Losses(self._stores, means.wants, means.encode, findings, orphans, repair)
        async for collection in every_collection(self._stores.catalogue.collections):
            await losses.compare(collection)
        await orphans.indexes()
        await in_thread(orphans.blobs)
        return findings

    async def _erase_deleted(self, erase: bool) -> int:
        """Returns how many deleted documents the queue has yet to erase; a repair erases them itself."""
        deleted = await in_thread(self._stores.catalogue.erasure.deleted)
        for document in deleted if erase else ():
            await in_thread(self._repairing.erase, [document.id], document.collection_id)
        return 0 if erase else len(deleted)
