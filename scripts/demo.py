"""The demonstration: takes the sample documents into a running Exhibit, asks four questions, and shows the evidence.

`python scripts/demo.py http://127.0.0.1:8000` uses nothing but the public HTTP API; with `--start` it first starts
the service, unless one runs there already, and leaves it running. The exit code is 0 only if every
document was read, the three answerable questions were answered from the right page, and the fourth was refused.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlencode

import httpx

from app.api.keys import keys_of
from app.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "samples"
START_TIMEOUT_S = 120
ORDER = ("paragraph", "table", "figure", "unanswerable")
READ = ("ready", "partial")
FINISHED = (*READ, "failed", "cancelled")
Json = dict[str, Any]


def main() -> None:
    settings = load_settings()  # what the service itself goes by, `.env` included
    options = parsed_options(own_address(settings))
    log = settings.data_dir.absolute() / "exhibit.log"
    service = start(options.url, log) if options.start else None
    keys, _ = keys_of(settings)  # made by the service at its first start, if any is needed
    headers = {"Authorization": f"Bearer {keys[0]}"} if keys else {}
    with httpx.Client(base_url=options.url, headers=headers, timeout=httpx.Timeout(120, connect=10)) as http:
        try:
            failures = demonstrate(http, options)
        except httpx.HTTPError as error:
            give_up(f"{options.url} does not answer: {error}")
    for failure in failures:
        print(bold(f"✗ {failure}"))
    print(f"\nExhibit is at {bold(options.url)}, the samples are in the collection “{options.collection}”.")
    print(f"Its page, with one question answered: {bold(page_of(options))}")
    if service is not None:
        print(f"It keeps running (log: {log}); stop it with: kill {service.pid}")
    sys.exit(1 if failures else 0)


def own_address(settings: Settings) -> str:
    """Where a service with these settings is reached from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def parsed_options(address: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Takes in the samples, asks four questions, shows the evidence.")
    parser.add_argument("url", nargs="?", default=address, type=lambda url: url.rstrip("/"))
    parser.add_argument("--start", action="store_true", help="start the service first, and leave it running")
    parser.add_argument("--samples", type=Path, default=SAMPLES, help="folder with documents/ and questions.jsonl")
    parser.add_argument("--collection", default="samples")
    parser.add_argument("--timeout", type=float, default=600, help="seconds to wait until all documents are read")
    return parser.parse_args()


def demonstrate(http: httpx.Client, options: argparse.Namespace) -> list[str]:
    make_collection(http, options.collection)
    documents = upload(http, options.collection, sorted((options.samples / "documents").iterdir()))
    failures = wait_until_read(http, documents, options.timeout)
    for number, question in enumerate(demo_questions(options.samples / "questions.jsonl"), start=1):
        print(bold(f"\n{number}. {question['question']}") + faint(f"   ({question['demo']})"))
        failures += ask(http, options.collection, question)
    return failures


def demo_questions(path: Path) -> list[Json]:
    questions = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return sorted((q for q in questions if "demo" in q), key=lambda q: ORDER.index(q["demo"]))


def page_of(options: argparse.Namespace) -> str:
    """The page's address at which the first question about the samples is answered."""
    question = demo_questions(options.samples / "questions.jsonl")[0]["question"]
    return f"{options.url}/#/ask?{urlencode({'q': question, 'in': options.collection})}"


# ---------------------------------------------------------------- starting


def start(url: str, log_file: Path) -> subprocess.Popen[bytes] | None:
    """Starts the service in the background, and waits until it is ready; None when one runs there already."""
    if is_ready(url):
        print(f"Exhibit runs at {url} already.")
        return None
    log_file.parent.mkdir(parents=True, exist_ok=True)
    print("Exhibit starts …", flush=True)
    started = time.monotonic()
    with log_file.open("ab") as log:
        command = [sys.executable, "-m", "app.cli", "serve"]
        # its own session, so that the end of this script, or Ctrl-C in it, does not end the service
        service = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)  # noqa: S603
    while not is_ready(url):
        if service.poll() is not None:
            give_up(f"Exhibit did not start; the end of {log_file}:\n{tail(log_file)}")
        if time.monotonic() - started > START_TIMEOUT_S:
            service.terminate()
            give_up(f"Exhibit was not ready after {START_TIMEOUT_S} s; the end of {log_file}:\n{tail(log_file)}")
        time.sleep(0.2)
    print(f"Exhibit is ready at {bold(url)} after {time.monotonic() - started:.1f} s.")
    return service


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5).is_success
    except httpx.HTTPError:
        return False


def tail(path: Path, lines: int = 15) -> str:
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


# ---------------------------------------------------------------- taking in


def make_collection(http: httpx.Client, name: str) -> None:
    reply = http.post("/v1/collections", json={"name": name})
    if reply.status_code != 409:  # it is there already: fine
        checked(reply)


def upload(http: httpx.Client, collection: str, paths: list[Path]) -> list[Json]:
    """All files in one request. The same bytes a second time are duplicates, and are not read again."""
    with ExitStack() as opened:
        files = [("file", (path.name, opened.enter_context(path.open("rb")))) for path in paths]
        reply = checked(http.post(f"/v1/collections/{collection}/documents", files=files))
    for refused in reply["rejected"]:
        give_up(f"{refused['name']} was refused: {refused['detail']}")
    documents: list[Json] = reply["documents"]
    print(f"{len(documents)} documents handed in.")
    return documents


def wait_until_read(http: httpx.Client, documents: list[Json], timeout_s: float) -> list[str]:
    """Prints each document as it is finished; returns a sentence for each that could not be read."""
    failures: list[str] = []
    started = time.monotonic()
    for document in finished(http, documents, started + timeout_s):
        print(finished_line(document, time.monotonic() - started))
        if document["status"] not in READ:
            failures.append(f"{document['name']} is {document['status']}: {first_problem(document)}")
    return failures


def finished(http: httpx.Client, documents: list[Json], deadline: float) -> Iterator[Json]:
    waiting = {document["id"]: document["name"] for document in documents}
    known = {document["id"] for document in documents if document.get("duplicate")}
    while waiting:
        for id in list(waiting):
            document = checked(http.get(f"/v1/documents/{id}"))
            if document["status"] in FINISHED:
                del waiting[id]
                yield document | {"duplicate": id in known}
            else:
                show_progress(f"  … {document['name']}: {document['stage'] or document['status']} ", document)
        if waiting and time.monotonic() > deadline:
            give_up(f"still not read: {', '.join(waiting.values())}")
        time.sleep(0.25 if waiting else 0)


def show_progress(words: str, document: Json) -> None:
    if sys.stdout.isatty():
        print(f"\r\033[K{words}{document['progress']:.0%}", end="", flush=True)


def finished_line(document: Json, took_s: float) -> str:
    chunks = ", ".join(f"{count} {kind}" for kind, count in document["chunks"].items() if count)
    pages = f"{document['pages']} p." if document["pages"] else ""
    mark = "✓" if document["status"] in READ else "✗"
    again = faint(" (known already)") if document["duplicate"] else ""
    clear = "\r\033[K" if sys.stdout.isatty() else ""
    return f"{clear}  {mark} {document['name']:<28} {pages:>5}  {chunks}{again}{faint(f'  {took_s:.1f} s')}"


def first_problem(document: Json) -> str:
    return str(document["problems"][0]["message"]) if document["problems"] else "no reason given"


# ---------------------------------------------------------------- asking


def ask(http: httpx.Client, collection: str, question: Json) -> list[str]:
    body = {"collection": collection, "messages": [{"role": "user", "content": question["question"]}]}
    started = time.monotonic()
    answer = checked(http.post("/v1/chat", json=body))
    took_ms = (time.monotonic() - started) * 1000
    show_answer(answer, took_ms, str(http.base_url))
    return what_is_wrong(question, answer)


def show_answer(answer: Json, took_ms: float, url: str) -> None:
    print(textwrap.fill(answer["answer"], 96, initial_indent="   ", subsequent_indent="   "))
    print(faint(f"   {answer['verdict']}, confidence {answer['confidence']:.2f}, {answer['model']}, {took_ms:.0f} ms"))
    for citation in answer["citations"]:
        evidence = citation["evidence"]
        print(f"   [{citation['n']}] {where(evidence)} ({evidence['kind']})")
        print(textwrap.fill(f"“{citation['quote']}”", 92, initial_indent="       ", subsequent_indent="       "))
        if evidence["regions"]:
            page = f"/v1/documents/{evidence['document_id']}/pages/{evidence['page']}?evidence={evidence['id']}"
            print(faint(f"       {url}{page}"))
        if evidence["kind"] in ("figure", "image") and evidence["image_url"]:
            print(faint(f"       {url}{evidence['image_url']}"))
    for evidence in answer["nearest"][:2] if answer["verdict"] == "abstained" else []:
        print(faint(f"   nearest: {where(evidence)}: {textwrap.shorten(evidence['text'], 70)}"))


def where(evidence: Json) -> str:
    place = evidence["place"] or {}
    parts = [evidence["document"], f"page {evidence['page']}" if evidence["page"] else ""]
    parts.append(" › ".join(place.get("heading") or ()))
    return ", ".join(part for part in parts if part)


def what_is_wrong(question: Json, answer: Json) -> list[str]:
    name = question["question"]
    if not question["answerable"]:
        return [] if answer["verdict"] == "abstained" else [f"answered, though no document says it: {name}"]
    if answer["verdict"] == "abstained":
        return [f"not answered: {name}"]
    cited = {(c["evidence"]["document"], c["evidence"]["page"]) for c in answer["citations"]}
    if cited & {(question["document"], page) for page in question["pages"]}:
        return []
    return [f"expected {question['document']}, page {question['pages']} as evidence: {name}"]


# ---------------------------------------------------------------- small things


def checked(reply: httpx.Response) -> Json:
    if reply.is_success:
        body: Json = reply.json()
        return body
    try:
        problem = reply.json()
    except ValueError:
        problem = {}
    give_up(f"{reply.request.method} {reply.request.url.path}: {reply.status_code} {problem.get('detail', reply.text)}")


def give_up(sentence: str) -> NoReturn:
    print(bold(f"✗ {sentence}"), file=sys.stderr)
    sys.exit(1)


def bold(text: str) -> str:
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text


def faint(text: str) -> str:
    return f"\033[2m{text}\033[0m" if sys.stdout.isatty() else text


if __name__ == "__main__":
    main()
