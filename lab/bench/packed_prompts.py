"""`python -m lab.bench.packed_prompts`: how large Exhibit's prompts are, with and without pictures.

A machine that measures a language model need not be able to run Exhibit: what it needs of a prompt is how much text is
in it, and which pictures. Exhibit takes the samples in and is asked their questions, each once of everything and once
of pictures alone; a stand-in server keeps what it is sent. Of the prompts with as many pictures,
the longest one counts.
"""

from __future__ import annotations

import argparse
import base64
import json
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from answering.context.pack import picture_size
from evaluation.client import Client, checked
from evaluation.questions import load_folder
from evaluation.service import ROOT, running_service

KEPT = Path(__file__).with_name("packed_prompts.json")
PICTURES = (0, 2, 6)
CHARACTERS_A_TOKEN = 3.6  # as answering/context/pack.py counts
TAKING_IN_S = 600.0

Json = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lab.bench.packed_prompts", description=__doc__)
    parser.add_argument("--json", type=Path, default=KEPT)
    options = parser.parse_args()
    prompts = packed_prompts()
    options.json.write_text(json.dumps(prompts, ensure_ascii=False, indent=1) + "\n", "utf-8")
    for one in prompts:
        print(f"{len(one['pictures'])} pictures {one['pictures']}, {one['text_tokens']} tokens of text")


def packed_prompts() -> list[Json]:
    samples = load_folder(ROOT / "samples")
    with tempfile.TemporaryDirectory(prefix="exhibit-packed-") as scratch, listening() as (url, bodies):
        settings = {
            "EXHIBIT_LLM__URL": url,
            "EXHIBIT_LLM__IMAGES": str(max(PICTURES)),
            "EXHIBIT_LLM__DESCRIBES": "false",
        }
        with running_service(Path(scratch) / "data", settings) as service, httpx.Client(base_url=service.url) as http:
            http.timeout = httpx.Timeout(300)
            client = Client(http, "default")
            client.wait([client.upload(path)["id"] for path in samples.documents], TAKING_IN_S)
            for question in samples.answerable:
                for kinds in ([], ["figure", "image", "page"]):
                    body = {"messages": [{"role": "user", "content": question.text}], "kinds": kinds}
                    checked(http.post("/v1/chat", json=body))
    sent = [sizes(body) for body in bodies]
    return [longest(sent, pictures) for pictures in PICTURES]


def longest(sent: list[Json], pictures: int) -> Json:
    return max((one for one in sent if len(one["pictures"]) == pictures), key=lambda one: one["text_tokens"])


def sizes(body: Json) -> Json:
    """The tokens of its text, about, and its pictures' width and height, in their order."""
    contents = [message["content"] for message in body["messages"]]
    parts: list[Json] = []
    for one in contents:
        parts += [{"type": "text", "text": one}] if isinstance(one, str) else one
    letters = sum(len(part["text"]) for part in parts if part["type"] == "text")
    files = [base64.b64decode(part["image_url"]["url"].partition(",")[2]) for part in parts if part["type"] != "text"]
    pictures = [picture_size(file) for file in files]
    return {"text_tokens": round(letters / CHARACTERS_A_TOKEN), "pictures": pictures}


# ---------------------------------------------------------------- the server that listens


@contextmanager
def listening() -> Iterator[tuple[str, list[Json]]]:
    bodies: list[Json] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(bodies))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", bodies
    finally:
        server.shutdown()
        server.server_close()


def _handler(bodies: list[Json]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send("application/json", json.dumps({"data": [{"id": "listener"}]}))

        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "listener"}
            choice = {"index": 0, "delta": {"role": "assistant", "content": "Noted."}, "finish_reason": "stop"}
            self._send("text/event-stream", f"data: {json.dumps({**chunk, 'choices': [choice]})}\n\ndata: [DONE]\n\n")

        def _send(self, media_type: str, text: str) -> None:
            self.send_response(200)
            self.send_header("content-type", media_type)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Logs nothing."""

    return Handler


if __name__ == "__main__":
    main()
