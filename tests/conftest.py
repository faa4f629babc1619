"""What all tests share."""

from __future__ import annotations


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Files made for a test may hold the time of day: two processes that share the tests must call them the same."""
    return argname if isinstance(val, bytes) and len(val) > 16 else None
