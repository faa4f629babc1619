"""HEAD for every GET, and the methods that a path has."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def heads(router: APIRouter) -> APIRouter:
    """A route with HEAD for each GET of a router: the same handler; the server leaves its body out."""
    found = APIRouter()
    for route in router.routes:
        if isinstance(route, APIRoute) and route.methods == {"GET"}:
            found.add_api_route(
                route.path,
                route.endpoint,
                methods=["HEAD"],
                include_in_schema=False,
                status_code=route.status_code,
                response_class=route.response_class,
                response_model=route.response_model,
                response_model_exclude_unset=route.response_model_exclude_unset,
            )
    return found


def allowed(routes: Sequence[BaseRoute], scope: Scope) -> str:
    """For the header `Allow`: the methods of all routes at this path. Starlette itself names only the first's."""
    asked: Scope = {"type": "http", "path": scope["path"], "root_path": scope.get("root_path", ""), "headers": []}
    found = [
        method
        for method in METHODS
        if any(route.matches({**asked, "method": method})[0] is Match.FULL for route in routes)
    ]
    return ", ".join(found)
