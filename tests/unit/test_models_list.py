"""OpenAI's list of models has no pages: every collection is in it."""

from __future__ import annotations

from types import SimpleNamespace

from fastapi import FastAPI
from starlette.testclient import TestClient

from app.api import openai
from tests.catalogues import fresh_catalogue


def test_more_collections_than_a_page_holds_are_all_models() -> None:
    catalogue = fresh_catalogue()
    names = {"default"} | {catalogue.collections.create(f"c{number}", {}).name for number in range(450)}
    app = FastAPI()
    app.include_router(openai.router)
    app.state.services = SimpleNamespace(collections=catalogue.collections)
    listed = [model["id"] for model in TestClient(app).get("/v1/models").json()["data"]]
    assert len(listed) == len(names) == 451
    assert set(listed) == names
