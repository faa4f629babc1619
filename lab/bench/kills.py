"""Kills the service with -9 at random moments of one long run, and compares the result with an undisturbed run's.

    python -m lab.bench.kills [--documents 30] [--kills 30] [--seed 1] [--files FOLDER]

The documents are made here (notes, tables, pictures of words, scans) beside the samples, or taken from a folder. A kill
may fall into the start as well as into the work; half-way through, the source is changed. At the end the chunks, the
words, the blobs and the vectors of both runs must be the same, document by document, and each vector's cosine to its
twin at least .999, also as the index gives it. Exits with 1 where they are not.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from PIL import Image, ImageDraw, ImageFont

from app.adapters.blobs import LocalBlobs
from app.adapters.lexical.tantivy import TantivyWords
from app.adapters.vectors.chroma import ChromaVectors
from app.adapters.vectors.kept import KeptInBlobs
from domain.ports import IndexName
from evaluation.service import ROOT, free_port, scratch_environment, tail

SAMPLES = ROOT / "samples" / "documents"
SOURCE = ("app", "answering", "ingest", "retrievers", "prompts", "system", "language", "domain")
WORDS = (
    "harbour",
    "lantern",
    "tide",
    "ferry",
    "cargo",
    "ledger",
    "keeper",
    "signal",
    "storm",
    "rope",
    "barrel",
    "gale",
)
PARTS = ("documents", "chunks", "words", "blobs", "vectors")
SAME = 0.999
OVER = ("ready", "partial", "failed", "cancelled")


@dataclass(slots=True)
class Run:
    """A service that can be killed, and goes on in the same folder."""

    folder: Path
    root: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder.with_suffix(".log")

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        environment = scratch_environment(self.folder, self.port) | {"PYTHONPATH": str(self.root)}
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "app.cli", "serve"]
            self.process = subprocess.Popen(
                command, env=environment, cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )

    def ready(self, limit_s: float = 300.0) -> None:
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            if self.process is None or self.process.poll() is not None:
                raise SystemExit(f"the service ended by itself:\n{tail(self.log, 40)}")
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/readyz", timeout=5).is_success:
                    return
            time.sleep(0.05)
        raise SystemExit(f"the service was not ready after {limit_s:.0f} s:\n{tail(self.log, 40)}")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(30)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def upload(self, files: Sequence[Path]) -> None:
        for file in files:
            httpx.post(
                f"{self.url}/v1/collections/default/documents",
                files={"file": (file.name, file.read_bytes())},
                timeout=60,
            ).raise_for_status()

    def unfinished(self) -> list[str]:
        """From the catalogue itself: the service may be dead."""
        with closing(sqlite3.connect(self.folder / "catalogue.db")) as catalogue:
            rows = catalogue.execute("select name, status from documents where deleted_at is null").fetchall()
        return [name for name, status in rows if status not in OVER]

    def finished(self, limit_s: float = 3600.0) -> None:
        until = time.monotonic() + limit_s
        while left := self.unfinished():
            if self.process is None or self.process.poll() is not None:
                raise SystemExit(f"the service ended by itself:\n{tail(self.log, 40)}")
            if time.monotonic() > until:
                raise SystemExit(f"never finished: {left}\n{tail(self.log, 40)}")
            time.sleep(0.3)


Content = dict[str, Any]  # what a run made, under names that do not change from run to run


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--documents", type=int, default=30)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=Path, help="a folder whose files are taken instead of made ones")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        here = Path(scratch)
        files = sorted(options.files.iterdir()) if options.files else made(here / "files", options.documents)
        files = files[: options.documents]
        undisturbed, took_s = _undisturbed(here / "undisturbed", files)
        print(f"undisturbed: {len(files)} documents in {took_s:.0f} s", flush=True)
        killed = _killed(here, files, options.kills, took_s, random.Random(options.seed))
        differences = compared(undisturbed, killed)
    counts = ", ".join(
        f"{len(undisturbed[part])} {part}" for part in ("documents", "chunks", "words", "blobs", "vectors")
    )
    print(f"{counts}; lowest cosine {killed['lowest']:.5f}; {len(differences)} differences")
    for difference in differences[:40]:
        print("DIFFERENT:", difference)
    return 1 if differences else 0


def _undisturbed(folder: Path, files: Sequence[Path]) -> tuple[Content, float]:
    run = Run(folder, ROOT)
    run.start()
    run.ready()
    began = time.monotonic()
    run.upload(files)
    run.finished()
    took_s = time.monotonic() - began
    run.stop()
    return content(folder), took_s


def _killed(here: Path, files: Sequence[Path], kills: int, took_s: float, chance: random.Random) -> Content:
    """A quarter of the kills fall into a start, the others are spread over the work."""
    root = here / "source"
    for package in SOURCE:
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    run = Run(here / "killed", root)
    run.start()
    run.ready()
    run.upload(files)
    longest_s, half = max(1.0, 2 * took_s / max(1, kills)), kills // 2
    while kills > 0 and run.unfinished():
        if chance.random() < 0.25:
            time.sleep(chance.uniform(0.0, 3.0))  # into the start, if it was just started
        else:
            run.ready()
            time.sleep(chance.uniform(0.0, longest_s))
        run.kill()
        kills -= 1
        if kills <= half and not _is_changed(root):
            _change(root)
        print(f"killed; {kills} to go, {len(run.unfinished())} documents unfinished", flush=True)
        run.start()
    print(f"{kills} kills were left when all was done; the source was {'' if _is_changed(root) else 'not '}changed")
    run.ready()
    run.finished()
    time.sleep(5.0)  # what is compared at start may still be put back
    run.stop()
    return content(run.folder)


def _is_changed(root: Path) -> bool:
    return "# changed" in (root / "ingest" / "pipeline.py").read_text(encoding="utf-8")


def _change(root: Path) -> None:
    """Changes the source but not the steps, as an upgrade between two patch releases does."""
    for file in ("ingest/pipeline.py", "app/adapters/dbos_worker.py"):
        source = (root / file).read_text(encoding="utf-8")
        changed = re.sub(r"^( +)try:\n", r"\1_ = 1  # changed\n\1try:\n", source, flags=re.MULTILINE)
        compile(changed, file, "exec")
        (root / file).write_text(changed, "utf-8")


# ---------------------------------------------------------------- what a run made


def content(folder: Path) -> Content:
    with closing(sqlite3.connect(folder / "catalogue.db")) as catalogue:
        documents = catalogue.execute("select id, name, status, problems, collection_id from documents").fetchall()
        chunks = catalogue.execute(
            "select id, document_id, kind, text, search_text, page, regions, place, image from chunks"
        ).fetchall()
        [(encoders,)] = catalogue.execute("select encoders from collections where name = 'default'").fetchall()
    names = {document[0]: document[1] for document in documents}
    found: Content = {"documents": {(name, status, problems) for _, name, status, problems, _ in documents}}

    def known(text: str | None) -> str | None:
        for id, name in names.items():
            text = text.replace(id, name) if text else text
        return text

    found["chunks"] = sorted(tuple(known(str(value)) for value in chunk) for chunk in chunks)
    blobs = LocalBlobs(folder / "blobs")
    keys = [key for key in blobs.keys("") if "/vectors/" not in key]
    found["blobs"] = {(known(key), hashlib.sha256(blobs.read(key)).hexdigest()) for key in keys}
    words, vectors = TantivyWords(folder / "words"), ChromaVectors(folder / "chroma")
    collection = documents[0][4]
    found["words"] = {known(id) for id in words.ids(collection)}
    found["vectors"], found["lowest"], found["unfound"] = {}, 1.0, set()
    for space, encoder in json.loads(encoders).items():
        index = IndexName(collection, space, encoder)
        held = vectors.ids(index)
        for document_id in names:
            for chunk_id, vector in zip(*KeptInBlobs(blobs).load(document_id, space, encoder), strict=True):
                found["vectors"][(space, known(chunk_id))] = vector
                given = dict(vectors.search(index, vector, 50))
                if chunk_id not in held or (given.get(chunk_id, 0.0) < SAME and max(given.values(), default=0) < SAME):
                    found["unfound"].add((space, known(chunk_id)))
        found["vectors"] |= {(space, known(id)): None for id in held if (space, known(id)) not in found["vectors"]}
    vectors.close()
    words.close()
    return found


def compared(undisturbed: Content, killed: Content) -> list[str]:
    differences = []
    for part in ("documents", "chunks", "words", "blobs"):
        one, other = set(undisturbed[part]), set(killed[part])
        differences += [f"{part}: lost {str(lost)[:300]}" for lost in sorted(one - other, key=str)]
        differences += [f"{part}: too much {str(more)[:300]}" for more in sorted(other - one, key=str)]
        if len(undisturbed[part]) != len(killed[part]):
            differences.append(f"{part}: {len(undisturbed[part])} against {len(killed[part])}")
    one, other = undisturbed["vectors"], killed["vectors"]
    differences += [f"vectors: {key} in one run only" for key in one.keys() ^ other.keys()]
    for key in one.keys() & other.keys():
        cosine = float(one[key] @ other[key]) if one[key] is not None and other[key] is not None else 0.0
        killed["lowest"] = min(killed["lowest"], cosine)
        if cosine < SAME:
            differences.append(f"vectors: {key} has a cosine of {cosine:.4f} to its twin")
    differences += [f"vectors: {key} is not found in the index" for key in killed["unfound"]]
    return differences


# ---------------------------------------------------------------- the documents


def made(folder: Path, count: int) -> list[Path]:
    """The samples, and as many generated documents as needed; the same in every run."""
    folder.mkdir(parents=True)
    files = [Path(shutil.copy(sample, folder)) for sample in sorted(SAMPLES.iterdir())]
    makers = (_note, _table, _picture, _scan)
    for n in range(count - len(files)):
        files.append(makers[n % len(makers)](folder, n))
    return files


def _sentence(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=12)).capitalize() + "."


def _note(folder: Path, n: int) -> Path:
    chance = random.Random(n)
    parts = [f"## Part {part}\n\n" + " ".join(_sentence(chance) for _ in range(12)) for part in range(20)]
    return _written(folder / f"note-{n}.md", f"# Note {n}\n\n{chr(10).join(parts)}\n".encode())


def _table(folder: Path, n: int) -> Path:
    chance = random.Random(n)
    rows = [f"{day},{chance.choice(WORDS)},{chance.randint(1, 999)}" for day in range(150)]
    return _written(folder / f"table-{n}.csv", "\n".join(["day,cargo,barrels", *rows]).encode())


def _picture(folder: Path, n: int) -> Path:
    out = io.BytesIO()
    _page(random.Random(n), 8).save(out, "PNG")
    return _written(folder / f"picture-{n}.png", out.getvalue())


def _scan(folder: Path, n: int) -> Path:
    out = io.BytesIO()
    chance = random.Random(n)
    pages = [_page(chance, 10) for _ in range(3)]
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:])
    return _written(folder / f"scan-{n}.pdf", out.getvalue())


def _page(chance: random.Random, lines: int) -> Image.Image:
    picture = Image.new("L", (900, 60 + 40 * lines), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(24)
    for line in range(lines):
        pen.text((30, 30 + 40 * line), " ".join(chance.choices(WORDS, k=7)), 0, font)
    return picture


def _written(file: Path, data: bytes) -> Path:
    file.write_bytes(data)
    return file


if __name__ == "__main__":
    sys.exit(main())
