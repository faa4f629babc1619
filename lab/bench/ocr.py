"""How fast scanned pages are read, beside plain RapidOCR: `python -m lab.bench.ocr`.

Both read pages with a text layer from their pixels alone, so that the words that each found can be counted. Plain
RapidOCR is its default (ONNX Runtime, the same models, the page drawn at 200 dpi as its guides do). Processor time is
printed beside pages/s: it is the same on a machine that others use too.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pypdfium2
import rapidocr

from evaluation.questions import load_folder
from evaluation.tables import table
from ingest.parse.ocr import MODELS, recognise_page
from ingest.parse.pdf_file import draw_page
from lab.bench.__main__ import default_folder

PDF = "application/pdf"
DPI = 200
WORD = re.compile(r"[^\W\d_]{2,}|\d+")
ENOUGH_WORDS = 40  # on a page, to count how many of them were found

Page = tuple[Path, int]
Read = Callable[[Path, int], str]


@dataclass(frozen=True, slots=True)
class Speed:
    pages: int
    seconds: float
    processor_s: float
    words_found: float  # share of the words of the text layer


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.bench.ocr", description=__doc__)
    parser.add_argument("--data", type=Path, default=default_folder(), help="folder with PDFs and questions.jsonl")
    parser.add_argument("--pages", type=int, default=12, help="how many, spread over the PDFs")
    options = parser.parse_args()
    paths = [path for path in load_folder(options.data).documents if path.suffix.lower() == ".pdf"]
    pages = spread(list(pages_with_words(paths)), options.pages)
    os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count() or 1))  # as the sandbox tells the reading child
    ours, plain = measured(pages, exhibits()), measured(pages, plain_rapidocr())
    rows = [("", "Exhibit", "RapidOCR, plain", "ratio"), *rows_of(ours, plain)]
    print(f"{ours.pages} pages with a text layer, read from their pixels\n{table(rows)}")
    return 0


def rows_of(ours: Speed, plain: Speed) -> list[tuple[str, ...]]:
    by_clock = (ours.pages / ours.seconds, plain.pages / plain.seconds)
    by_processor = (ours.pages / ours.processor_s, plain.pages / plain.processor_s)
    return [
        ("pages/s", *(f"{speed:.2f}" for speed in by_clock), f"{by_clock[0] / by_clock[1]:.2f}"),
        ("pages per processor second", *(f"{s:.2f}" for s in by_processor), f"{by_processor[0] / by_processor[1]:.2f}"),
        ("words found", f"{ours.words_found:.3f}", f"{plain.words_found:.3f}", ""),
    ]


def pages_with_words(paths: Sequence[Path]) -> Iterator[Page]:
    for path in paths:
        with pypdfium2.PdfDocument(path) as document:
            for number, page in enumerate(document, start=1):
                if len(words(page.get_textpage().get_text_range())) >= ENOUGH_WORDS:
                    yield path, number


def spread(pages: Sequence[Page], count: int) -> list[Page]:
    step = max(1, len(pages) // count)
    return list(pages[step // 2 :: step][:count])


def words(text: str) -> list[str]:
    return WORD.findall(text.casefold())


def measured(pages: Sequence[Page], read: Read) -> Speed:
    """After one page that is not counted: models are loaded by then."""
    read(*pages[0])
    started, processor = time.perf_counter(), time.process_time()
    texts = [read(path, number) for path, number in pages]
    seconds, processor_s = time.perf_counter() - started, time.process_time() - processor
    shares = [found_share(page, text) for page, text in zip(pages, texts, strict=True)]
    return Speed(len(pages), seconds, processor_s, sum(shares) / len(shares))


def found_share(page: Page, text: str) -> float:
    path, number = page
    with pypdfium2.PdfDocument(path) as document:
        there = Counter(words(document[number - 1].get_textpage().get_text_range()))
    return (there & Counter(words(text))).total() / max(1, there.total())


def exhibits() -> Read:
    def read(path: Path, number: int) -> str:
        blocks = recognise_page(path, PDF, number).blocks
        return "\n".join(cell for block in blocks for cell in (block.text, *(c for row in block.cells for c in row)))

    return read


def plain_rapidocr() -> Read:
    folder = Path(rapidocr.__file__).parent / "models"
    names = {f"{step}.model_path": str(folder / model) for step, model in MODELS.items()}  # so that none is downloaded
    engine = rapidocr.RapidOCR(params={"Global.log_level": "critical", **names})

    def read(path: Path, number: int) -> str:
        with pypdfium2.PdfDocument(path) as document:
            longest = max(document[number - 1].get_size())
        picture = draw_page(path, number, round(longest * DPI / 72))
        found = engine(np.asarray(picture)[:, :, ::-1])
        return "\n".join(getattr(found, "txts", None) or ())

    return read


if __name__ == "__main__":
    sys.exit(main())
