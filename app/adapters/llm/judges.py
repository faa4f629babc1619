"""Second opinions on claims, where one is configured: a small cross-encoder, or the language model that answers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai

from app.adapters.encoders.torchvision_shim import declare_operators
from language.sentences import sentences
from prompts.judge import question, verdict

log = logging.getLogger(__name__)

_TIMEOUT_S = 20.0
_AT_ONCE = 5
_MOST_CLAIMS = 40  # of one answer; the others are checked by the rules alone
_MOST_TOKENS = 512  # of claim and premise together; the premise is cut
_WINDOW = 3  # sentences that a cross-encoder reads together: longer premises blur


class NliJudge:
    """A cross-encoder for natural language inference, from a folder or the hub; loaded when first asked."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._model: Any = None
        self._entails: int | None = None  # index of that label; None after loading: the model has none
        self._turn = threading.Lock()

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[float | None]:
        try:
            return self._judged(pairs[:_MOST_CLAIMS]) + [None] * len(pairs[_MOST_CLAIMS:])
        except (
            ImportError,
            LookupError,
            OSError,
            RuntimeError,
            ValueError,
        ):  # not available, or not usable on this machine
            log.exception("the cross-encoder can't judge; the rules alone decide", extra={"model": self._name})
            return [None] * len(pairs)

    def _judged(self, pairs: Sequence[tuple[str, str]]) -> list[float | None]:
        windows = [(at, window) for at, (_, text) in enumerate(pairs) for window in _windows(text)]
        best: list[float | None] = [None] * len(pairs)
        if not windows:
            return best
        with self._turn:
            model = self._loaded()
            if self._entails is None:
                return best
            scores = model.predict(
                [(window, pairs[at][0]) for at, window in windows], apply_softmax=True, show_progress_bar=False
            )
        for (at, _), score in zip(windows, scores, strict=True):
            best[at] = max(best[at] or 0.0, float(score[self._entails]))
        return best

    def _loaded(self) -> Any:
        if self._model is None:
            declare_operators()
            from sentence_transformers import CrossEncoder

            self._model = CrossEncoder(self._name, device="cpu")
            self._model.max_seq_length = min(self._model.max_seq_length or _MOST_TOKENS, _MOST_TOKENS)
            labels = {str(label).lower(): int(at) for at, label in self._model.model.config.id2label.items()}
            self._entails = labels.get("entailment")
            if self._entails is None:
                log.error(
                    "the cross-encoder has no label for entailment", extra={"model": self._name, "labels": list(labels)}
                )
        return self._model


def _windows(text: str) -> list[str]:
    pieces = sentences(text)[:60]
    return (
        [" ".join(pieces[at : at + _WINDOW]) for at in range(0, max(1, len(pieces) - 1), _WINDOW - 1)] if pieces else []
    )


class ModelJudge:
    """The model behind an OpenAI-compatible server, asked about each claim; no judgement if it doesn't answer."""

    def __init__(self, url: str, model: str | None, api_key: str | None, timeout_s: float = _TIMEOUT_S) -> None:
        base = url.rstrip("/")
        self._client = openai.OpenAI(
            base_url=base if base.endswith("/v1") else f"{base}/v1",
            api_key=api_key or "none",
            timeout=timeout_s,
            max_retries=0,
        )
        self._model = model

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[float | None]:
        asked = pairs[:_MOST_CLAIMS]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            told = list(pool.map(self._one, asked))
        return told + [None] * (len(pairs) - len(asked))

    def _one(self, pair: tuple[str, str]) -> float | None:
        try:
            messages: Any = [{"role": message.role, "content": message.text} for message in question(*pair)]
            reply = self._client.chat.completions.create(
                model=self._named(), messages=messages, max_tokens=8, temperature=0.0
            )
            return verdict(reply.choices[0].message.content or "") if reply.choices else None
        except openai.OpenAIError:
            log.warning("the language model did not judge a claim; the rules alone decide", exc_info=True)
            return None

    def _named(self) -> str:
        if self._model is None:
            self._model = next(iter(self._client.models.list())).id
        return self._model
