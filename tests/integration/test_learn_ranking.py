"""What the ranking learns from: the service's own way of finding, opened without the service."""

from __future__ import annotations

from pathlib import Path

import pytest

from answering.question.read import read
from domain.searches import Query
from lab.measures.learn_ranking import opened


@pytest.mark.parametrize("text", ["the chart of sales", "销售额是多少"])
async def test_a_kept_index_is_searched_in_every_space(tmp_path: Path, text: str) -> None:
    with opened(tmp_path) as (retriever, catalogue):
        collection = catalogue.collections.create("eval", {})
        found = await retriever.retrieve(Query(read(text), collections=(collection,)), 10)
    assert {vote.space for vote in found.votes} == {"words", "text", "image"}
    assert not found.hits
