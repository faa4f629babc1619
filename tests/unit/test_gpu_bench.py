"""The measurements for a GPU go their whole way here too, with small models on the CPU."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lab.bench import gpu_answers, gpu_encoders


def test_encoders_are_measured_against_the_bare_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gpu_encoders.main(["--tiny", "--parts", "images", "texts", "--json", str(tmp_path / "rates.json")])
    said = capsys.readouterr().out
    assert "failed" not in said
    measured = json.loads((tmp_path / "rates.json").read_text("utf-8"))
    for name in ("images", "texts"):
        rates = [rate for slot in ("bare", "ours", "calls", "more") for rate in measured[name][slot].values()]
        assert len(rates) >= 8
        assert min(rates) > 0
    assert "of it" in said.splitlines()[-1]


def test_answers_are_measured_with_and_without_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gpu_answers.main(["--tiny", "--json", str(tmp_path / "answers.json")])
    assert "failed" not in capsys.readouterr().out
    rows = json.loads((tmp_path / "answers.json").read_text("utf-8"))["rows"]
    assert [row["pictures"] for row in rows] == [0, 2, 6] * 2
    assert all(row["first_ms"] > 0 and row["tokens_per_s"] > 0 for row in rows)
    assert all(row["picture_tokens"] >= row["pictures"] for row in rows)


def test_the_largest_model_that_fits_is_chosen() -> None:
    pytest.importorskip("torch")
    h100 = gpu_answers.chosen(78.5)
    assert h100 == [gpu_answers.QWEN3_VL_32B, gpu_answers.QWEN3_VL_8B, gpu_answers.QWEN25_VL_72B_FP8]
    assert gpu_answers.chosen(180.0) == [gpu_answers.QWEN25_VL_72B, gpu_answers.QWEN3_VL_8B]
    assert gpu_answers.weights_gib(gpu_answers.QWEN3_VL_32B) == pytest.approx(62.1, abs=0.1)


PARTS = """
import time
from lab.bench import gpu
with gpu.part("first", None):
    raise ValueError("cannot")
with gpu.part("second", 0.05):
    while True:
        time.sleep(1)
with gpu.part("third", None):
    gpu.said("done")
"""


def test_a_part_that_fails_or_takes_too_long_costs_no_other() -> None:
    """In a process of its own: a part is ended by a signal, which ended the whole of one in which pytest had tested the
    image encoders before."""
    ended = subprocess.run([sys.executable, "-c", PARTS], capture_output=True, text=True, check=True)
    assert "ValueError: cannot" in ended.stdout
    assert "second: not done after" in ended.stdout
    assert "done" in ended.stdout.splitlines()
