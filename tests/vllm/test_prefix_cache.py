"""What is fixed in a prompt comes first, so that the real engine keeps its prefix for the next question."""

from __future__ import annotations

from typing import Any

import httpx

from answering.question.read import read
from domain.answers import Message, Prompt, TextPart
from prompts.answer import build
from tests.vllm.engine import Engine, evidence
from tests.waiting import HANG_S

SHOWN = [
    evidence(n, f"Island {n} had {n}12 letters in 2025, and its landing is on the north side.") for n in range(1, 5)
]


def asked(engine: Engine, prompt: Prompt) -> dict[str, Any]:
    body = {
        "model": "tiny-llava",
        "messages": [{"role": message.role, "content": message.text} for message in prompt.messages],
        "max_tokens": 4,
        "temperature": 0,
    }
    reply = httpx.post(f"{engine.url}/v1/chat/completions", json=body, timeout=HANG_S, trust_env=False)
    assert reply.status_code == 200, reply.text
    usage: dict[str, Any] = reply.json()["usage"]
    return usage


def cached(usage: dict[str, Any]) -> int:
    return int((usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0)


def test_a_follow_up_over_the_same_evidence_finds_its_prompt_in_the_cache(engine: Engine) -> None:
    first = "How many letters had island 1?"
    asked(engine, build(read(first), [], SHOWN, {}))
    history = [Message("user", (TextPart(first),)), Message("assistant", (TextPart("112 [1]."),))]
    usage = asked(engine, build(read("And island 2?"), history, SHOWN, {}))
    assert cached(usage) > usage["prompt_tokens"] / 2


def test_another_question_still_finds_the_rules_in_the_cache(engine: Engine) -> None:
    asked(engine, build(read("How many letters had island 1?"), [], SHOWN, {}))
    usage = asked(engine, build(read("Where is the landing of island 3?"), [], SHOWN[2:], {}))
    assert cached(usage) > 0
