"""Notices evidence from pages with words that can't be seen on them, whether or not these words were indexed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from domain.answers import Noticed
from domain.errors import ExhibitError
from domain.evidence import Evidence
from domain.ports import Documents


def hidden_met(documents: Documents, evidence: Sequence[Evidence]) -> tuple[Noticed, ...]:
    """Reads page reports from the catalogue: evidence has none."""
    paged = {one.document.id for one in evidence if one.chunk.page}
    pages = {document_id: _pages_with_hidden(documents, document_id) for document_id in paged}
    beside, itself = list[int](), list[int]()
    for n, one in enumerate(evidence, start=1):
        if one.chunk.hidden:
            itself.append(n)
        elif _pages_of(one) & pages.get(one.document.id, frozenset()):
            beside.append(n)
    met = (("", beside), ("itself", itself))
    return tuple(Noticed("hidden_text", form, which=tuple(numbers)) for form, numbers in met if numbers)


def _pages_with_hidden(documents: Documents, document_id: str) -> frozenset[int]:
    with suppress(ExhibitError):  # deleted since it was found
        return frozenset(page.page for page in documents.find(document_id).page_report if page.hidden)
    return frozenset()


def _pages_of(one: Evidence) -> frozenset[int]:
    return frozenset(filter(None, (one.chunk.page, *(region.page for region in one.chunk.regions))))
