"""OpenAI's shapes, as far as they are answered here."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from app.api.schemas import AnswerOut


class ModelOut(BaseModel):
    id: str = Field(description="the name of a collection")
    object: Literal["model"] = "model"
    created: int = Field(description="seconds since 1970")
    owned_by: Literal["exhibit"] = "exhibit"


class ModelsOut(BaseModel):
    object: Literal["list"] = "list"
    data: list[ModelOut]


class SaidOut(BaseModel):
    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None


class ChoiceOut(BaseModel):
    index: Literal[0] = 0
    message: SaidOut
    finish_reason: Literal["stop", "length"]
    logprobs: None = None


class TokensOut(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class CompletionOut(BaseModel):
    id: str
    created: int = Field(description="seconds since 1970")
    model: str = Field(description="the name of the collection")
    object: Literal["chat.completion"] = "chat.completion"
    choices: list[ChoiceOut]
    usage: TokensOut
    exhibit: AnswerOut = Field(description="the whole answer")
