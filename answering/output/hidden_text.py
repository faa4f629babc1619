"""Notices evidence from pages with words that can't be seen on them, whether or not these words were indexed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from domain.answers import Noticed
from domain.documents import CHARACTERS_LEFT_OUT
from domain.errors import ExhibitError
from domain.evidence import Evidence
from domain.ports import Documents

WITHOUT_PAGES = 0  # in the place of a page's number


def hidden_met(documents: Documents, evidence: Sequence[Evidence]) -> tuple[Noticed, ...]:
    """Reads page reports from the catalogue: evidence has none."""
    pages = {one: _pages_with_hidden(documents, one) for one in {one.document.id for one in evidence}}
    beside, itself = list[int](), list[int]()
    for n, one in enumerate(evidence, start=1):
        if one.chunk.hidden:
            itself.append(n)
        elif one.chunk.obscured or _pages_of(one) & pages[one.document.id]:
            beside.append(n)
    met = (("", beside), ("itself", itself))
    return tuple(Noticed("hidden_text", form, which=tuple(numbers)) for form, numbers in met if numbers)


def _pages_with_hidden(documents: Documents, document_id: str) -> frozenset[int]:
    """Their numbers; `WITHOUT_PAGES` for a document that has none."""
    with suppress(ExhibitError):  # deleted since it was found
        document = documents.find(document_id)
        if any(problem.message == CHARACTERS_LEFT_OUT for problem in document.problems):
            return frozenset({WITHOUT_PAGES})
        return frozenset(page.page for page in document.page_report if page.hidden)
    return frozenset()


def _pages_of(one: Evidence) -> frozenset[int]:
    pages = frozenset(filter(None, (one.chunk.page, *(region.page for region in one.chunk.regions))))
    return pages or frozenset({WITHOUT_PAGES})
