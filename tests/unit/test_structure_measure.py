"""The measure of the code's structure, on a small project that the test writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.measures.structure import measured

SETTINGS = '[tool.setuptools.packages.find]\ninclude = ["answering*", "domain*"]\n'
ASK = """
from answering import other
from domain.types import Value

def ask():
    def later():
        from answering import third
    try:
        return other
    except Exception:
        pass
"""
OTHER = "from answering.third import Same\ndef other():\n    import answering.ask\n"
THIRD = "from typing import Protocol\nclass Same(Protocol):\n" + "".join(
    f"    def verb{n}(self): ...\n" for n in range(9)
)
BODY = "".join(f"    line{n} = {n}\n" for n in range(70))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "pyproject.toml": SETTINGS,
        "answering/ask.py": ASK,
        "answering/other.py": OTHER,
        "answering/third.py": THIRD,
        "answering/long.py": f"def first():\n{BODY}\ndef second():\n{BODY}\nclass Same:\n    pass\n",
        "domain/types.py": "class Value:\n    pass\n",
        "tests/test_it.py": "from unittest.mock import Mock\nMock()\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_each_fault_is_counted_and_named(project: Path) -> None:
    rows, over = measured(project)
    figures = dict(rows)
    assert figures["functions over 60 lines"] == "2"
    assert figures["import cycles"] == "1"
    assert figures["most verbs on a port"] == "9 (answering.third.Same)"
    assert figures["broad excepts per 1,000 lines, silent"].endswith(", 1")
    assert figures["public classes that share a name"] == "1"
    assert figures["mocks, patches per 1,000 lines of tests"].startswith("500.00")
    assert figures["repeats of 12 lines or more"] == "1"
    assert "behind answering.ask: answering.other" in over
    assert not any("domain.types" in name for name in over)
    assert any(name.startswith("a cycle: answering.ask answering.other") for name in over)
