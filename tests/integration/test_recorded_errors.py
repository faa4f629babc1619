"""Errors that runs of earlier versions recorded can be replayed."""

from __future__ import annotations

import base64
import pickle

import pytest
from dbos._serialization import DefaultSerializer

from app.adapters import dbos_jobs
from domain import errors
from domain.errors import Unreadable
from ingest.pipeline import Superseded

UNREADABLE = (
    b"\x80\x04\x958\x00\x00\x00\x00\x00\x00\x00\x8c\x11app.domain.errors\x94\x8c\nUnreadable\x94\x93\x94"
    b"\x8c\rit is damaged\x94\x85\x94R\x94."
)
SUPERSEDED = (
    b"\x80\x04\x95:\x00\x00\x00\x00\x00\x00\x00\x8c\x0fingest.pipeline\x94\x8c\nSuperseded\x94\x93\x94"
    b"\x8c\x11No longer wanted.\x94\x85\x94R\x94."
)


@pytest.mark.parametrize(
    ("recorded", "kind", "sentence"),
    [(UNREADABLE, Unreadable, "it is damaged"), (SUPERSEDED, Superseded, "No longer wanted.")],
)
def test_a_recorded_error_is_the_error_of_today(recorded: bytes, kind: type[Exception], sentence: str) -> None:
    assert dbos_jobs.NAME == "exhibit"  # importing the queue makes the former module known
    error = DefaultSerializer().deserialize(base64.b64encode(recorded).decode())
    assert (type(error), str(error)) == (kind, sentence)


@pytest.mark.parametrize(
    "name", [name for name in vars(errors) if isinstance(vars(errors)[name], type) and name[0].isupper()]
)
def test_each_error_is_found_under_its_former_module(name: str) -> None:
    former = pickle.loads(b"capp.domain.errors\n" + name.encode() + b"\n.")
    assert former is getattr(errors, name)
