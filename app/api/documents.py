"""Documents: taken in, listed, followed, cancelled, retried, downloaded, deleted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse

from app.api.collections import Limit
from app.api.deps import Caller, Given, Services
from app.api.files import FILE, sent
from app.api.problems import MOST_FAULTS, problem, problem_body
from app.api.refusals import STREAM, problems
from app.api.schemas import DocumentOut, DocumentsOut, RejectedOut, UploadedOut
from app.api.streams import event, event_stream
from app.api.uploads import fetched, receive
from domain.documents import FINISHED, Document, Status
from domain.errors import BadRequest, ExhibitError, TooLarge, Unavailable
from domain.ports import Share
from ingest.file_names import clean_name
from ingest.originals import key

router = APIRouter(prefix="/v1", tags=["documents"])
log = logging.getLogger(__name__)

# What `upload` reads itself, piece by piece as it arrives, and FastAPI therefore can't describe.
UPLOAD: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {
                    "file": {
                        "type": "array",
                        "items": {"type": "string", "contentMediaType": "application/octet-stream"},
                        "description": "one file, or the field repeated for up to 1,000",
                    },
                    "metadata": {
                        "type": "string",
                        "description": "a JSON object, up to 16 kB, kept with every document of the request",
                    },
                },
                "required": ["file"],
            }
        },
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {
                    "url": {"type": "string", "description": "the address of a page or file on the public internet"},
                    "metadata": {"type": "object", "additionalProperties": True},
                },
                "required": ["url"],
            }
        },
    },
}
FOLLOW_EVERY_S = 0.25
LOOKS = 5  # tries while the catalogue is unavailable


@router.post(
    "/collections/{name}/documents",
    status_code=202,
    response_model=UploadedOut,
    responses=problems(404, 409, 410, 413, 415, 502),
    summary="Upload documents, or have a web page fetched",
    openapi_extra={"requestBody": UPLOAD},
)
async def upload(
    name: str,
    request: Request,
    given: Given,
    caller: Caller,
    replaces: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Returns as soon as the files are stored and queued. Archives and e-mails give more documents than were sent. The
    same bytes in the same collection are not taken in twice: the document that is there comes back, with `duplicate`.
    If every file was refused, the reply is an error with the list `rejected`.

    `replaces` is the id of a document: the one file sent is its new version. The former version stays findable until
    the new one is ready. Without metadata of its own, the new version keeps the former's."""
    collection = await asyncio.to_thread(given.collections.find, name)
    old = await given.library.replaceable(collection, replaces) if replaces is not None else None
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() == "application/json":
        received = await fetched(await request.body(), given.fetch)
    else:
        received = await receive(content_type, request.stream(), given.blobs.temporary, given.max_upload_bytes)
    if not received.uploads and not received.rejected:
        raise BadRequest("There is no file in the request: send at least one in the field `file`.")
    if old is not None and len(received.uploads) + len(received.rejected) > 1:
        received.discard()
        raise BadRequest("One file replaces one document: send a single one.")
    metadata = received.metadata or (dict(old.metadata) if old is not None else {})
    taken: list[DocumentOut] = []
    rejected = list(received.rejected)
    for one in received.uploads:
        share = Share(f"{collection.id} {caller}", len(taken))
        found = await given.intake.take_in(collection, one, metadata, replaces, share)
        taken += [DocumentOut.of(document, duplicate) for document, duplicate in found.documents]
        rejected += found.rejected
    if not taken:
        return _all_refused(request.url.path, rejected)
    body = UploadedOut(documents=taken, rejected=[_rejected(name, error) for name, error in rejected])
    headers = {"connection": "close"} if received.rejected else None
    return JSONResponse(body.model_dump(mode="json", exclude_unset=True), status_code=202, headers=headers)


def _all_refused(path: str, rejected: list[tuple[str, ExhibitError]]) -> JSONResponse:
    _, first = rejected[0]
    told = rejected[:MOST_FAULTS]
    detail = str(first) if len(rejected) == 1 else "; ".join(f"{name}: {error}" for name, error in told)
    detail += f"; and {len(rejected) - MOST_FAULTS} more" if len(rejected) > MOST_FAULTS else ""
    each = [_rejected(name, error).model_dump() for name, error in told]
    answer = problem(path, first.status, first.title, detail, rejected=each)
    if any(isinstance(error, TooLarge) for _, error in rejected):  # the rest of the body was not read
        answer.headers["connection"] = "close"
    return answer


def _rejected(name: str, error: ExhibitError) -> RejectedOut:
    return RejectedOut(name=name, status=error.status, detail=str(error))


@router.get(
    "/collections/{name}/documents",
    response_model_exclude_unset=True,
    responses=problems(404),
    summary="List the documents of a collection",
)
async def listed(
    name: str,
    given: Given,
    status: Status | None = None,
    limit: Limit = 50,
    cursor: str | None = None,
    sha256: Annotated[str | None, Query(max_length=64)] = None,
    file_name: Annotated[str | None, Query(alias="name", max_length=1000)] = None,
) -> DocumentsOut:
    """In order of arrival. `sha256` and `name` find documents by their bytes or by their complete file name."""
    collection = await asyncio.to_thread(given.collections.find, name)
    shown = None if file_name is None else clean_name(file_name)
    listing = partial(given.documents.page, collection.id, status, limit, cursor, sha256=sha256, name=shown)
    page = await asyncio.to_thread(listing)
    found = [DocumentOut.of(document) for document in page.items]
    return DocumentsOut(documents=found, next_cursor=page.next_cursor)


@router.get(
    "/documents/{document_id}",
    response_model_exclude_unset=True,
    responses=problems(404, 410),
    summary="Show a document",
)
async def one(document_id: str, given: Given) -> DocumentOut:
    return DocumentOut.of(await asyncio.to_thread(given.documents.find, document_id))


@router.delete("/documents/{document_id}", status_code=204, responses=problems(404, 410), summary="Delete a document")
async def deleted(document_id: str, given: Given) -> Response:
    """It can't be found once this has returned. The attachments of an e-mail are deleted with it."""
    await given.library.delete(document_id)
    return Response(status_code=204)


@router.post(
    "/documents/{document_id}/cancel",
    status_code=202,
    response_model_exclude_unset=True,
    responses=problems(404, 409, 410),
    summary="Stop taking a document in",
)
async def cancelled(document_id: str, given: Given) -> DocumentOut:
    """409 if it is neither queued nor running."""
    return DocumentOut.of(await given.library.cancel(document_id))


@router.post(
    "/documents/{document_id}/retry",
    status_code=202,
    response_model_exclude_unset=True,
    responses=problems(404, 409, 410),
    summary="Take a document in again",
)
async def retried(document_id: str, given: Given) -> DocumentOut:
    """For documents that are `failed`, `cancelled` or `partial`; 409 for others."""
    return DocumentOut.of(await given.library.retry(document_id))


@router.get(
    "/documents/{document_id}/events",
    response_class=StreamingResponse,
    responses=STREAM | problems(404, 410),
    summary="Follow a document while it is taken in",
)
async def events(document_id: str, request: Request, given: Given) -> Response:
    """A stream of events: `progress` whenever something changed, and at the end `ready`, `partial`, `failed` or
    `cancelled` (see Streams)."""
    await asyncio.to_thread(given.documents.find, document_id)
    return event_stream(_followed(document_id, given), request.method)


async def _followed(document_id: str, given: Services) -> AsyncIterator[bytes]:
    """Polls the catalogue, as the run may be in another process. A deletion ends the stream with `problem`."""
    path = f"/v1/documents/{document_id}/events"
    told: DocumentOut | None = None
    while True:
        try:
            document = await _looked_at(document_id, given)
        except ExhibitError as error:
            yield event("problem", problem_body(path, error.status, error.title, str(error)))
            return
        except Exception:  # the status is long sent: the stream itself must say that it failed
            log.exception("following a document failed")
            yield event("problem", problem_body(path, 500, "Internal error", "Something went wrong inside Exhibit."))
            return
        if document.status in FINISHED:
            yield event(document.status, DocumentOut.of(document).model_dump(mode="json", exclude_unset=True))
            return
        out = DocumentOut.of(document, listed=True)
        if out != told:
            yield event("progress", out.model_dump(mode="json", exclude_unset=True))
            told = out
        await asyncio.sleep(FOLLOW_EVERY_S)


async def _looked_at(document_id: str, given: Services) -> Document:
    """Tries again while the catalogue is locked."""
    for _ in range(LOOKS - 1):
        with suppress(Unavailable):
            return await asyncio.to_thread(given.documents.find, document_id)
        await asyncio.sleep(FOLLOW_EVERY_S)
    return await asyncio.to_thread(given.documents.find, document_id)


@router.get(
    "/documents/{document_id}/file",
    response_class=FileResponse,
    responses=FILE | problems(404, 410),
    summary="Download the original file",
)
async def original(document_id: str, request: Request, given: Given) -> Response:
    """The original bytes, always as an attachment: a browser must not run what somebody uploaded. `Range` asks for a
    part (`If-Range` with the `ETag`), up to 16 ranges at once; `If-None-Match` is honoured."""
    document = await asyncio.to_thread(given.documents.find, document_id)
    path = await asyncio.to_thread(given.blobs.path, key(document))
    return sent(document, path, request)
