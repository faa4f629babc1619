"""Collections: made, listed, described, changed, deleted."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.api.deps import Given
from app.api.schemas import CollectionIn, CollectionOut, CollectionPatch, CollectionsOut, ReindexIn

router = APIRouter(prefix="/v1/collections", tags=["collections"])

Limit = Annotated[int, Query(ge=1, le=200)]


@router.post("", status_code=201)
async def create(body: CollectionIn, given: Given) -> CollectionOut:
    made = await asyncio.to_thread(given.catalogue.create_collection, body.name, body.metadata)
    return CollectionOut.model_validate(made)


@router.get("")
async def listed(given: Given, limit: Limit = 50, cursor: str | None = None) -> CollectionsOut:
    page = await asyncio.to_thread(given.catalogue.collections, limit, cursor)
    found = [CollectionOut.model_validate(one) for one in page.items]
    return CollectionsOut(collections=found, next_cursor=page.next_cursor)


@router.get("/{name}")
async def one(name: str, given: Given) -> CollectionOut:
    return CollectionOut.model_validate(await asyncio.to_thread(given.catalogue.collection, name))


@router.patch("/{name}")
async def changed(name: str, body: CollectionPatch, given: Given) -> CollectionOut:
    made = await asyncio.to_thread(given.catalogue.update_collection, name, body.metadata)
    return CollectionOut.model_validate(made)


@router.delete("/{name}", status_code=204)
async def deleted(name: str, given: Given) -> Response:
    await given.library.delete_collection(name)
    return Response(status_code=204)


@router.post("/{name}/reindex", status_code=202)
async def reindexed(name: str, given: Given, body: ReindexIn | None = None) -> CollectionOut:
    """Begins to give the collection the encoders that the service runs; the one that runs already is returned. With
    `reindex` null there is nothing to do. Searches go on all along."""
    return CollectionOut.model_validate(await given.reindex.begin(name, (body or ReindexIn()).models))
