"""What all tests share."""

from __future__ import annotations

import os

from tests.waiting import TEST_HANG_S

os.environ.setdefault("PYTEST_TIMEOUT", str(TEST_HANG_S))  # pytest-timeout reads it when pytest is set up


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Files made for a test may hold the time of day: two processes that share the tests must call them the same."""
    return argname if isinstance(val, bytes) and len(val) > 16 else None
