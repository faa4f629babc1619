"""The application: its routes, middleware and lifespan."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, nullcontext
from types import ModuleType

from fastapi import FastAPI

from app.api import (
    admin,
    chat,
    collections,
    conversations,
    documents,
    evidence,
    health,
    metrics,
    openai,
    page,
    pages,
    problems,
    refusals,
    search,
    sessions,
    sizes,
    traces,
)
from app.api.deps import Services
from app.api.guard import Guard, Network
from app.api.keys import keys_of
from app.api.letters import WholeLetters
from app.api.limits import BodyLimit
from app.api.mcp import MOST_BYTES as MCP_MOST_BYTES
from app.api.mcp import PATH as MCP_PATH
from app.api.mcp import route as mcp_route
from app.api.mcp import serving_mcp
from app.api.methods import heads
from app.compose import running
from app.settings import Settings, load_settings

WITH_IMAGES = ("/v1/search", "/v1/chat", "/v1/chat/completions")  # whose bodies may hold images
ANY = refusals.problems(*refusals.EVERYWHERE)
NOUNS: Sequence[tuple[ModuleType, refusals.Responses]] = (
    *(
        (noun, ANY)
        for noun in (collections, documents, sizes, pages, search, evidence, traces, chat, conversations, sessions)
    ),
    (openai, refusals.openai_errors(*refusals.EVERYWHERE)),
    (admin, ANY),
    (health, refusals.problems(403, 422, 429, 500, 503)),  # open without a key
    (metrics, ANY),
)


def create_app(settings: Settings | None = None, services: Services | None = None) -> FastAPI:
    """`services`: opened and closed by the caller; without them, they are opened and closed with the app."""
    settings = settings or load_settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with nullcontext(services) if services is not None else running(settings) as opened:
            app.state.services = opened
            async with serving_mcp(opened) as app.state.mcp:
                yield

    keys, _ = keys_of(settings)
    return assembled(lifespan, keys, settings.hosts, settings.loopback, settings.proxies)


def assembled(
    lifespan_of: object, keys: Sequence[str], hosts: Sequence[str], check_host: bool, proxies: Sequence[Network] = ()
) -> FastAPI:
    app = FastAPI(
        title="Exhibit",
        version="0.1.0",
        lifespan=lifespan_of,  # type: ignore[arg-type]
        docs_url=None,
        redoc_url=None,
    )
    app.openapi = refusals.described(app)  # type: ignore[method-assign]
    problems.install(app)
    for noun, replies in NOUNS:
        app.include_router(noun.router, responses=replies)
        app.include_router(heads(noun.router))
    app.include_router(page.route())
    app.router.routes.append(mcp_route)
    app.add_middleware(WholeLetters)
    app.add_middleware(BodyLimit, with_images=WITH_IMAGES, fewer={MCP_PATH: MCP_MOST_BYTES})
    app.add_middleware(Guard, keys=keys, hosts=hosts, check_host=check_host, proxies=proxies)
    app.state.requests = metrics.Requests()
    app.add_middleware(metrics.Counted, requests=app.state.requests)
    return app
