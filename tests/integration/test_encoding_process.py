"""The child process that ingestion encodes in: real processes, with encoders that cost nothing."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.adapters.encoders.bulk import EncodingProcess
from app.adapters.memory.encoders import MemoryImageEncoder, MemoryTextEncoder
from domain.errors import ModelUnavailable, Unavailable, Unreadable
from domain.ports import TextEncoder, Vectors
from tests.waiting import GROWING_S, until, wait_until

TEXTS = ["one", "two", "three"]


class Deadly(MemoryTextEncoder):
    """Dies at "die", each time or only as long as there is no such file."""

    def __init__(self, mark: Path | None = None) -> None:
        self._mark = mark

    def encode(self, texts: Sequence[str]) -> Vectors:
        if "die" in texts and (self._mark is None or not self._mark.exists()):
            if self._mark is not None:
                self._mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if "odd" in texts:
            raise ZeroDivisionError("a foreign error")
        return super().encode(texts)


def no_encoder() -> TextEncoder:
    raise ModelUnavailable("The model can't be fetched")


@pytest.fixture(scope="module")
def process() -> Iterator[EncodingProcess]:
    with closing(EncodingProcess(Deadly, MemoryImageEncoder)) as encoding:
        yield encoding


def png(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(file, "PNG")
    return file.getvalue()


def alive(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


async def test_texts_come_back_in_order_however_many(process: EncodingProcess) -> None:
    texts = [f"text {n}" for n in range(300)]
    np.testing.assert_array_equal(await process.texts(texts), MemoryTextEncoder().encode(texts))
    assert (await process.texts([])).shape == (0, MemoryTextEncoder.dimensions)


async def test_a_bad_image_spoils_no_other(process: EncodingProcess) -> None:
    red, bad, blue = await process.images([png("red"), b"no picture", png("blue")])
    assert isinstance(bad, Unreadable)
    np.testing.assert_array_equal([red, blue], MemoryImageEncoder().encode_images([png("red"), png("blue")]))


async def test_the_child_steps_back_behind_questions(process: EncodingProcess) -> None:
    await process.texts(TEXTS)
    assert process.pid is not None
    assert os.getpriority(os.PRIO_PROCESS, process.pid) >= min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)


async def test_a_foreign_error_is_told_and_the_child_goes_on(process: EncodingProcess) -> None:
    before = process.pid
    with pytest.raises(Unavailable, match="ZeroDivisionError: a foreign error"):
        await process.texts(["odd"])
    assert len(await process.texts(TEXTS)) == 3
    assert process.pid == before


async def test_a_text_that_kills_twice_is_refused_and_others_go_on(process: EncodingProcess) -> None:
    deadly, others = await asyncio.gather(process.texts(["die"]), process.texts(TEXTS), return_exceptions=True)
    assert isinstance(deadly, Unavailable)
    assert "died twice" in str(deadly)
    assert len(others) == 3  # type: ignore[arg-type]


async def test_a_death_in_the_middle_is_retried(tmp_path: Path) -> None:
    with closing(EncodingProcess(partial(Deadly, tmp_path / "died"), MemoryImageEncoder)) as encoding:
        assert len(await encoding.texts(["die"])) == 1
        assert (tmp_path / "died").exists()


async def test_a_child_that_died_while_idle_is_started_again(process: EncodingProcess) -> None:
    await process.texts(TEXTS)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    assert len(await process.texts(TEXTS)) == 3


async def test_an_idle_child_is_ended_and_started_again_for_new_work() -> None:
    with closing(EncodingProcess(MemoryTextEncoder, MemoryImageEncoder, idle_s=0.3)) as encoding:
        await encoding.texts(TEXTS)
        first = encoding.pid
        assert first is not None
        await until(lambda: not alive(first))
        await until(lambda: encoding.pid is None)
        assert len(await encoding.texts(TEXTS)) == 3


@pytest.mark.parametrize("long", [1, 4_000])  # the second fills the pipe: it hangs before the question is asked
async def test_a_child_that_hangs_is_ended_and_its_work_done_by_another(long: int) -> None:
    for limit_s in GROWING_S:  # which also holds for starting the other
        encoding = EncodingProcess(MemoryTextEncoder, MemoryImageEncoder, limit_s=limit_s)
        with closing(encoding), suppress(Unavailable):
            await encoding.texts(TEXTS)
            hanging = encoding.pid
            assert hanging is not None
            os.kill(hanging, signal.SIGSTOP)
            assert len(await encoding.texts(["words " * long] * 100)) == 100
            assert not alive(hanging)
            return
    raise AssertionError("nobody did its work")


async def test_an_encoder_that_cannot_be_loaded_says_why_each_time() -> None:
    with closing(EncodingProcess(no_encoder, MemoryImageEncoder)) as encoding:
        for _ in range(2):
            with pytest.raises(ModelUnavailable, match="can't be fetched"):
                await encoding.texts(TEXTS)
        assert len(await encoding.images([png("red")])) == 1


async def test_closing_ends_the_child_and_refuses_the_rest() -> None:
    encoding = EncodingProcess(Deadly, MemoryImageEncoder)
    await encoding.texts(TEXTS)
    pid = encoding.pid
    encoding.close()
    encoding.close()
    assert pid is not None
    assert not alive(pid)
    with pytest.raises(Unavailable, match="closed"):
        await encoding.texts(TEXTS)


def test_several_event_loops_may_ask() -> None:
    with closing(EncodingProcess(Deadly, MemoryImageEncoder)) as encoding:
        assert [len(asyncio.run(encoding.texts(TEXTS))) for _ in range(2)] == [3, 3]


PARENT = """
from app.adapters.encoders.bulk import EncodingProcess
from app.adapters.memory.encoders import MemoryImageEncoder, MemoryTextEncoder
import asyncio, signal, sys

def main():
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may ignore it
    encoding = EncodingProcess(MemoryTextEncoder, MemoryImageEncoder)
    asyncio.run(encoding.texts(["one"]))
    try:
        print(encoding.pid, flush=True)
        signal.pause()
    except KeyboardInterrupt:
        print(len(asyncio.run(encoding.texts(["one"]))), flush=True)
        encoding.close()

if __name__ == "__main__":
    main()
"""


@pytest.fixture
def parent(tmp_path: Path) -> subprocess.Popen[str]:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    return subprocess.Popen(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_the_child_ends_with_a_parent_that_is_killed(parent: subprocess.Popen[str]) -> None:
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.kill()
        wait_until(lambda: not alive(child))


def test_an_interrupt_of_the_whole_group_is_the_parents_to_judge(parent: subprocess.Popen[str]) -> None:
    with parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        os.killpg(parent.pid, signal.SIGINT)
        out, err = parent.communicate()
        assert (out, err) == ("1\n", "")  # the child still answered, and nobody printed a traceback
