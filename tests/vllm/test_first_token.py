"""What Exhibit adds to the time to the first word is measured against the real engine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from lab.bench.first_token import connected_llm, measured, told
from tests.e2e.service import SAMPLES
from tests.vllm.engine import Engine

QUESTIONS = (
    "When may a carrier stay at home because of the weather?",
    "Who suggested that the sorting hall's computer should read the tide tables?",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(SAMPLES / "carriers-notes.md", tmp_path)
    lines = [json.dumps({"question": question, "document": "carriers-notes.md"}) for question in QUESTIONS]
    (tmp_path / "questions.jsonl").write_text("\n".join(lines))
    return tmp_path


def test_what_exhibit_adds_to_the_first_word_is_measured(
    engine: Engine, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"{engine.url}/v1"
    with connected_llm(url, "") as llm:
        pairs = measured(llm, folder, 4, {"EXHIBIT_LLM__URL": url})
    with capsys.disabled():
        print(f"\n{told(pairs)}")
    assert all(0 < pair.retrieve_ms < pair.exhibit_ms for pair in pairs)  # how much is the bench's to say
