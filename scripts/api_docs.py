"""Writes `docs/api.md` from the OpenAPI file of the service and the words in `scripts/api_words.md`.

`python scripts/api_docs.py` writes the file; with `--check` it only says whether the file is current.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from app.main import assembled

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "api.md"
WORDS = ROOT / "scripts" / "api_words.md"
GROUPS = {
    "collections": "Collections",
    "documents": "Documents",
    "search": "Search and evidence",
    "chat": "Questions",
    "openai": "OpenAI's protocol: routes",
    "traces": "Traces",
    "admin": "Upkeep",
    "health": "Health",
}
LIMITS = {
    "minimum": "from {}",
    "maximum": "up to {}",
    "minLength": "at least {} characters",
    "maxLength": "up to {} characters",
    "minItems": "at least {}",
    "maxItems": "up to {}",
}
Json = Mapping[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python scripts/api_docs.py", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if the file is not current")
    current = written()
    if not parser.parse_args().check:
        TARGET.write_text(current, encoding="utf-8")
        return 0
    if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == current:
        return 0
    print("docs/api.md is not current: run `python scripts/api_docs.py`.", file=sys.stderr)
    return 1


def written() -> str:
    described = assembled(None, (), (), True).openapi()
    parts = {
        "overview": "\n".join(_overview(described)),
        "routes": "\n".join(_routes(described)),
        "shapes": "\n".join(_shapes(described["components"]["schemas"])),
    }
    text = WORDS.read_text(encoding="utf-8")
    for name, part in parts.items():
        text = text.replace(f"{{{{{name}}}}}", part.strip())
    return text


# ---------------------------------------------------------------- routes


def _by_group(described: Json) -> Iterator[tuple[str, list[tuple[str, str, Json]]]]:
    for tag, title in GROUPS.items():
        yield (
            title,
            [
                (method.upper(), path, operation)
                for path, methods in described["paths"].items()
                for method, operation in methods.items()
                if operation["tags"] == [tag]
            ],
        )


def _overview(described: Json) -> Iterator[str]:
    yield "| | |\n|---|---|"
    for _, operations in _by_group(described):
        for method, path, operation in operations:
            yield f"| `{method} {path}` | {operation['summary']} |"


def _routes(described: Json) -> Iterator[str]:
    for title, operations in _by_group(described):
        yield f"## {title}\n"
        for method, path, operation in operations:
            yield from _route(method, path, operation)


def _route(method: str, path: str, operation: Json) -> Iterator[str]:
    yield f"### `{method} {path}`\n"
    yield f"**{operation['summary']}**\n"
    if description := operation.get("description"):
        yield f"{description}\n"
    if parameters := [one for one in operation.get("parameters", ()) if one["in"] == "query"]:
        yield "| query | type | |\n|---|---|---|"
        for one in parameters:
            needed = "" if one["required"] else _default(one["schema"])
            kind = _type(one["schema"]).removesuffix(" or null")
            yield f"| `{one['name']}` | {kind} | {_notes(one['schema'], needed)} |"
        yield ""
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield from _body(media_type, content["schema"])
    for status, response in operation["responses"].items():
        if status < "400":
            yield f"Reply: `{status}`{_reply(response)}\n"


def _body(media_type: str, schema: Json) -> Iterator[str]:
    if "properties" not in schema:
        yield f"Body (`{media_type}`): {_type(schema)}\n"
        return
    yield f"Body (`{media_type}`):\n"
    yield from _fields(schema)


def _reply(response: Json) -> str:
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    return f", {_type(schema)}" if "$ref" in schema else ""


# ---------------------------------------------------------------- shapes


def _shapes(schemas: Json) -> Iterator[str]:
    for name, schema in schemas.items():
        yield f"### {name}\n"
        if description := schema.get("description"):
            yield f"{description}\n"
        yield from _fields(schema)


def _fields(schema: Json) -> Iterator[str]:
    required = schema.get("required", ())
    yield "| field | type | |\n|---|---|---|"
    for name, field in schema["properties"].items():
        needed = "" if name in required else _default(field)
        yield f"| `{name}` | {_type(field)} | {_notes(field, needed)} |"
    yield ""


def _default(schema: Json) -> str:
    default = schema.get("default")
    return "optional" if default is None or default == [] else f"default `{_shown(default)}`"


def _notes(schema: Json, needed: str) -> str:
    plain = [one for one in schema.get("anyOf", (schema,)) if one.get("type") != "null"] or [schema]
    limits = [words.format(f"{int(plain[0][key]):,}") for key, words in LIMITS.items() if key in plain[0]]
    return _cell("; ".join(filter(None, (schema.get("description", ""), *limits, needed))))


def _type(schema: Json) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if several := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(_type(one) for one in several))
    if "enum" in schema:
        return _cell(", ".join(f"`{one}`" for one in schema["enum"]))
    if "const" in schema:
        return f"`{schema['const']}`"
    return _plain_type(schema)


def _plain_type(schema: Json) -> str:
    match schema.get("type"):
        case "array" if "prefixItems" in schema:
            return f"list of {len(schema['prefixItems'])} {schema['prefixItems'][0]['type']}s"
        case "array":
            return f"list of {_type(schema.get('items', {}))}"
        case "object" if isinstance(schema.get("additionalProperties"), Mapping):
            return f"object: name to {_type(schema['additionalProperties'])}"
        case "string" if schema.get("format") == "date-time":
            return "date and time"
        case "string" if schema.get("contentMediaType"):
            return "file"
        case str() as name:
            return name
    return "any"


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    sys.exit(main())
