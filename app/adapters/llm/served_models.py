"""The models that an OpenAI-compatible server lists: `GET /v1/models`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain.errors import ModelUnavailable


@dataclass(frozen=True, slots=True)
class Served:
    name: str
    context: int | None = None  # tokens of prompt and answer together; None: not stated


def first_of(listed: object) -> Served:
    """Raises ModelUnavailable where no model is listed."""
    models = _models(listed)
    name = models[0].get("id") if models else None
    if not isinstance(name, str) or not name:
        raise ModelUnavailable("the language model's server lists no model")
    return Served(name, _context(models[0]))


def named(name: str, listed: object) -> Served:
    """A model that isn't listed is left to the server to refuse."""
    return next((Served(name, _context(one)) for one in _models(listed) if one.get("id") == name), Served(name))


def _models(listed: object) -> list[dict[str, Any]]:
    models = listed.get("data") if isinstance(listed, dict) else None
    return [one if isinstance(one, dict) else {} for one in models] if isinstance(models, list) else []


def _context(model: dict[str, Any]) -> int | None:
    """The field of vLLM and SGLang; other servers don't state their context length."""
    told = model.get("max_model_len")
    return told if isinstance(told, int) and not isinstance(told, bool) and told > 0 else None
