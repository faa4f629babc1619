"""Ids of chunks and keys of blobs: data folders outlive versions, so their forms are fixed."""

from __future__ import annotations

from domain import blob_keys
from domain.chunk_ids import chunk_id, document_id_of, name_in_document


def test_a_chunk_id_names_its_document_whatever_dots_that_holds() -> None:
    made = chunk_id("report.v2", "0a1b")
    assert made == "report.v2.0a1b"
    assert (document_id_of(made), name_in_document(made)) == ("report.v2", "0a1b")


def test_a_text_without_a_dot_names_no_document() -> None:
    assert document_id_of("anything") == ""


def test_keys_are_those_of_earlier_versions() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert blob_keys.original("ab") == "originals/ab"
    assert blob_keys.sha256_of("originals/ab") == "ab"
    assert blob_keys.pages("d", 3) == "documents/d/pages/00003.json"
    assert blob_keys.pages_by_span("d", "parsed", "3", 1, 16) == "documents/d/pages/parsed-3-00001-00016.json"
    assert blob_keys.page_context("d") == "documents/d/pages/outlook.json"
    assert blob_keys.crop("d", b"") == f"documents/d/crops/{empty}"
    assert blob_keys.digest_of_crop(blob_keys.crop("d", b"")) == empty
    assert blob_keys.caption("d", "ab") == "documents/d/captions/ab"
    assert blob_keys.render("d", 2) == "documents/d/renders/2"
    assert blob_keys.render("d", 2, "0a1b") == "documents/d/renders/2-0a1b"
    assert blob_keys.printed("d") == "documents/d/renders/pdf"
    assert blob_keys.vectors_folder("d") == "documents/d/vectors"
