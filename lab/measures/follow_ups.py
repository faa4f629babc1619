"""`python -m lab.measures.follow_ups [--data FOLDER]`: follow-ups found with and without condensing.

Pairs come from `follow_ups.jsonl` where the folder has one; from any `questions.jsonl` they are made, always alike: of
two questions on one document, words that the second shares with the first become a pronoun, or, where they differ in
few words, only these are asked again ("And in 2015?"). Each is searched for four ways: as it leans, condensed with the
conversation before it, condensed after a question about another document (which must not pollute it when it stands
alone), and as it was before it was made to lean.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from evaluation.client import Client
from evaluation.command import Told, default_folders, filled
from evaluation.measure import TOP_K, ranked_places, right_places
from evaluation.metrics import first_hit, is_hit
from evaluation.questions import BadFolder, LabelledQuestion, QuestionFolder, load_folder
from evaluation.report import in_words, share
from evaluation.service import DidNotStart
from evaluation.tables import table

KS = (1, 5, 10)
LEAST_SHARED = 2  # words of a phrase that becomes a pronoun
LARGEST_CHANGE = 4  # words in which a question asked again may differ
_WORD = re.compile(r"['’]s\b|[\w%$&-]+(?:[.,'’-]\w+(?<!['’]s))*|[^\w\s]")
_FUNCTION = frozenset(
    """a an the of in on at to for by with from and or is are was were be been do does did has have had how many much
    what which who when where why that this these those according as it its their than more most there within among
    under""".split()  # noqa: SIM905
)
_LEADS_IN = frozenset(
    "of in on for by with to from about using at does did do is are was were within under into".split()  # noqa: SIM905
)
_FOLLOWS = _LEADS_IN | frozenset("have has had that which and or as compared when during ? , . ; '".split())  # noqa: SIM905
_MANNER = re.compile(  # how the answer is to be written, which nobody would say again
    r"(?:(?<=[?.])\s*(?:please|answer|give|write|return|format|enumerate|list|express|round|if)\b.*$)|\([^()]*\)"
    r"|,?\s*\b(?:according to|based on|from|in|as per) (?:the|this) (?:report|document|paper|slides?|guidebook|"
    r"presentation|brochure|survey|deck|annual report)s?\b(?! \w),?",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class FollowUp:
    earlier: str
    question: LabelledQuestion  # as it leans
    standalone: str
    how: str = "pronoun"  # or `ellipsis`, `written`, `topic change`


@dataclass(frozen=True, slots=True)
class Ranked:
    pair: FollowUp
    searched: str
    ranks: dict[str, int | None]  # by way of asking


# ---------------------------------------------------------------- pairs


def pairs_of(folder: Path, questions: Sequence[LabelledQuestion]) -> tuple[FollowUp, ...]:
    written = folder / "follow_ups.jsonl"
    if written.is_file():
        return tuple(_written(json.loads(line)) for line in written.read_text(encoding="utf-8").splitlines())
    return tuple(made(questions))


def _written(fields: dict[str, Any]) -> FollowUp:
    question = LabelledQuestion(fields["question"], fields["document"], frozenset(fields["pages"]))
    how = "topic change" if fields.get("topic_change") else "written"
    return FollowUp(fields["earlier"], question, fields["standalone"], how)


def made(questions: Iterable[LabelledQuestion]) -> Iterator[FollowUp]:
    """One for each question that another one on its document lends itself to; the closest such one."""
    of_document: defaultdict[str, list[LabelledQuestion]] = defaultdict(list)
    for question in questions:
        of_document[question.document].append(question)
    for of_one in of_document.values():
        for question in of_one:
            others = (other for other in of_one if other is not question)
            found = [pair for other in others if question.answerable and (pair := leaning(other, question))]
            if found and question.pages:
                yield max(found, key=lambda pair: (pair.how == "ellipsis", _likeness(pair.earlier, pair.standalone)))


def leaning(first: LabelledQuestion, second: LabelledQuestion) -> FollowUp | None:
    a, b = _words(_plain(first.text)), _words(_plain(second.text))
    asked = _asked_again(a, b) or _with_pronoun(a, b)
    if asked is None:
        return None
    text, how = asked
    return FollowUp(_plain(first.text), replace(second, text=text), _plain(second.text), how)


def _asked_again(a: list[str], b: list[str]) -> tuple[str, str] | None:
    """Only what differs, where two questions differ in one short place."""
    changes = [op for op in SequenceMatcher(None, _low(a), _low(b), autojunk=False).get_opcodes() if op[0] != "equal"]
    changes = [(tag, i0, i1, j0, j1) for tag, i0, i1, j0, j1 in changes if _content(b[j0:j1]) or _content(a[i0:i1])]
    if len(changes) != 1:
        return None
    [(_, _, _, begin, end)] = changes
    while begin > 0 and b[begin - 1].lower() in ("in", "on", "for", "of", "at", "by", "the", "with"):
        begin -= 1
    new = b[begin:end]
    if len(_content([*b[:begin], *b[end:]])) < LEAST_SHARED or not _content(new) or len(_content(new)) > LARGEST_CHANGE:
        return None
    return f"And {_uncapital(_said(new))}?", "ellipsis"


def _with_pronoun(a: list[str], b: list[str]) -> tuple[str, str] | None:
    """The longest phrase that both have becomes a pronoun, where one can stand; else it is left out."""
    shared = sorted(_shared(a, b), key=lambda span: span[0] - span[1])
    for begin, end in shared:
        start = begin - 1 if begin > 0 and b[begin - 1].lower() in ("the", "a", "an", "this") else begin
        before = b[start - 1].lower() if start > 0 else ""
        after = b[end].lower() if end < len(b) else "?"
        rest = [*b[:start], *b[end:]]
        if before not in _LEADS_IN or len(_content(rest)) < LEAST_SHARED:
            continue
        if after in ("'s", "’s"):
            return _said([*b[:start], "its", *b[end + 1 :]]), "pronoun"
        if after in _FOLLOWS:
            aside = before in ("in", "on", "at", "within") and (start == 1 or after in ("?", "."))
            if aside:
                rest = [word for word in [*b[: start - 1], *b[end:]] if word] if start > 1 else b[end:]
                return f"And {_uncapital(_said(rest).lstrip(', '))}", "left out"
            return _said([*b[:start], "it", *b[end:]]), "pronoun"
    return None


def _shared(a: list[str], b: list[str]) -> Iterator[tuple[int, int]]:
    for block in SequenceMatcher(None, _low(a), _low(b), autojunk=False).get_matching_blocks():
        begin, end = _trimmed(b, block.b, block.b + block.size)
        named = any(word[0].isupper() for word in b[max(begin, 1) : end])
        if len(_content(b[begin:end])) >= (1 if named else LEAST_SHARED):
            yield begin, end


def _uncapital(text: str) -> str:
    first, _, rest = text.partition(" ")
    return f"{first.lower() if first.istitle() and first.lower() in _FUNCTION else first} {rest}"


def _trimmed(words: list[str], begin: int, end: int) -> tuple[int, int]:
    while begin < end and (words[begin].lower() in _FUNCTION or not words[begin][0].isalnum()):
        begin += 1
    while begin < end and (words[end - 1].lower() in _FUNCTION or not words[end - 1][0].isalnum()):
        end -= 1
    return begin, end


def _plain(text: str) -> str:
    plain = _MANNER.sub("", text).strip(" ,")
    return plain[:1].upper() + plain[1:]


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _low(words: Iterable[str]) -> list[str]:
    return [word.lower() for word in words]


def _content(words: Iterable[str]) -> list[str]:
    return [word for word in words if word[0].isalnum() and word.lower() not in _FUNCTION]


def _said(words: Sequence[str]) -> str:
    return re.sub(r"\s+([?.,;:!%])", r"\1", " ".join(words)).strip(" ?") + ("?" if words and words[-1] == "?" else "")


def _likeness(a: str, b: str) -> float:
    return SequenceMatcher(None, _low(_words(a)), _low(_words(b)), autojunk=False).ratio()


# ---------------------------------------------------------------- asking


def rank_follow_ups(client: Client, pairs: Sequence[FollowUp], ids: dict[str, str]) -> tuple[Ranked, ...]:
    return tuple(_rank(client, pair, pairs, ids) for pair in pairs)


def _rank(client: Client, pair: FollowUp, pairs: Sequence[FollowUp], ids: dict[str, str]) -> Ranked:
    searched = client.condensed(pair.earlier, pair.question.text)
    elsewhere = next((other.earlier for other in pairs if other.question.document != pair.question.document), "")
    queries = {
        "as it leans": pair.question.text,
        "condensed": searched,
        "complete": pair.standalone,
        "complete, after another topic": client.condensed(elsewhere, pair.standalone) if elsewhere else pair.standalone,
    }
    return Ranked(pair, searched, {way: _found(client, query, pair.question, ids) for way, query in queries.items()})


def _found(client: Client, query: str, question: LabelledQuestion, ids: dict[str, str]) -> int | None:
    document_id = ids.get(question.document, "")
    places = ranked_places(client.search(query, TOP_K), question, document_id)
    return first_hit(places, right_places(question, document_id))


# ---------------------------------------------------------------- reporting


def follow_ups_table(ranked: Sequence[Ranked]) -> str:
    ways = list(ranked[0].ranks) if ranked else []
    rows: list[tuple[str, ...]] = [(f"{len(ranked)} follow-ups", *(f"hit@{k}" for k in KS))]
    for how in ("all", *sorted({one.pair.how for one in ranked})):
        some = [one for one in ranked if how in ("all", one.pair.how)]
        rows += [(f"{how} ({len(some)}), {way}", *(in_words(_share(some, way, k)) for k in KS)) for way in ways]
    return table(rows)


def follow_ups_report(ranked: Sequence[Ranked]) -> dict[str, Any]:
    return {
        way: {f"hit@{k}": _share(ranked, way, k) for k in KS} for way in (ranked[0].ranks if ranked else ())
    } | {
        "each": [
            {"earlier": one.pair.earlier, "question": one.pair.question.text, "standalone": one.pair.standalone,
             "how": one.pair.how, "searched": one.searched, "ranks": one.ranks}
            for one in ranked
        ]
    }  # fmt: skip


def _share(ranked: Sequence[Ranked], way: str, k: int) -> dict[str, Any]:
    found: dict[str, Any] = share([is_hit(one.ranks[way], k) for one in ranked])
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.measures.follow_ups", description=__doc__)
    parser.add_argument("--data", type=Path, action="append", help="folder with documents and questions.jsonl")
    parser.add_argument("--json", type=Path, default=Path("reports/follow_ups.json"))
    parser.add_argument("--show", action="store_true", help="print every pair")
    parser.add_argument("--cache", type=Path, default=Path(".cache/eval"))
    parser.set_defaults(url=None, collection="eval", fresh=False)
    options = parser.parse_args()
    report: dict[str, Any] = {}
    try:
        for data in options.data or default_folders():
            folder = load_folder(data)
            pairs = pairs_of(data, folder.questions)
            report[folder.name] = _measure(folder, pairs, options)
    except (BadFolder, DidNotStart) as error:
        print(f"eval: {error}", file=sys.stderr)
        return 1
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


def _measure(folder: QuestionFolder, pairs: Sequence[FollowUp], options: argparse.Namespace) -> dict[str, Any]:
    with filled(folder, options, Told(), {}) as (client, taken, _):
        ranked = rank_follow_ups(client, pairs, taken.ids)
    print(f"\n{folder.name}\n{follow_ups_table(ranked)}")
    for one in ranked if options.show else ():
        print(f"{one.pair.earlier!r} + {one.pair.question.text!r} -> {one.searched!r} {one.ranks}")
    return follow_ups_report(ranked)


if __name__ == "__main__":
    sys.exit(main())
