"""A run that ends without being able to record its end, as on a full disk, is taken up again without a restart."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import cast

from app.adapters.dbos_jobs import DbosJobs, run_id
from app.adapters.dbos_worker import DbosWorker
from ingest.pipeline import Pipeline
from tests.integration.test_queue_versions import Recorder
from tests.waiting import becomes, until


async def breaks_off_and_goes_on(folder: Path) -> Recorder:
    url, pipeline = f"sqlite:///{folder}/queue.db", Recorder(holds=False)
    worker = DbosWorker(url, "embedded", cast(Pipeline, pipeline), parallel=1)
    await worker.start()
    with closing(DbosJobs(url)) as jobs:
        await jobs.ingest("broken", 1)
        await until(lambda: len(pipeline.published) == 1)
        await becomes("done", lambda: jobs.state("broken", 1))
        with closing(sqlite3.connect(folder / "queue.db")) as queue, queue:  # as if its end had not been recorded
            queue.execute(
                "update workflow_status set status = 'PENDING', output = null where workflow_uuid = ?",
                [run_id("broken", 1)],
            )
        await worker.resume_idle()
        assert await jobs.state("broken", 1) == "live"  # once may be chance: it may just be ending
        await worker.resume_idle()
        await becomes("done", lambda: jobs.state("broken", 1))
    await worker.stop()
    return pipeline


def test_a_run_that_broke_off_is_taken_up_again(tmp_path: Path) -> None:
    pipeline = asyncio.run(breaks_off_and_goes_on(tmp_path))
    assert pipeline.published == [("broken", 1)]  # done steps are not repeated
