"""`python -m lab.measures.regions [--data FOLDER …]`: are the regions of chunks where their words stand?

Random chunks of text, of tables and of recognised pages, turned and cropped copies of pages included. Each chunk's
text is compared with what another library than ours reads inside its regions.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pypdfium2 as pdfium

from app.adapters.encoders.model_files import bundled_minilm
from app.adapters.encoders.tokenizer import Tokens
from domain.documents import Chunk, Document
from domain.parsed import ParsedPage
from evaluation.kept import ROOT
from ingest.chunk.split import split
from ingest.parse import open_document, parse_pages
from ingest.parse.formats import FORMATS
from ingest.parse.ocr import recognise_page
from lab.measures import other_readers

In = TypeVar("In")
Out = TypeVar("Out")

PDF = "application/pdf"
LIKE = 0.95  # from here on a chunk's text is what stands in its regions
LARGE = 1.5  # regions over this many times the area of their words are too large
ALIKE_SHARE = 0.98
QUOTAS = {"text": 0.55, "table": 0.25, "ocr": 0.2}
TURNED = 10  # documents of which turned or cropped copies are made
PAGES_TURNED = 4  # of each of them
MOST_READ = 30  # scanned pages that are recognised: it is the slowest part
ENCODER_TOKENS = 256
VARIANTS = [(90, 0.0), (180, 0.0), (270, 0.0), (0, 0.06), (90, 0.06), (270, 0.04)]  # turn, share cut off each side


@dataclass(frozen=True, slots=True)
class Sample:
    """A chunk to be looked at."""

    path: str
    how: str  # text, table or ocr
    turned: bool  # or cropped
    turns: int  # quarter turns clockwise that a copy's pages were turned by
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class Outcome:
    document: str
    page: int
    how: str
    turned: bool
    like: float
    area: float  # of the regions, in areas of the words in them
    regions: int
    ours: str
    theirs: str

    @property
    def right(self) -> bool:
        return self.like >= LIKE and self.area <= LARGE


def main() -> int:
    options = parsed_options()
    folders = options.data or default_folders()
    paths = [path for folder in folders for path in pdfs_of(folder)]
    if not paths:
        print(f"eval: no PDF files in {', '.join(map(str, folders))}", file=sys.stderr)
        return 1
    outcomes = measured(paths, options.chunks, options.seed, options.workers)
    print(table_of(outcomes))
    print(worst_of(outcomes, options.worst))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        at = datetime.now(UTC).isoformat(timespec="seconds")
        each = [asdict(outcome) for outcome in outcomes]
        options.json.write_text(json.dumps({"at": at, "each": each}, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


def parsed_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.measures.regions", description=__doc__)
    parser.add_argument("--data", type=Path, action="append", help="folder with PDF files")
    parser.add_argument("--chunks", type=int, default=200)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--worst", type=int, default=12, help="cases to print")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path, default=Path("reports/regions.json"), help="file for every case")
    return parser.parse_args()


def default_folders() -> list[Path]:
    more = ROOT.parent / "shared" / "data" / "pdf-qa"
    return [ROOT / "samples", *([more] if more.is_dir() else [])]


def pdfs_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.pdf") if path.is_file())


# ---------------------------------------------------------------- chunks to look at


def measured(paths: Sequence[Path], chunks: int, seed: int, workers: int = 1) -> list[Outcome]:
    """The outcomes of so many random chunks of these documents and of turned and cropped copies of their pages."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        copies = varied(paths, Path(folder), chance)
        ways = [*((path, False) for path in paths), *((path, True) for path in copies)]
        jobs = [(path, turned, chance.randrange(2**32)) for path, turned in ways]
        samples = [each for found in mapped(samples_of, jobs, workers) for each in found]
        chosen = chosen_of(samples, chunks, chance)
        by_path: dict[str, list[Sample]] = defaultdict(list)
        for sample in chosen:
            by_path[sample.path].append(sample)
        return [each for found in mapped(outcomes_of, list(by_path.values()), workers) for each in found]


def mapped(function: Callable[[In], Out], items: Sequence[In], workers: int) -> Iterable[Out]:
    if workers < 2:
        return map(function, items)
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(function, items))


def varied(paths: Sequence[Path], folder: Path, chance: random.Random) -> list[Path]:
    """Copies of some pages of some documents, turned or cropped or both."""
    copies = []
    for number, path in enumerate(chance.sample(list(paths), min(TURNED, len(paths)))):
        turn, cut = VARIANTS[number % len(VARIANTS)]
        copy = folder / f"{path.stem} turned {turn} cut {cut:.0%}.pdf"
        with pdfium.PdfDocument(path) as source, pdfium.PdfDocument.new() as made:
            pages = chance.sample(range(len(source)), min(PAGES_TURNED, len(source)))
            made.import_pages(source, sorted(pages))
            for page in made:
                left, bottom, right, top = page.get_bbox()
                across, up = cut * (right - left), cut * (top - bottom)
                page.set_cropbox(left + across, bottom + up, right - across, top - up)
                page.set_rotation((page.get_rotation() + turn) % 360)
                page.close()
            made.save(copy)
        copies.append(copy)
    return copies


def samples_of(job: tuple[Path, bool, int]) -> list[Sample]:
    """All chunks of a document as the service makes them; of scanned pages, those of a few that are recognised."""
    path, turned, seed = job
    document, pages = read(path, random.Random(seed), 1 if turned else 3)
    read_as = {page.number: page.read_as for page in pages}
    tokens = encoder_tokens()
    chunks = split(document, pages, tokens.count, ENCODER_TOKENS)
    samples = []
    for chunk in chunks:
        if chunk.page is None or chunk.kind not in ("text", "table") or not other_readers.normal(chunk.text):
            continue
        how = "ocr" if read_as.get(chunk.page) == "ocr" else chunk.kind
        samples.append(Sample(str(path), how, turned, turns_of(path) if turned else 0, chunk))
    return samples


def turns_of(path: Path) -> int:
    """Of a copy, by its name."""
    return int(path.stem.split()[-3]) // 90


def read(path: Path, chance: random.Random, most_read: int) -> tuple[Document, list[ParsedPage]]:
    """The pages as the service reads them, with up to so many of the scanned ones recognised."""
    identity = open_document(path, FORMATS[PDF])
    document = Document(
        path.stem, "c", "default", path.name, PDF, 0, "", "running", datetime.now(UTC), title=identity.title
    )
    count, size = identity.pages or 0, FORMATS[PDF].parser.batch_pages
    batches = [parse_pages(path, FORMATS[PDF], first, first + size - 1) for first in range(1, count + 1, size)]
    pages = [page for batch in batches for page in batch]
    scanned = [page.number for page in pages if page.needs_ocr and page.number is not None]
    for number in chance.sample(scanned, min(most_read, len(scanned))):
        pages[number - 1] = recognise_page(path, PDF, number)
    return document, [replace(page, blocks=()) if page.needs_ocr else page for page in pages]


def encoder_tokens() -> Tokens:
    return Tokens((bundled_minilm().folder / "tokenizer.json").read_text(encoding="utf-8"), ENCODER_TOKENS)


def chosen_of(samples: Sequence[Sample], chunks: int, chance: random.Random) -> list[Sample]:
    """By kind as far as there are any, a quarter of each of turned pages; what is missing is made up by the rest."""
    left = list(samples)
    chance.shuffle(left)
    chosen: list[Sample] = []
    for how, share in QUOTAS.items():
        for turned, part in ((True, 0.25), (False, 0.75)):
            fitting = [each for each in left if each.how == how and each.turned == turned]
            chosen += fitting[: round(chunks * share * part)]
    taken = {id(each) for each in chosen}
    rest = [each for each in left if id(each) not in taken]
    return [*chosen, *rest[: chunks - len(chosen)]]


# ---------------------------------------------------------------- looked at by another library


def outcomes_of(samples: Sequence[Sample]) -> list[Outcome]:
    path = Path(samples[0].path)
    with other_readers.opened(path) as plumbed, pdfium.PdfDocument(path) as document:
        return [outcome(sample, plumbed, document) for sample in samples]


def outcome(sample: Sample, plumbed: Any, document: pdfium.PdfDocument) -> Outcome:
    if sample.how == "ocr":
        like, area, theirs = as_recognised(sample.chunk, document, sample.turns)
    else:
        like, area, theirs = as_plumbed(sample.chunk, plumbed, sample.turns)
    chunk = sample.chunk
    return Outcome(
        Path(sample.path).name,
        chunk.page or 0,
        sample.how,
        sample.turned,
        round(like, 4),
        round(area, 3),
        len(chunk.regions),
        chunk.text,
        theirs,
    )


def as_recognised(chunk: Chunk, document: pdfium.PdfDocument, turns: int) -> tuple[float, float, str]:
    """The first reading that is like the chunk, else the best."""
    boxes = [region.box for region in chunk.regions]
    best = (-1.0, 0.0, "")
    for reading in other_readers.readings_of(document, chunk.page or 1, boxes, turns):
        like = table_likeness if chunk.kind == "table" else text_likeness
        best = max(best, (like(chunk.text, [reading.text]), reading.boxes / max(reading.lines, 1e-6), reading.text))
        if best[0] >= LIKE:
            break
    return best


def as_plumbed(chunk: Chunk, plumbed: Any, turns: int) -> tuple[float, float, str]:
    texts: list[str] = []
    covered = whole = 0.0
    for number in dict.fromkeys(region.page for region in chunk.regions):
        boxes = [region.box for region in chunk.regions if region.page == number]
        page = plumbed.pages[number - 1]
        texts += other_readers.texts_in(page, boxes, turns)
        covered += other_readers.area_of_words(page, boxes)
        whole += other_readers.area_of(page, boxes)
        page.close()
    in_table = chunk.kind == "table"
    like = table_likeness(chunk.text, texts) if in_table else text_likeness(chunk.text, texts)
    return like, whole / max(covered, 1.0), "\n".join(texts)


def text_likeness(text: str, texts: Sequence[str]) -> float:
    """As a whole or piece by piece: two readers may read the pieces of a slide or a drawing in different orders."""
    pieces = [piece for line in text.split("\n") for piece in line.split("  ")]
    return max(other_readers.likeness(text, "".join(texts)), other_readers.cell_by_cell(pieces, texts)[0])


def table_likeness(markdown: str, texts: Sequence[str]) -> float:
    """Cell by cell: the table's, and its caption as one."""
    return other_readers.cell_by_cell(cells_of(markdown), texts)[0]


def cells_of(markdown: str) -> list[str]:
    cells: list[str] = []
    for line in markdown.split("\n"):
        if line.startswith("| ") and line.endswith(" |"):
            cells += [cell.replace("\\|", "|") for cell in line[2:-2].split(" | ") if set(cell.strip()) - {"-"}]
        else:
            cells.append(line)
    return cells


# ---------------------------------------------------------------- told


def table_of(outcomes: Sequence[Outcome]) -> str:
    """Shares by kind, and of all."""
    groups: dict[str, list[Outcome]] = {how: [each for each in outcomes if each.how == how] for how in QUOTAS}
    groups["turned or cropped"] = [each for each in outcomes if each.turned]
    groups["all"] = list(outcomes)
    head = f"| chunks | number | alike (≥ {LIKE}) | regions ≤ {LARGE}× their words | both | boxes a chunk |"
    lines = [head, "|---|---|---|---|---|---|"]
    for name, group in groups.items():
        if group:
            alike, tight = [each.like >= LIKE for each in group], [each.area <= LARGE for each in group]
            both = [each.right for each in group]
            shares = " | ".join(f"{sum(each) / len(group):.1%}" for each in (alike, tight, both))
            mean = sum(each.regions for each in group) / len(group)
            lines.append(f"| {name} | {len(group)} | {shares} | {mean:.1f} |")
    return "\n".join(lines)


def worst_of(outcomes: Sequence[Outcome], number: int) -> str:
    wrong = sorted((each for each in outcomes if not each.right), key=lambda each: (each.like, -each.area))
    lines = [f"\nworst of {len(wrong)}:"] if wrong else []
    for each in wrong[:number]:
        lines.append(
            f"- {each.like:.2f} like, {each.area:.2f}x: {each.document} page {each.page}, {each.how}"
            f"\n    ours:   {cut_short(each.ours)}\n    theirs: {cut_short(each.theirs)}"
        )
    return "\n".join(lines)


def cut_short(text: str, length: int = 300) -> str:
    flat = " ⏎ ".join(text.split("\n"))
    return flat if len(flat) <= length else f"{flat[: length // 2]} … {flat[-length // 2 :]}"


def alike_share(outcomes: Sequence[Outcome]) -> float:
    return sum(each.like >= LIKE for each in outcomes) / max(1, len(outcomes))


def tight_share(outcomes: Sequence[Outcome]) -> float:
    return sum(each.area <= LARGE for each in outcomes) / max(1, len(outcomes))


if __name__ == "__main__":
    sys.exit(main())
