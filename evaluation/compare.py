"""Compares two measurements question by question: what was won, what was lost, and whether the difference is
significant. Works on the rows that a report keeps, so that an old report can be one of the two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evaluation.metrics import is_hit, mcnemar, paired_interval
from evaluation.tables import table

KS = (1, 5, 10)

Row = dict[str, Any]
Pair = tuple[Row, Row]


class NothingInCommon(Exception):
    """The two reports share no question; the message says so."""


def compared(first: Sequence[Row], second: Sequence[Row]) -> dict[str, Any]:
    """The second against the first, over the questions that both have: all of them, and each kind."""
    pairs = paired(first, second)
    if not pairs:
        raise NothingInCommon("The two reports have no question in common.")
    kinds = sorted({kind for one, _ in pairs for kind in one["kinds"]})
    of_kinds = {kind: compared_group([pair for pair in pairs if kind in pair[0]["kinds"]]) for kind in kinds}
    return {"all": compared_group(pairs), "kinds": of_kinds}


def paired(first: Sequence[Row], second: Sequence[Row]) -> list[Pair]:
    known = {(row["document"], row["question"]): row for row in second}
    return [(row, known[key]) for row in first if (key := (row["document"], row["question"])) in known]


def compared_group(pairs: Sequence[Pair]) -> dict[str, Any]:
    found: dict[str, Any] = {"questions": len(pairs)}
    for k in KS:
        found[f"hit@{k}"] = compared_hits(pairs, k)
    found["ndcg@10"] = compared_means([(one["ndcg@10"], other["ndcg@10"]) for one, other in pairs])
    return found


def compared_hits(pairs: Sequence[Pair], k: int) -> dict[str, Any]:
    before = [is_hit(one["rank"], k) for one, _ in pairs]
    after = [is_hit(other["rank"], k) for _, other in pairs]
    return compared_means(list(zip(map(float, before), map(float, after), strict=True))) | {
        "won": sum(b and not a for a, b in zip(before, after, strict=True)),
        "lost": sum(a and not b for a, b in zip(before, after, strict=True)),
        "p": round(mcnemar(before, after), 4),
    }


def compared_means(values: Sequence[tuple[float, float]]) -> dict[str, Any]:
    differences = [after - before for before, after in values]
    low, high = paired_interval(differences)
    return {
        "first": round(sum(before for before, _ in values) / len(values), 4),
        "second": round(sum(after for _, after in values) / len(values), 4),
        "difference": round(sum(differences) / len(values), 4),
        "interval95": [round(low, 4), round(high, 4)],
    }


def comparison_table(first: str, second: str, comparison: dict[str, Any]) -> str:
    rows = [("", "questions", *(f"hit@{k}: first → second (won, lost, p)" for k in KS), "nDCG@10 difference")]
    groups = {"all": comparison["all"], **comparison["kinds"]}
    rows += [comparison_row(name, group) for name, group in groups.items()]
    return f"first: {first}; second: {second} (paired: exact McNemar, bootstrap interval)\n\n{table(rows)}"


def comparison_row(name: str, group: dict[str, Any]) -> tuple[str, ...]:
    cells = [hits_in_words(group[f"hit@{k}"]) for k in KS]
    ndcg = group["ndcg@10"]
    low, high = ndcg["interval95"]
    return name, str(group["questions"]), *cells, f"{ndcg['difference']:+.3f} [{low:+.2f}, {high:+.2f}]"


def hits_in_words(one: dict[str, Any]) -> str:
    return f"{one['first']:.3f} → {one['second']:.3f} (+{one['won']} −{one['lost']}, p {one['p']:.2f})"
