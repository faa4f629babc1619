"""The measurements side by side, with Exhibit's ratios, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from evaluation.metrics import is_hit, percentile
from evaluation.report import KS, hits_report, in_words, share
from evaluation.tables import table
from lab.bench.documents import BenchFiles, pages_of
from lab.bench.measured import LongPdf, Measured, Rate

Cell = Callable[[Measured], str]


def bench_table(systems: Sequence[Measured], files: BenchFiles) -> str:
    counted = pages_of(files.with_text)
    rows = [
        ("", *(system.name for system in systems)),
        row(f"pages/s until found by text, {counted} with text layer", systems, lambda one: speed(one.text_found)),
        row("pages/s until all on these pages is read", systems, lambda one: speed(one.with_text)),
        row(f"pages/s, all {pages_of(files.pdfs)} pages", systems, lambda one: speed(one.with_text + one.without)),
        row("chunks", systems, lambda one: f"{one.chunks:,}"),
        row("PDFs lost", systems, lambda one: str(len(one.lost))),
        *(row(f"page hit@{k}", systems, hit(k)) for k in KS),
        row("a query, p50 ms", systems, lambda one: milliseconds(one, 50)),
        row("a query, p95 ms", systems, lambda one: milliseconds(one, 95)),
        row("peak memory (PSS), MB", systems, lambda one: f"{one.peak_mb:,.0f}"),
        row("start to first answer, index kept, s", systems, lambda one: seconds(one.first_answer_s)),
        row("start to first answer, one small PDF, s", systems, lambda one: seconds(one.first_answer_empty_s)),
        row("long PDF: pages/s until found by text", systems, lambda one: long_speed(one.long_pdf, found=True)),
        row("long PDF: pages/s until everything is read", systems, lambda one: long_speed(one.long_pdf)),
        row("long PDF: peak memory, MB", systems, lambda one: f"{one.long_pdf.peak_mb:,.0f}" if one.long_pdf else "-"),
    ]
    return table(rows)


def row(name: str, systems: Sequence[Measured], cell: Cell) -> tuple[str, ...]:
    return name, *(cell(system) for system in systems)


def speed(rate: Rate) -> str:
    return f"{rate.pages_per_s:.2f}" if rate.pages_per_s else "-"


def hit(k: int) -> Cell:
    return lambda one: in_words(share([is_hit(ranking.rank, k) for ranking in one.rankings]))


def milliseconds(one: Measured, percent: float) -> str:
    return f"{percentile([ranking.ms for ranking in one.rankings], percent):.1f}"


def seconds(value: float | None) -> str:
    return f"{value:.1f}" if value is not None else "-"


def long_speed(long_pdf: LongPdf | None, found: bool = False) -> str:
    if long_pdf is None:
        return "-"
    return long_pdf.error or speed(long_pdf.text_found if found else long_pdf.rate)


def notes(systems: Sequence[Measured], files: BenchFiles) -> str:
    lines = [
        *of_scans(systems, files),
        "Found by text: every word of the text layer can be searched, by words and by meaning; the others read no more "
        "than that, so their two rates are one. Until everything is read: figures drawn, encoded, and the words in "
        "them recognised as well.",
        "A question about a PDF that a system lost counts as a miss.",
        "Exhibit is asked over HTTP, the others in process. No rate counts the loading of models.",
    ]
    lines += [f"{one.name} lost {name}: {reason}" for one in systems for name, reason in one.lost.items()]
    return "\n".join(lines)


def of_scans(systems: Sequence[Measured], files: BenchFiles) -> list[str]:
    scanned = sum(pdf.textless for pdf in files.without)
    if not scanned:
        return []
    speeds = ", ".join(ocr_speed(one) for one in systems)
    return [
        f"{scanned} pages, in {len(files.without)} PDFs of {pages_of(files.without)} pages, have no text: Exhibit "
        f"reads them by OCR, the others pass over them ({speeds} on these PDFs)."
    ]


def ocr_speed(one: Measured) -> str:
    return f"{one.name} {speed(one.without)} pages/s"


def ratios(ours: Measured, peers: Sequence[Measured]) -> dict[str, Any]:
    """Exhibit over each peer, and over the better peer's hits."""
    compared: dict[str, Any] = {peer.name: ratios_to(ours, peer) for peer in peers}
    if peers:
        best = max(peers, key=lambda peer: hit_share(peer, 5))
        compared["hit@5 over the better peer"] = ratio(hit_share(ours, 5), hit_share(best, 5))
    return compared


def ratios_to(ours: Measured, peer: Measured) -> dict[str, float | None]:
    return {
        "pages/s, text layer, until found by text": ratio(ours.text_found.pages_per_s, peer.text_found.pages_per_s),
        "pages/s, text layer, until everything is read": ratio(ours.with_text.pages_per_s, peer.with_text.pages_per_s),
        "pages/s, all": ratio((ours.with_text + ours.without).pages_per_s, (peer.with_text + peer.without).pages_per_s),
        "hit@5": ratio(hit_share(ours, 5), hit_share(peer, 5)),
        "query p50": ratio(p50(ours), p50(peer)),
        "peak memory": ratio(ours.peak_mb, peer.peak_mb),
    }


def ratio(ours: float | None, theirs: float | None) -> float | None:
    return round(ours / theirs, 2) if ours is not None and theirs else None


def hit_share(one: Measured, k: int) -> float:
    found: float = share([is_hit(ranking.rank, k) for ranking in one.rankings])["share"]
    return found


def p50(one: Measured) -> float:
    return percentile([ranking.ms for ranking in one.rankings], 50)


def ratios_in_words(compared: dict[str, Any]) -> str:
    lines = []
    for name, values in compared.items():
        if isinstance(values, dict):
            lines.append(f"Exhibit / {name}: " + ", ".join(f"{what} {value}×" for what, value in values.items()))
        else:
            lines.append(f"{name}: {values}×")
    return "\n".join(lines)


def encoder_in_words(rates: dict[str, Any]) -> str:
    if "error" in rates:
        return f"the encoder alone could not be measured: {rates['error']}"
    lines = [
        f"the encoder alone, {name}: {rate['chunks_per_s']} chunks/s, which would be {rate['pages_per_s']} pages/s"
        for name, rate in rates["encoders"].items()
    ]
    counted = f"({rates['words_per_chunk']} words, {rates['mean_tokens']} tokens a chunk on average,"
    return "\n".join([*lines, f"{counted} {rates['chunks_per_page']} chunks a page)"])


def as_json(one: Measured) -> dict[str, Any]:
    report = hits_report(one.rankings)
    return {
        "pages_per_s": {
            "text layer, found": one.text_found.pages_per_s,
            "text layer": one.with_text.pages_per_s,
            "others": one.without.pages_per_s,
            "all": (one.with_text + one.without).pages_per_s,
        },
        "seconds": {"text layer": one.with_text.seconds, "others": one.without.seconds},
        "chunks": one.chunks,
        "lost": one.lost,
        "hits": report,
        "peak_mb": round(one.peak_mb),
        "first_answer_s": {"index kept": one.first_answer_s, "one small PDF": one.first_answer_empty_s},
        "long_pdf": long_as_json(one.long_pdf),
    }


def long_as_json(long_pdf: LongPdf | None) -> dict[str, Any] | None:
    if long_pdf is None:
        return None
    return {
        "pages": long_pdf.rate.pages,
        "pages_per_s": long_pdf.rate.pages_per_s,
        "pages_per_s_found": long_pdf.text_found.pages_per_s,
        "peak_mb": round(long_pdf.peak_mb),
        "error": long_pdf.error,
    }
