"""No request stops the others: every route of the OpenAPI file is sent the worst bodies there are, while `/healthz` is
asked, by a client with the right to ask."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.main import assembled
from tests.e2e.service import Service
from tests.heartbeat import Heartbeat
from tests.waiting import HANG_S

MB = 2**20
LONGEST_REFUSAL = 64 * 1024
MOST_MEMORY, SPARE = 3, 48 * MB  # times the body, and what other work in the service takes meanwhile
JSON = "application/json"
FORM = "multipart/form-data; boundary=xyz"
QUESTION = {"role": "user", "content": "What does the lantern burn?"}
VALID: dict[str, Any] = {
    "name": "watched", "metadata": {}, "messages": [QUESTION], "model": "default", "query": "lantern",
    "url": "https://[", "jsonrpc": "2.0", "id": 1, "method": "tools/call",
    "params": {"name": "search", "arguments": {"query": "lantern"}},
}  # fmt: skip
OF_A_FIELD: dict[str, bytes] = {
    "long string": b'"' + b"ab, " * 240_000 + b'"',
    "escapes": b'"' + rb"\u4e2d" * 170_000 + b'"',
    "many items": json.dumps(["?"] * 9_900).encode(),
    "many keys": json.dumps({f"key {n}": n for n in range(14_000)}).encode(),
    "deep": b'{"and": [' * 15 + b"{}" + b"]}" * 15,
    "wide and deep": b"[" + b"[[[[[[1]]]]]]," * 4_000 + b"1]",
    "long numbers": b"[" + b"9" * 399 + (b"," + b"9" * 399) * 2_500 + b"]",
}
WORST = OF_A_FIELD | {
    "many numbers": json.dumps([1e300] * 29_000).encode(),
    "too many keys": json.dumps({f"key {n}": n for n in range(60_000)}).encode(),
    "too deep": b"[" * 500_000,
    "too long a number": b"9" * 1_000_000,
}
HUGE = {
    "17 MB of keys": json.dumps({f"an unknown key {n}": n for n in range(520_000)}).encode(),
    "17 MB of text": b'"' + b"x" * 17 * MB + b'"',
}
QUESTIONS = {
    "digits": "1" * 50_000 + " and on page 3?",
    "many words": "What does the lantern burn, and " * 20_000 + "why?",
    "one word": "x" * 600_000,
}
IMAGE = base64.b64encode(bytes(15 * MB)).decode()
CHUNK = 256 * 1024


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path, and the properties of the JSON body, if there is one."""
    described = assembled(None, (), (), True).openapi()
    schemas = described["components"]["schemas"]
    found = [
        (method.upper(), path, properties(operation, schemas))
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    mcp: dict[str, Any] = {name: {} for name in ("jsonrpc", "id", "method", "params")}
    return [*found, ("POST", "/mcp", mcp)]


def properties(operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    schema = operation.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema", {})
    named = [schema, *schema.get("anyOf", [])]
    whole = [schemas[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in named]
    return {name: found for one in whole for name, found in one.get("properties", {}).items()}


def worst_bodies(fields: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    valid = {name: json.dumps(VALID[name]).encode() for name in fields if name in VALID}
    for field in fields:
        for shape, value in OF_A_FIELD.items():
            yield f"{field}: {shape}", written(valid | {field: value})
    for shape, value in WORST.items():
        yield shape, value
    if "messages" in fields:
        earlier = [{"role": role, "content": "And what of the 12 lamps? " * 9} for role in ("user", "assistant")] * 999
        yield "long history", written(valid | {"messages": json.dumps([*earlier, QUESTION]).encode()})
        for shape, text in QUESTIONS.items():
            yield shape, written(valid | {"messages": json.dumps([{"role": "user", "content": text}]).encode()})
    if "query" in fields:
        for shape, text in QUESTIONS.items():
            yield shape, written(valid | {"query": json.dumps(text[-200_000:]).encode()})


def huge_bodies(fields: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    yield from HUGE.items()
    url = f"data:image/png;base64,{IMAGE}"
    if "image" in fields:
        yield "an image", json.dumps({"image": url}).encode()
    if "messages" in fields:
        images = [{"type": "image_url", "image_url": {"url": url}}] * 3
        yield "images", json.dumps(VALID | {"messages": [{"role": "user", "content": images}]}).encode()


def written(fields: dict[str, bytes]) -> bytes:
    return b"{" + b",".join(b'"' + name.encode() + b'": ' + value for name, value in fields.items()) + b"}"


def forms() -> Iterator[tuple[str, bytes]]:
    def part(name: str, content: bytes, more: str = "") -> bytes:
        return f'--xyz\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + content + b"\r\n"

    end = b"--xyz--\r\n"
    for shape, value in WORST.items():
        yield f"metadata: {shape}", part("metadata", value) + end
    yield "many fields", part("x", b"") * 5_000 + end
    yield "long header", part("x", b"", "; x=" + "y" * MB) + end
    yield "many refused files", part("file", b"\0\1\2", '; filename="' + "x" * 200 + '"') * 100 + end
    yield "no end", b"--xyz\r\n" + b"x" * MB


def ask(service: Service, method: str, path: str, body: bytes | None, kind: str) -> tuple[int, int]:
    """Status and length of the answer. The body is sent in pieces whose sum is not announced."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=HANG_S)
    headers = {"content-type": kind, "accept": "application/json, text/event-stream"}
    pieces = (body[at : at + CHUNK] for at in range(0, len(body), CHUNK)) if body is not None else None
    try:
        connection.request(method, path, pieces, headers, encode_chunked=True)
        answer = connection.getresponse()
        return answer.status, len(answer.read())
    finally:
        connection.close()


def faults_of(service: Service, requests: Iterator[tuple[str, str, str, bytes | None, str]]) -> dict[str, str]:
    faults: dict[str, str] = {}
    count = 0
    with Heartbeat(service.port) as heartbeat:
        for name, method, path, body, kind in requests:
            count += 1
            (status, length), times = heartbeat.during(lambda: ask(service, method, path, body, kind))  # noqa: B023
            if times > 1:
                faults[name] = f"{times:.1f} times as long as allowed nobody else was answered ({status})"
            elif status == 500 or (status >= 400 and length > LONGEST_REFUSAL):
                faults[name] = f"{status} with {length} bytes"
    assert count > 10
    return faults


def test_no_body_stops_the_others(service: Service) -> None:
    bodies = (
        (f"{method} {path} {shape}", method, filled_in(path, "default"), body, JSON)
        for method, path, fields in operations()
        if fields
        for shape, body in worst_bodies(fields)
    )
    assert faults_of(service, bodies) == {}


def test_no_form_stops_the_others(service: Service) -> None:
    path = "/v1/collections/default/documents"
    bodies = ((shape, "POST", path, body, FORM) for shape, body in forms())
    assert faults_of(service, bodies) == {}


def test_no_address_stops_the_others(service: Service) -> None:
    """Whatever the route, with a body or without."""
    query = f"?cursor={'x' * 20_000}&name={'%00' * 5_000}&status={'y' * 9_000}"
    asked = (
        (f"{method} {path} {len(value)}", method, filled_in(path, value) + query, body, JSON)
        for method, path, _ in operations()
        for value in ("%00" * 3_000, "9" * 9_000)
        for body in (None, WORST["too deep"])
    )
    assert faults_of(service, asked) == {}


def filled_in(path: str, value: str) -> str:
    """The path with this value for each of its parameters."""
    return "/".join(value if part.startswith("{") else part for part in path.split("/"))


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the peak of a process's memory is Linux's")
def test_no_body_takes_more_than_three_times_its_memory(service: Service) -> None:
    faults: dict[str, str] = {}
    with Heartbeat(service.port) as heartbeat:
        for method, path, fields in operations():
            for shape, body in huge_bodies(fields) if fields else ():
                before = at_most(service, anew=True)
                asked = lambda: ask(service, method, filled_in(path, "default"), body, JSON)  # noqa: B023, E731
                (status, length), times = heartbeat.during(asked)
                grown = at_most(service) - before
                if grown > MOST_MEMORY * len(body) + SPARE or times > 1 or status < 400 or length > LONGEST_REFUSAL:
                    told = f"{grown / MB:.0f} MB for {len(body) / MB:.0f}, {times:.1f} times as long as allowed"
                    faults[f"{method} {path} {shape}"] = f"{told}, {status} with {length} bytes"
    assert faults == {}


def at_most(service: Service, anew: bool = False) -> int:
    """The most bytes of memory that the service held since the last call with `anew`."""
    assert service.process is not None
    of = Path("/proc") / str(service.process.pid)
    if anew:
        (of / "clear_refs").write_text("5")
    [peak] = [line.split()[1] for line in (of / "status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(peak) * 1024
