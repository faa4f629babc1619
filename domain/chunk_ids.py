"""The grammar of chunk ids: the document's id, a dot, and what names the chunk in its document."""

from __future__ import annotations


def chunk_id(document_id: str, name: str) -> str:
    return f"{document_id}.{name}"


def document_id_of(chunk_id: str) -> str:
    return chunk_id.rpartition(".")[0]


def name_in_document(chunk_id: str) -> str:
    return chunk_id.rpartition(".")[2]
