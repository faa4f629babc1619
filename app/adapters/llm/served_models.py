"""What an OpenAI-compatible server tells of its models: `GET /v1/models`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain.errors import ModelUnavailable


@dataclass(frozen=True, slots=True)
class Served:
    name: str
    context: int | None = None  # tokens of prompt and answer together; None: not told


def first_of(listed: object) -> Served:
    """Raises ModelUnavailable where no model is listed."""
    models = _models(listed)
    name = models[0].get("id") if models else None
    if not isinstance(name, str) or not name:
        raise ModelUnavailable("the language model's server lists no model")
    return Served(name, _context(models[0]))


def named(name: str, listed: object) -> Served:
    """Of one that isn't listed nothing is known: the server will say so when it is asked."""
    return next((Served(name, _context(one)) for one in _models(listed) if one.get("id") == name), Served(name))


def _models(listed: object) -> list[dict[str, Any]]:
    models = listed.get("data") if isinstance(listed, dict) else None
    return [one if isinstance(one, dict) else {} for one in models] if isinstance(models, list) else []


def _context(model: dict[str, Any]) -> int | None:
    """vLLM and SGLang call it so; the others don't tell how much they were started with."""
    told = model.get("max_model_len")
    return told if isinstance(told, int) and not isinstance(told, bool) and told > 0 else None
