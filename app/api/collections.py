"""Collections: made, listed, described, changed, deleted."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.api.bodies import CollectionIn, CollectionPatch, ReindexIn
from app.api.deps import Given
from app.api.refusals import problems
from app.api.schemas import CollectionOut, CollectionsOut

router = APIRouter(prefix="/v1/collections", tags=["collections"])

Limit = Annotated[int, Query(ge=1, le=200)]


@router.post("", status_code=201, responses=problems(409, 413), summary="Create a collection")
async def create(body: CollectionIn, given: Given) -> CollectionOut:
    """409 if a collection has that name already. The collection `default` always exists."""
    made = await asyncio.to_thread(given.collections.create, body.name, body.metadata)
    return CollectionOut.model_validate(made)


@router.get("", summary="List the collections")
async def listed(given: Given, limit: Limit = 50, cursor: str | None = None) -> CollectionsOut:
    page = await asyncio.to_thread(given.collections.page, limit, cursor)
    found = [CollectionOut.model_validate(one) for one in page.items]
    return CollectionsOut(collections=found, next_cursor=page.next_cursor)


@router.get("/{name}", responses=problems(404), summary="Show a collection")
async def one(name: str, given: Given) -> CollectionOut:
    return CollectionOut.model_validate(await asyncio.to_thread(given.collections.find, name))


@router.patch("/{name}", responses=problems(404, 409, 413), summary="Change a collection's name or metadata")
async def changed(name: str, body: CollectionPatch, given: Given) -> CollectionOut:
    """The metadata given takes the place of the former, whole. Under the former name there is nothing from then on."""
    if body.name is not None:
        made = await asyncio.to_thread(given.collections.rename, name, body.name)
    if body.metadata is not None:
        made = await asyncio.to_thread(given.collections.update, body.name or name, body.metadata)
    return CollectionOut.model_validate(made)


@router.delete(
    "/{name}", status_code=204, responses=problems(404, 409), summary="Delete a collection and all its documents"
)
async def deleted(name: str, given: Given) -> Response:
    """Nothing in it can be found once this has returned. `default` can't be deleted (409)."""
    await given.library.delete_collection(name)
    return Response(status_code=204)


@router.post("/{name}/reindex", status_code=202, responses=problems(404, 409, 413), summary="Re-embed a collection")
async def reindexed(name: str, given: Given, body: ReindexIn | None = None) -> CollectionOut:
    """Starts to re-embed the collection with the models that the service runs, or shows the re-embedding that runs
    already. In the reply `reindex` has the progress; null means that there is nothing to do. Searches go on."""
    return CollectionOut.model_validate(await given.reindex.begin(name, (body or ReindexIn()).models))
