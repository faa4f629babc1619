"""No test depends on how fast a machine is: clocks are read by the two helpers that know how."""

from __future__ import annotations

import ast
from pathlib import Path

TESTS = Path(__file__).parents[1]
CLOCKS = {"monotonic", "perf_counter", "process_time", "thread_time"}
ALLOWED = {
    "waiting.py": "its limit only catches hangs",
    "growth.py": "compares times with each other",
    "heartbeat.py": "compares times with each other",
    "e2e/test_contract.py": "compares times with each other",
    "e2e/test_full_disk.py": "searches for as long as the tries to write take",
}


def reads_a_clock(node: ast.AST) -> bool:
    """`time.monotonic` and its like, or a limit by `pytest.mark.timeout`."""
    if not isinstance(node, ast.Attribute):
        return False
    of_time = isinstance(node.value, ast.Name) and node.value.id == "time" and node.attr in CLOCKS
    return of_time or (node.attr == "timeout" and isinstance(node.value, ast.Attribute) and node.value.attr == "mark")


def test_only_the_helpers_read_a_clock_and_no_test_has_a_limit_of_its_own() -> None:
    trees = {file.relative_to(TESTS).as_posix(): ast.parse(file.read_text("utf-8")) for file in TESTS.rglob("*.py")}
    assert {name for name, tree in trees.items() if any(map(reads_a_clock, ast.walk(tree)))} == set(ALLOWED)
