"""Wires answering: the language model or the built-in reader, claim checking, and the explanation of searches."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack
from functools import partial

from answering.about.lookup import Lookup
from answering.ask import Ask
from answering.explain import Explain
from answering.extractive.reader import ExtractiveReader
from answering.find import EvidenceFinder
from answering.grounding.check import Checker
from answering.library_questions import Librarian
from answering.output.abstaining import Abstaining
from answering.question.condense import QuestionReader
from answering.write import AnswerWriter
from app.adapters.llm.judges import ModelJudge, NliJudge
from app.adapters.llm.openai_chat import OpenAIChat
from app.compose.encoders import Encoders, fitted
from app.compose.retrieval import coming
from app.settings import LanguageModel, Settings
from domain.ports import Generator, Judge, Traces
from ingest.stores import Stores
from retrievers.hydrated import Joined
from retrievers.words import WordsRetriever
from system.sandbox import Sandbox

MAX_ANSWER_TOKENS = 1024


def answering(
    settings: Settings, stores: Stores, encoders: Encoders, retriever: Joined, explain: Explain, pictures: Sandbox
) -> Ask:
    model = language_model(settings.llm)
    generator: Generator = model or ExtractiveReader(encoders.text)
    catalogue = stores.catalogue
    finder = EvidenceFinder(
        catalogue.collections,
        catalogue.documents,
        retriever,
        Librarian(catalogue.documents, catalogue.chunks, Joined(WordsRetriever(stores.words), catalogue.chunks)),
        explain,
        at_once=(os.cpu_count() or 1) + 1,
        coming=partial(coming, settings, encoders),
    )
    writer = AnswerWriter(
        catalogue.documents,
        stores.blobs,
        generator,
        settings.llm.images,
        Checker(encoders.text, judge(settings)),
        partial(fitted, pictures),
        ExtractiveReader(encoders.text).confidence,
        Abstaining(Lookup(stores.words, catalogue.chunks), hint=model is None),
    )
    return Ask(QuestionReader(model), finder, writer)


def explaining(stack: AsyncExitStack, stores: Stores, traces: Traces) -> Explain:
    catalogue = stores.catalogue
    explain = Explain(catalogue.collections, catalogue.documents, catalogue.chunks, traces)
    stack.callback(explain.close)
    return explain


def language_model(llm: LanguageModel, max_tokens: int = MAX_ANSWER_TOKENS) -> OpenAIChat | None:
    """None if no server is configured."""
    if llm.url is None:
        return None
    return OpenAIChat(llm.url, llm.model, llm.key, timeout_s=llm.timeout_s, max_tokens=max_tokens, context=llm.context)


def judge(settings: Settings) -> Judge | None:
    llm = settings.llm
    if settings.judge == "nli":
        return NliJudge(settings.nli_model)
    if settings.judge == "llm" and llm.url is not None:
        return ModelJudge(llm.url, llm.model, llm.key)
    return None
