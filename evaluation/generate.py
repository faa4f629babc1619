"""`exhibit eval --generate OUT`: makes a folder with questions and their documents, ready to be measured."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Protocol

from app.compose.answering import language_model
from app.compose.stores import catalogue_of, own_catalogue
from app.settings import load_settings
from domain.blob_keys import original
from domain.documents import Chunk, Document
from domain.errors import ExhibitError, Missing, TooLarge
from domain.ports import Generator
from evaluation.client import connected
from evaluation.cloze import Made, cloze_questions
from evaluation.kept import kept_index
from evaluation.measure import take_in
from evaluation.questions import BadFolder, files_in
from evaluation.service import running_service
from prompts.question import build_question, read_question

COLLECTION = "eval"
SPARE = 2  # passages for each question that a language model shall make: some replies are not questions

Asked = Mapping[str, Any]  # a line of questions.jsonl


@dataclass(frozen=True, slots=True)
class DocumentSource:
    """Documents, their chunks, and where their bytes are."""

    chunks: tuple[Chunk, ...]
    documents: Mapping[str, Document]  # by id
    files: Mapping[str, Path]  # by id


def generate(options: argparse.Namespace) -> int:
    """Raises BadFolder when there is nothing to ask about. Prints what was made."""
    out: Path = options.generate
    if out.exists() and any(out.iterdir()):
        raise BadFolder(f"{out} is not empty: questions are written into a folder of their own.")
    with source_of(options) as source:
        settings = load_settings()
        passages = cloze_questions(source.chunks, options.count * (SPARE if settings.llm.url else 1), options.seed)
        names = file_names(source.documents)
        if (model := language_model(settings.llm)) is not None:
            lines = asyncio.run(asked_and_closed(model, passages, names, options.count))
            how = "by the language model"
        else:
            lines = [line_of(one.question, one.answer, one, names) for one in passages]
            how = "from sentences, tables and captions"
        if not lines:
            raise BadFolder("No question could be made: no sentence, table or caption stands out.")
        write_folder(out, lines, names, source.files)
    print(f"{len(lines)} questions about {len(names)} documents, {how}, are in {out}; next: exhibit eval {out}")
    return 0


# ---------------------------------------------------------------- where the chunks come from


@contextmanager
def source_of(options: argparse.Namespace) -> Iterator[DocumentSource]:
    folders = options.folder + options.data
    if options.from_collection:
        yield own_collection(options.from_collection)
    elif len(folders) == 1:
        yield folder_taken_in(folders[0], options.cache)
    else:
        raise BadFolder("--generate takes one folder of documents, or --from-collection NAME.")


def own_collection(name: str) -> DocumentSource:
    settings = load_settings()
    if not settings.database_url and not (settings.data_dir / "catalogue.db").is_file():
        raise BadFolder(f"There are no documents in {settings.data_dir} (EXHIBIT_DATA_DIR).")
    with own_catalogue(settings) as (catalogue, blobs):
        try:
            found = catalogue.documents.findable([catalogue.collections.find(name).id])
        except Missing as error:
            raise BadFolder(f"There is no collection {name!r} in {settings.data_dir}.") from error
        chunks = tuple(chunk for document in found for chunk in catalogue.chunks.of_document(document.id))
    documents = {document.id: document for document in found}
    files = {one.id: blobs.path(original(one.sha256)) for one in found}
    return DocumentSource(chunks, documents, files)


def folder_taken_in(folder: Path, cache: Path) -> DocumentSource:
    inner = folder / "documents"
    paths = files_in(inner if inner.is_dir() else folder)
    if not paths:
        raise BadFolder(f"{folder} holds no documents.")
    kept = kept_index(cache, paths)
    taken = kept.taken_in()
    if taken is None:
        kept.clear()
        with running_service(kept.data) as service, connected(service.url, COLLECTION) as client:
            taken = take_in(client, paths, lambda line: print(f"  {line}", flush=True))
            kept.finish(taken)
    with catalogue_of(kept.data) as catalogue:
        found = catalogue.documents.findable([catalogue.collections.find(COLLECTION).id])
        chunks = tuple(chunk for document in found for chunk in catalogue.chunks.of_document(document.id))
    files = {taken.ids[path.name]: path for path in paths if path.name in taken.ids}
    return DocumentSource(chunks, {document.id: document for document in found}, files)


# ---------------------------------------------------------------- making and writing


async def asked_of(model: Generator, passages: Sequence[Made], names: Mapping[str, str], count: int) -> list[Asked]:
    """One after the other: a local language model answers one at a time anyway. Keeps what was made before a failure;
    raises BadFolder if that is nothing."""
    lines: list[Asked] = []
    for tried, one in enumerate(passages, start=1):
        if len(lines) == count:
            break
        try:
            reply = await reply_of(model, names[one.chunk.document_id], one.chunk.text)
        except TooLarge as error:
            print(f"  a passage is left out: {error}", flush=True)
            continue
        except ExhibitError as error:
            if not lines:
                raise BadFolder(f"The language model made no question: {error}") from error
            print(f"  the language model failed, {len(lines)} questions are kept: {error}", flush=True)
            break
        if (read := read_question(reply)) is not None:
            lines.append(line_of(*read, one, names))
        print(f"  {len(lines)} of {count} questions, from {tried} passages", flush=True)
    if passages and not lines:
        raise BadFolder(f"The language model made no question of {len(passages)} passages.")
    return lines


class Closable(Generator, Protocol):
    """A generator that holds connections."""

    async def aclose(self) -> None: ...


async def asked_and_closed(
    model: Closable, passages: Sequence[Made], names: Mapping[str, str], count: int
) -> list[Asked]:
    try:
        return await asked_of(model, passages, names, count)
    finally:
        await model.aclose()


async def reply_of(model: Generator, document: str, text: str) -> str:
    return "".join([delta.text async for delta in model.generate(build_question(document, text))])


def line_of(question: str, answer: str, made: Made, names: Mapping[str, str]) -> Asked:
    chunk = made.chunk
    pages = sorted({region.page for region in chunk.regions} or ({chunk.page} if chunk.page else set()))
    return {
        "question": question,
        "document": names[chunk.document_id],
        "pages": pages,
        "answer": answer,
        "answerable": True,
        "kinds": [made.kind],
    }


def file_names(documents: Mapping[str, Document]) -> dict[str, str]:
    """Makes file names unique: two documents of a collection may have the same name."""
    names: dict[str, str] = {}
    for document in documents.values():
        plain = re.sub(r"[/\\\0]", "_", document.name).lstrip(".") or "document"
        taken = plain in names.values() or plain == "questions.jsonl"
        stem, ending = PurePath(plain).stem, PurePath(plain).suffix
        names[document.id] = f"{stem}-{document.id[-8:]}{ending}" if taken else plain
    return names


def write_folder(out: Path, lines: Sequence[Asked], names: Mapping[str, str], files: Mapping[str, Path]) -> None:
    (out / "documents").mkdir(parents=True, exist_ok=True)
    for document_id, path in files.items():
        shutil.copyfile(path, out / "documents" / names[document_id])
    written = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (out / "questions.jsonl").write_text(written, encoding="utf-8")
