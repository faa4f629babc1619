"""Which documents are small: they have a queue and child processes of their own, so that no large one is in their way.

A run on the short queue is hurried. A stage that finds a document to be large, or that takes too long, gives up, and
the document goes on among the large ones. So the short queue never waits for long, whatever is sent.
A change of these numbers changes the order of steps: raise APPLICATION_VERSION with it (app/adapters/dbos_jobs.py).
"""

from __future__ import annotations

from domain.documents import Document
from ingest.parse.formats import FORMATS

HURRIED_BYTES = {True: 16 << 20, False: 1 << 20}  # of documents with pages; of others, which are read in one go
HURRIED_PAGES = 64
HURRIED_S = 10.0  # of one stage
HURRIED_PARTS = 4  # of EMBED_PART chunks
HURRIED_PICTURES = 16  # pages without text
LARGE_PICTURES_LATER_S = 60.0  # a picture of a large document is due so long after one of a small document
SLICE_S = 60.0  # of work on a large document, before the next in line has its turn


def is_large(document: Document) -> bool:
    row = FORMATS.get(document.media_type)
    return document.size > HURRIED_BYTES[row is not None and row.paged] or (document.pages or 0) > HURRIED_PAGES
