"""Comparing, guarding a minimum, plain BM25 beside: the parts of `exhibit eval` that need no service."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from domain.documents import Box, Chunk, Region
from evaluation.command import BELOW, FAILED, BadChoice, run, settings_of, settings_without
from evaluation.compare import NothingInCommon, compared, comparison_table
from evaluation.metrics import mcnemar, paired_interval
from evaluation.minimum import BadMinimum, minimum, shortfalls
from evaluation.options import add_options
from evaluation.plain import PlainBM25
from evaluation.report import beside_plain
from evaluation.tables import table


def row(question: str, rank: int | None, kind: str = "text") -> dict[str, Any]:
    ndcg = 0.0 if rank is None else 1 / rank
    return {"question": question, "document": "a.pdf", "rank": rank, "ndcg@10": ndcg, "kinds": [kind]}


BEFORE = [row("a", 1), row("b", 7), row("c", None, "table"), row("d", 2)]
AFTER = [row("a", 1), row("b", 2), row("c", 3, "table"), row("d", 9), row("only here", 1)]


def saved(path: Path, rows: list[dict[str, Any]], hit5: float) -> Path:
    pooled = {"all": {"hit@5": {"share": hit5}, "ndcg@10": hit5}, "each": rows}
    path.write_text(json.dumps({"folders": {"docs": {"pooled": pooled}}}), encoding="utf-8")
    return path


def options(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_args(arguments)


def test_what_was_won_and_lost_is_counted_question_by_question() -> None:
    comparison = compared(BEFORE, AFTER)
    hits = comparison["all"]["hit@5"]
    assert (hits["first"], hits["second"], hits["won"], hits["lost"]) == (0.5, 0.75, 2, 1)
    assert comparison["all"]["questions"] == 4
    assert comparison["kinds"]["table"]["hit@5"]["won"] == 1
    assert "0.500 → 0.750 (+2 −1" in comparison_table("before", "after", comparison)
    with pytest.raises(NothingInCommon):
        compared(BEFORE, [row("another", 1)])


def test_the_p_value_is_the_exact_one() -> None:
    assert mcnemar([False] * 6, [True] * 6) == pytest.approx(2 / 2**6)
    assert mcnemar([True, False], [False, True]) == 1.0
    assert mcnemar([True], [True]) == 1.0


def test_the_interval_holds_the_mean_and_is_the_same_each_time() -> None:
    low, high = paired_interval([0.0, 1.0, 1.0, 0.0, 1.0] * 10)
    assert low < 0.6 < high
    assert (low, high) == paired_interval([0.0, 1.0, 1.0, 0.0, 1.0] * 10)
    assert paired_interval([]) == (0.0, 0.0)


def test_two_saved_reports_are_compared_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = saved(tmp_path / "a.json", BEFORE, 0.5), saved(tmp_path / "b.json", AFTER, 0.75)
    out = tmp_path / "out" / "eval.json"
    assert run(options("--compare", str(first), str(second), "--json", str(out))) == 0
    compared_all = json.loads(out.read_text())["folders"]["docs"]["compared"]["pooled"]["all"]
    assert compared_all["hit@5"]["won"] == 2
    assert "| all" in out.with_suffix(".md").read_text()
    capsys.readouterr()


def test_less_than_the_minimum_is_an_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = saved(tmp_path / "a.json", BEFORE, 0.5), saved(tmp_path / "b.json", AFTER, 0.75)
    same = ("--compare", str(first), str(second), "--json", str(tmp_path / "out.json"))
    assert run(options(*same, "--min", "hit@5=0.7")) == 0
    assert run(options(*same, "--min", "hit@5=0.8")) == BELOW
    assert "hit@5 is 0.750, less than 0.8" in capsys.readouterr().err
    assert run(options(*same, "--min", "hit@7=0.8")) == FAILED
    assert run(options("--compare", "no.json", "neither.json", "--json", str(tmp_path / "out.json"))) == FAILED
    capsys.readouterr()


def test_a_minimum_of_what_was_not_measured_is_a_shortfall() -> None:
    folders = {"docs": {"pooled": {"all": {"ndcg@10": 0.5}}}}
    assert shortfalls([minimum("ndcg@10=.4")], folders) == []
    assert "not measured" in shortfalls([minimum("known.hit@5=0.5")], folders)[0]
    for wrong in ("hit@5", "hit@5=2", "hit@3=0.5", "recall=1", ""):
        with pytest.raises(BadMinimum):
            minimum(wrong)


def test_settings_are_read_from_a_side() -> None:
    assert settings_of("default") == {}
    assert settings_of("EXHIBIT_SPACES=words,text EXHIBIT_RERANK=false") == {
        "EXHIBIT_SPACES": "words,text",
        "EXHIBIT_RERANK": "false",
    }
    for wrong in ("PATH=/tmp", "EXHIBIT_SPACES", "words"):
        with pytest.raises(BadChoice):
            settings_of(wrong)
    assert settings_without("image") == {"EXHIBIT_SPACES": "words,text"}
    assert settings_without("rerank") == {"EXHIBIT_RERANK": "false"}


def test_plain_bm25_finds_by_the_words_that_were_indexed() -> None:
    here = (Region(2, Box(0, 0, 1, 1)),)
    chunks = [
        Chunk("d.a", "d", 0, "text", "rare zebra", "title\nrare zebra", 2, here),
        Chunk("e.b", "e", 0, "text", "common words", "title\ncommon words", 1),
    ]
    plain = PlainBM25(chunks)
    [found] = plain.search("what is a zebra?", 5)
    assert (found["document_id"], found["page"], found["regions"]) == ("d", 2, [{"page": 2}])
    assert plain.search("zebra", 5, ["e"]) == []
    assert len(plain.search("title", 5)) == 2
    assert PlainBM25([]).search("zebra", 5) == []


def test_the_ratio_to_plain_bm25_is_told() -> None:
    ours, plain = ({f"hit@{k}": {"share": share} for k in (1, 5, 10)} for share in (0.8, 0.4))
    assert "hit@5 2.00×" in beside_plain({"all": ours}, {"all": plain})
    nothing = {f"hit@{k}": {"share": 0.0} for k in (1, 5, 10)}
    assert "hit@5 –" in beside_plain({"all": ours}, {"all": nothing})


def test_tables_are_markdown_and_aligned() -> None:
    lines = table([("", "n"), ("all", "10"), ("a longer name", "7")]).splitlines()
    assert lines[1].startswith("|---")
    assert len({len(line) for line in lines}) == 1
