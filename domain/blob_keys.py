"""Where blobs lie. Data folders outlive versions, so these keys stay as they are.

originals/{sha256}                                the uploaded bytes
documents/{id}/pages/…                            what was read of its pages, until it is ready
documents/{id}/crops/{sha256}                     pictures that chunks show
documents/{id}/captions/{sha256}                  descriptions by a language model
documents/{id}/words/{page}                       the words that were recognised on a page, with their boxes
documents/{id}/renders/{page}[-{chunk}], pdf      drawn pages
documents/{id}/vectors/{space}-{encoder}/{part}   kept vectors
"""

from __future__ import annotations

import hashlib

ORIGINALS = "originals"


def original(sha256: str) -> str:
    return f"{ORIGINALS}/{sha256}"


def sha256_of(original: str) -> str:
    return original.rpartition("/")[2]


def folder(document_id: str) -> str:
    return f"documents/{document_id}"


def pages_folder(document_id: str) -> str:
    return f"{folder(document_id)}/pages"


def pages(document_id: str, batch: int) -> str:
    return f"{pages_folder(document_id)}/{batch:05d}.json"


def pages_by_span(document_id: str, stage: str, version: str, first: int, last: int) -> str:
    """Not under the batch's number: another version of the service may batch other pages together."""
    return f"{pages_folder(document_id)}/{stage}-{version}-{first:05d}-{last:05d}.json"


def page_context(document_id: str) -> str:
    return f"{pages_folder(document_id)}/outlook.json"


def crop(document_id: str, pixels: bytes) -> str:
    return f"{folder(document_id)}/crops/{hashlib.sha256(pixels).hexdigest()}"


def digest_of_crop(crop: str | None) -> str:
    """The same content in two documents has the same digest, though its key differs."""
    return (crop or "").rpartition("/")[2]


def caption(document_id: str, digest: str) -> str:
    return f"{folder(document_id)}/captions/{digest}"


def render(document_id: str, page: int, chunk: str = "") -> str:
    """`chunk`: the name of the chunk whose regions are drawn on it."""
    return f"{folder(document_id)}/renders/{page}{f'-{chunk}' if chunk else ''}"


def words(document_id: str, page: int) -> str:
    return f"{folder(document_id)}/words/{page}"


def printed(document_id: str) -> str:
    return f"{folder(document_id)}/renders/pdf"


def vectors_folder(document_id: str) -> str:
    return f"{folder(document_id)}/vectors"
