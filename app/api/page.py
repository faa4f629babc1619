"""The page at `/`: its files, held in memory, compressed once, under a path that names their contents."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from app.api.page_files import INDEX, MODULE, STYLE, read, served

TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
}
# No inline script or style, no other site, no string that becomes HTML. Pictures of pages are shown as blobs, because
# an <img> can't send a key.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "vary": "accept-encoding",
}
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class File:
    media_type: str
    body: bytes
    packed: bytes  # gzip
    etag: str

    @classmethod
    def of(cls, name: str, body: bytes) -> File:
        packed = gzip.compress(body, 9, mtime=0)
        return cls(TYPES[name.rpartition(".")[2]], body, packed, f'"{_digest(body)}"')


@dataclass(frozen=True, slots=True)
class Page:
    """`files` by the path under which they are asked for; `version` changes with any of them."""

    version: str
    files: Mapping[str, File]

    @classmethod
    def of(cls, sources: Mapping[str, bytes]) -> Page:
        made = served(sources)
        version = _digest(b"".join(name.encode() + body for name, body in sorted(made.items())))
        made[INDEX] = _index(made[INDEX].decode(), sorted(made), version)
        return cls(version, {name: File.of(name, body) for name, body in made.items()})


def _index(page: str, names: Sequence[str], version: str) -> bytes:
    """All modules are named in the head: the browser need not find one through another."""
    modules = [name for name in names if name.endswith((".js", ".mjs"))]
    links = [f'<link rel="stylesheet" href="/page/{version}/{STYLE}">']
    links += [f'<link rel="modulepreload" href="/page/{version}/{name}">' for name in modules]
    page = re.sub(r'(\n *<link rel="stylesheet"[^>]*>)+', "\n    " + "\n    ".join(links), page, count=1)
    return page.replace('src="main.js"', f'src="/page/{version}/{MODULE}"').replace("{version}", version).encode()


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]


def route() -> APIRouter:
    page = Page.of(read(files("app") / "web"))
    router = APIRouter(include_in_schema=False)

    @router.api_route("/", methods=["GET", "HEAD"])
    async def index(request: Request) -> Response:
        return _reply(page.files[INDEX], request, "no-cache")

    @router.api_route("/page/{version}/{path:path}", methods=["GET", "HEAD"])
    async def file(version: str, path: str, request: Request) -> Response:
        """A former version's address has the file of now, which must not be kept under it."""
        if path not in page.files or path == INDEX:
            raise HTTPException(404)
        return _reply(page.files[path], request, FOR_EVER if version == page.version else "no-cache")

    return router


def _reply(file: File, request: Request, kept: str) -> Response:
    headers = HEADERS | {"etag": file.etag, "cache-control": kept}
    asked = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if file.etag in asked:
        return Response(status_code=304, headers=headers)
    packed = "gzip" in request.headers.get("accept-encoding", "")
    if packed:
        headers |= {"content-encoding": "gzip"}
    return Response(file.packed if packed else file.body, media_type=file.media_type, headers=headers)
