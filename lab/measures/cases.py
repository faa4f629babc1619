"""`python -m lab.measures.cases --data FOLDER`: small sets of everyday files, asked as people would ask.

Each folder with an `expect.json` becomes a collection of a service of our own (kept between runs with `--cache`); its
questions are asked over HTTP, earlier turns included. An answer is right when it holds what it must and nothing that it
must not, or abstains where it should.
"""

from __future__ import annotations

import argparse
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from evaluation.client import Client, RequestRefused
from evaluation.kept import ROOT
from evaluation.service import running_service
from evaluation.tables import table

TIMEOUT_S = 1_800.0
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    files: tuple[Path, ...]
    questions: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Judged:
    case: str
    question: str
    wanted: str
    reply: dict[str, Any]
    right: bool

    @property
    def verdict(self) -> str:
        return str(self.reply["verdict"])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.measures.cases", description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "cases")
    parser.add_argument("--cache", type=Path, default=Path(".cache/cases"), help="folder of the kept service's data")
    parser.add_argument("--wrong", type=int, default=0, help="print so many wrong answers")
    parser.add_argument("--json", type=Path, help="write every answer there")
    options = parser.parse_args()
    cases = list(cases_in(options.data))
    if not cases:
        print(f"cases: {options.data} holds none, so nothing is measured")
        return 0
    judged = measure(cases, options.cache)
    print(as_table(judged))
    for one in [one for one in judged if not one.right][: options.wrong]:
        said = " ".join(one.reply["answer"].split())
        print(f"\n{one.case}: {one.question}\n  wanted: {one.wanted}\n  {one.verdict}: {said}")
    if options.json:
        rows = [{"case": one.case, "question": one.question, "right": one.right, **one.reply} for one in judged]
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


def cases_in(folder: Path) -> Iterator[Case]:
    for expect in sorted(folder.glob("*/expect.json")):
        files = sorted(one for one in expect.parent.iterdir() if one.is_file() and one != expect)
        questions = json.loads(expect.read_text(encoding="utf-8"))["questions"]
        if questions and files:
            yield Case(expect.parent.name, tuple(files), tuple(questions))


def measure(cases: Sequence[Case], cache: Path) -> list[Judged]:
    with running_service(cache.resolve() / "data") as service, httpx.Client(base_url=service.url, timeout=300) as http:
        for case in cases:
            _taken_in(Client(http, case.name), case)
        return [_judged(http, case, question) for case in cases for question in case.questions]


def _taken_in(client: Client, case: Case) -> None:
    client.create_collection()
    ids = []
    for path in case.files:
        with suppress(RequestRefused):
            ids.append(client.upload(path)["id"])
    client.wait(ids, TIMEOUT_S)


def _judged(http: httpx.Client, case: Case, question: dict[str, Any]) -> Judged:
    turns = [*question.get("earlier turns", ()), {"role": "user", "content": question["question"]}]
    messages = [one if isinstance(one, dict) else {"role": "user", "content": one} for one in turns]
    reply = http.post("/v1/chat", json={"collection": case.name, "messages": messages}).json()
    wanted = "abstain" if question.get("should abstain") else ", ".join(question["right answer must contain"])
    return Judged(case.name, question["question"], wanted, reply, is_right(question, reply))


def is_right(question: dict[str, Any], reply: dict[str, Any]) -> bool:
    if question.get("should abstain"):
        return bool(reply["verdict"] == "abstained")
    said = _plain(reply["answer"])
    parts = [part.split("|") for part in question["right answer must contain"]]
    held = all(any(_plain(one) in said for one in part) for part in parts)
    return held and not any(_plain(part) in said for part in question.get("must not contain", ()))


def _plain(text: str) -> str:
    return _SPACES.sub("", unicodedata.normalize("NFKC", text).casefold()).replace(",", "")


def as_table(judged: Sequence[Judged]) -> str:
    rows = [("cases", "questions", "right", "abstained", "wrong", "wrong and grounded")]
    for name in [*dict.fromkeys(one.case for one in judged), ""]:
        fellows = [one for one in judged if not name or one.case == name]
        wrong = [one for one in fellows if not one.right and one.verdict != "abstained"]
        rows.append(
            (
                name or "all",
                str(len(fellows)),
                str(sum(one.right for one in fellows)),
                str(sum(one.verdict == "abstained" for one in fellows)),
                str(len(wrong)),
                str(sum(one.verdict == "grounded" for one in wrong)),
            )
        )
    return table(rows)


if __name__ == "__main__":
    raise SystemExit(main())
