"""Measurements as tables for people and as JSON for programs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from evaluation.measure import AnsweredQuestion, PageRanking
from evaluation.metrics import is_hit, percentile, separation, wilson
from evaluation.questions import LabelledQuestion
from evaluation.tables import table

KS = (1, 5, 10)


def hits_report(rankings: Sequence[PageRanking]) -> dict[str, Any]:
    """Hits, nDCG and latency of all, of each kind, and of each language."""
    report = {
        "all": hits_of(rankings),
        "kinds": grouped(rankings, lambda question: question.kinds or ("unnamed",)),
        "languages": grouped(rankings, lambda question: (question.language,)),
        "latency_ms": latency([ranking.ms for ranking in rankings]),
    }
    parallel = [ranking for ranking in rankings if ranking.question.parallel]
    return report | ({"across_languages": across_languages(parallel)} if parallel else {})


def across_languages(rankings: Sequence[PageRanking]) -> dict[str, Any]:
    """How well a question finds the same text in the other language, by the question's language."""
    languages = sorted({ranking.question.language for ranking in rankings})
    return {
        f"{language} question": {
            f"hit@{k}": share([is_hit(one.parallel_rank, k) for one in rankings if one.question.language == language])
            for k in KS
        }
        for language in languages
    }


def grouped(rankings: Sequence[PageRanking], names: Callable[[LabelledQuestion], Iterable[str]]) -> dict[str, Any]:
    groups: dict[str, list[PageRanking]] = {}
    for ranking in rankings:
        for name in names(ranking.question):
            groups.setdefault(name, []).append(ranking)
    return {name: hits_of(group) for name, group in sorted(groups.items())}


def hits_of(rankings: Sequence[PageRanking]) -> dict[str, Any]:
    found: dict[str, Any] = {"questions": len(rankings)}
    for k in KS:
        found[f"hit@{k}"] = share([is_hit(ranking.rank, k) for ranking in rankings])
    for k in KS:
        found[f"evidence_hit@{k}"] = share([is_hit(ranking.evidence_rank, k) for ranking in rankings])
    found["ndcg@10"] = round(mean([ranking.ndcg10 for ranking in rankings]), 4)
    return found


def share(outcomes: Sequence[bool]) -> dict[str, Any]:
    """A proportion with its 95 % Wilson interval."""
    low, high = wilson(sum(outcomes), len(outcomes))
    return {
        "share": round(mean([float(outcome) for outcome in outcomes]), 4),
        "interval95": [round(low, 4), round(high, 4)],
        "of": len(outcomes),
    }


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def latency(ms: Sequence[float]) -> dict[str, float | None]:
    return {"p50": rounded(percentile(ms, 50), 1), "p95": rounded(percentile(ms, 95), 1)}


def rounded(value: float, digits: int) -> float | None:
    """None where there is nothing to say: JSON knows no NaN."""
    return None if math.isnan(value) else round(value, digits)


def answers_report(answers: Sequence[AnsweredQuestion]) -> dict[str, Any]:
    asked = [answer for answer in answers if answer.question.answerable]
    unanswerable = [answer for answer in answers if not answer.question.answerable]
    return {
        "abstained where the documents do not say": share([one.verdict == "abstained" for one in unanswerable]),
        "answered where they do": share([one.verdict != "abstained" for one in asked]),
        "cites a right page": share([one.cites_right_place for one in asked]),
        "contains the answer's words": share([one.contains_answer for one in asked]),
        "verdicts": {verdict: sum(one.verdict == verdict for one in answers) for verdict in VERDICTS},
        "confidence separates": rounded(
            separation([one.confidence for one in asked], [one.confidence for one in unanswerable]), 4
        ),
        "latency_ms": latency([one.ms for one in answers]),
    }


VERDICTS = ("grounded", "partial", "ungrounded", "abstained")


# ---------------------------------------------------------------- for people


def hits_table(title: str, report: dict[str, Any]) -> str:
    rows = [("", "questions", *(f"page hit@{k}" for k in KS), *(f"evidence@{k}" for k in KS), "nDCG@10")]
    groups = {"all": report["all"], **report["kinds"], **report["languages"]}
    rows += [hits_row(name, group) for name, group in groups.items()]
    times = report["latency_ms"]
    lines = [title, "", table(rows), "", f"latency of a search: p50 {times['p50']} ms, p95 {times['p95']} ms"]
    if across := report.get("across_languages"):
        lines += ["", "the same text in the other language", "", across_table(across)]
    return "\n".join(lines)


def hits_row(name: str, group: dict[str, Any]) -> tuple[str, ...]:
    pages = [in_words(group[f"hit@{k}"]) for k in KS]
    pieces = [f"{group[f'evidence_hit@{k}']['share']:.3f}" for k in KS]
    return name, str(group["questions"]), *pages, *pieces, f"{group['ndcg@10']:.3f}"


def across_table(across: dict[str, Any]) -> str:
    rows = [("", "questions", *(f"hit@{k}" for k in KS))]
    rows += [
        (name, str(hits["hit@1"]["of"]), *(in_words(hits[f"hit@{k}"]) for k in KS)) for name, hits in across.items()
    ]
    return table(rows)


def beside_plain(report: dict[str, Any], plain: dict[str, Any]) -> str:
    """Exhibit's hits as a multiple of plain BM25's over the same texts."""
    ratios = [f"hit@{k} {times(report, plain, k)}" for k in KS]
    return f"against plain BM25 over the same texts: {', '.join(ratios)}"


def times(report: dict[str, Any], plain: dict[str, Any], k: int) -> str:
    beside = plain["all"][f"hit@{k}"]["share"]
    return f"{report['all'][f'hit@{k}']['share'] / beside:.2f}×" if beside else "–"


def in_words(proportion: dict[str, Any]) -> str:
    low, high = proportion["interval95"]
    return f"{proportion['share']:.3f} [{low:.2f}, {high:.2f}]"


def answers_table(report: dict[str, Any]) -> str:
    rows = [("", "of", "share")]
    rows += [
        (name, str(entry["of"]), in_words(entry))
        for name, entry in report.items()
        if isinstance(entry, dict) and "share" in entry
    ]
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in report["verdicts"].items())
    times = report["latency_ms"]
    return (
        f"answers\n\n{table(rows)}\n\nverdicts: {verdicts}\n"
        f"an answerable question's confidence is above an unanswerable one's: {report['confidence separates']}\n"
        f"latency of an answer: p50 {times['p50']} ms, p95 {times['p95']} ms"
    )


# ---------------------------------------------------------------- for programs


def ranking_row(ranking: PageRanking) -> dict[str, Any]:
    return {
        "question": ranking.question.text,
        "document": ranking.question.document,
        "pages": sorted(ranking.question.pages),
        "kinds": list(ranking.question.kinds),
        "language": ranking.question.language,
        "rank": ranking.rank,
        "evidence_rank": ranking.evidence_rank,
        "ndcg@10": round(ranking.ndcg10, 4),
        "found": [list(place) for place in ranking.places[:10]],
        "ms": ranking.ms,
    }


def answer_row(answer: AnsweredQuestion) -> dict[str, Any]:
    return {
        "question": answer.question.text,
        "answerable": answer.question.answerable,
        "wanted": answer.question.answer,
        "answer": answer.answer,
        "verdict": answer.verdict,
        "confidence": answer.confidence,
        "cites_right_place": answer.cites_right_place,
        "contains_answer": answer.contains_answer,
        "ms": answer.ms,
    }
