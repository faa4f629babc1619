"""What the OpenAPI file says of replies that no model describes: refusals by status, images, streams, files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

Responses = dict[int | str, dict[str, Any]]

MEANINGS = {
    401: "A key is needed, or the key is not known.",
    403: "Not allowed: another host name, another site's page, or an address that may not be fetched.",
    404: "There is no such thing.",
    409: "In conflict with what is there.",
    410: "The document was deleted.",
    413: "Too large: a body, a file, an image, or a prompt for the model.",
    415: "A type of body or of file that is not taken in.",
    416: "The file has no such bytes.",
    422: "The request can't be understood.",
    429: "Too many requests at once, or too many wrong keys: try again later.",
    500: "Something went wrong inside Exhibit; its log has the details.",
    502: "The address can't be fetched.",
    503: "Not available now: the catalogue, the language model, the disk.",
}
EVERYWHERE = (401, 403, 422, 429, 500, 503)
BINARY = {"schema": {"type": "string", "format": "binary"}}
IMAGE: Responses = {200: {"description": "The image", "content": {"image/png": BINARY, "image/jpeg": BINARY}}}
EVENT = {
    "type": "object",
    "description": "each of the server-sent events; see Streams",
    "properties": {"event": {"type": "string"}, "data": {"type": "string", "description": "JSON"}},
    "required": ["data"],
}
STREAM: Responses = {200: {"content": {"text/event-stream": {"schema": EVENT}}}}
KEY = {"type": "http", "scheme": "bearer", "description": "needed on any address but loopback; see Keys"}
SESSION = {
    "type": "apiKey",
    "in": "cookie",
    "name": "exhibit_session",
    "description": "what `POST /v1/session` gives a browser for a key (`__Host-exhibit_session` over TLS)",
}
SECONDS = {"description": "seconds until another try", "schema": {"type": "integer"}}
HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"required": True, "schema": {"type": "string", "const": "Bearer"}}},
    429: {"Retry-After": SECONDS},
    503: {"Retry-After": SECONDS},
}
SCHEMAS: dict[str, Any] = {
    "Problem": {
        "title": "Problem",
        "description": "An error (RFC 9457).",
        "type": "object",
        "properties": {
            "type": {"type": "string", "const": "about:blank"},
            "title": {"type": "string", "description": "the kind of error, in a few words"},
            "status": {"type": "integer", "description": "the HTTP status"},
            "detail": {"type": "string", "description": "what is wrong, in one sentence"},
            "instance": {"type": "string", "description": "the path of the request"},
            "errors": {
                "type": "array",
                "description": "with 422: where the faults are",
                "items": {
                    "type": "object",
                    "properties": {"location": {"type": "string"}, "message": {"type": "string"}},
                    "required": ["location", "message"],
                },
            },
            "rejected": {
                "type": "array",
                "description": "of an upload: every file that was refused",
                "items": {"$ref": "#/components/schemas/RejectedOut"},
            },
        },
        "required": ["type", "title", "status", "detail", "instance"],
    },
    "OpenAIError": {
        "title": "OpenAIError",
        "description": "An error in OpenAI's form.",
        "type": "object",
        "properties": {
            "error": {
                "type": "object",
                "description": "`message`, `type`, `param` and `code`",
                "properties": {
                    "message": {"type": "string"},
                    "type": {"type": "string"},
                    "param": {"type": "null"},
                    "code": {"type": "integer"},
                },
                "required": ["message", "type", "param", "code"],
            }
        },
        "required": ["error"],
    },
}


def problems(*statuses: int) -> Responses:
    """A route's refusals, beyond those that any route may answer."""
    return {status: _refusal(status, "application/problem+json", "Problem") for status in statuses}


def openai_errors(*statuses: int) -> Responses:
    return {status: _refusal(status, "application/json", "OpenAIError") for status in statuses}


def _refusal(status: int, media_type: str, schema: str) -> dict[str, Any]:
    content = {media_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    headers = {"headers": HEADERS[status]} if status in HEADERS else {}
    return {"description": MEANINGS[status], "content": content, **headers}


def described(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """The OpenAPI file with the shapes of refusals, and with the key that a service may ask for."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        schema = made()
        schema["components"]["schemas"] |= SCHEMAS
        schema["components"]["securitySchemes"] = {"key": KEY, "session": SESSION}
        schema["security"] = [{"key": []}, {"session": []}, {}]
        return schema

    return openapi
