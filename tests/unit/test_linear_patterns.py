"""Every pattern of the product takes time in step with the text, whatever the text is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import Any

import pytest

from answering.about import lookup, standing
from answering.grounding import negation
from answering.question import intents
from evaluation import claims
from ingest.parse import sheets
from ingest.parse.formats import nouns_asked_for
from tests.adversaries import Adversary
from tests.growth import too_steep
from tests.patterns import Found, Source, held, held_by_modules, sources

# Files with patterns that are only made when they are needed, and these patterns.
MADE_LATER: dict[str, Callable[[], list[re.Pattern[Any]]]] = {
    "answering/about/lookup.py": lambda: [lookup._told("madrid")],
    "answering/about/standing.py": lambda: [standing._word("e19"), standing._code("hx-2040a"), standing._dated(3)],
    "answering/grounding/negation.py": lambda: [
        negation._pattern(side) for pair in negation._OPPOSITES for side in pair
    ],
    "answering/output/suspicion.py": list,  # held: `_PATTERNS`
    "answering/question/intents.py": lambda: [
        *(pattern for _, pattern in intents._patterns(nouns_asked_for())),
        *(re.compile(text) for table in (intents._STATUSES, intents._SINCES, intents._EXTREMES) for _, text in table),
        *(re.compile(noun.asked) for noun in nouns_asked_for()),
        *(re.compile(noun.asked_chinese) for noun in nouns_asked_for()),
    ],
    "ingest/parse/formats.py": list,  # held: `FORMATS`
    "ingest/parse/sheets.py": lambda: [sheets._filled_beyond(letters) for letters in (1, 2, 3)],
    "evaluation/claims.py": lambda: [re.compile(rf"\b{re.escape(word)}\b") for word in claims._SYNONYMS],
}

OURS = ("app.api.page_files.", "app/api/page_files.py:")  # reads nothing but the files of our own page


@cache
def files() -> list[Source]:
    return sources()


@cache
def written() -> list[Found | str]:
    return [one for source in files() for one in source.written_in_functions()]


def every_pattern() -> dict[tuple[object, int, str], Found]:
    made = (Found(file, pattern, "finditer") for file, make in MADE_LATER.items() for pattern in make())
    found = (*held_by_modules(files()), *made, *(one for one in written() if isinstance(one, Found)))
    foreign = (one for one in found if not one.place.startswith(OURS))
    return {(one.pattern.pattern, one.pattern.flags, one.verb): one for one in foreign}


def faults(found: Found) -> Iterator[str]:
    """Texts that it takes too long for, by what is repeated in them."""
    work = found.work()
    for begin, body, end in Adversary(found.pattern).texts():
        if isinstance(found.pattern.pattern, str):
            steep = too_steep(work, begin, body, end)
        else:
            steep = too_steep(work, begin.encode("latin-1"), body.encode("latin-1"), end.encode("latin-1"))
        if steep:
            yield f"{found.place}: {(begin, body, end)}, {steep}"


def test_every_pattern_takes_time_in_step_with_the_text() -> None:
    patterns = every_pattern()
    assert len(patterns) > 400
    assert [fault for found in patterns.values() for fault in islice(faults(found), 1)] == []


def test_patterns_made_later_are_those_known_here() -> None:
    assert {place.split(":")[0] for place in written() if isinstance(place, str)} == set(MADE_LATER)


def test_no_file_has_patterns_by_another_name() -> None:
    assert [source.name for source in files() if source.evades()] == []


@pytest.mark.parametrize(
    ("pattern", "verb"),
    [
        (r"(?:a+)+b", "match"),
        (r"\w+(?:[._]\w+)+\s*=", "match"),
        (r"\s*x", "finditer"),
        (r"<!--.*?-->", "finditer"),
        (r"\[(?:\$([^\]-]*)[^\]]*)\]", "finditer"),
        (r";(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", "finditer"),
        (r"[一二三]+月", "finditer"),
        (rb"(\d+)\s+(\d+)\s+obj", "finditer"),
    ],
)
def test_faults_are_found(pattern: str | bytes, verb: str) -> None:
    assert any(faults(Found("here", re.compile(pattern), verb)))


@pytest.mark.parametrize("pattern", [r"(?<!\s)\s*+x", r"<[^<>]*>", r"[一二三]{1,9}月", r"a[^b]{0,300}b", r"\ba\w*\b"])
def test_what_is_in_step_is_no_fault(pattern: str) -> None:
    assert list(faults(Found("here", re.compile(pattern), "finditer"))) == []


def test_patterns_are_found_wherever_modules_keep_them() -> None:
    one, two, three, four = (re.compile(letter) for letter in "abcd")

    def function(text: str, by: re.Pattern[str] = one) -> object:
        return two.search(text), by

    class Keeper:
        own = three

    assert set(held([function, {"x": (Keeper, four.search)}], set())) == {one, two, three, four}
