"""A service with other models still searches what the bundled ones have made, by loading them when first needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from answering.question.read import read
from app.adapters.encoders import clip
from app.adapters.encoders.batching import BatchedQueries
from app.adapters.encoders.model_files import bundled_minilm
from app.adapters.encoders.text import in_torch
from app.adapters.lexical.tantivy import TantivyWords
from app.adapters.memory.encoders import MemoryImageEncoder, MemoryTextEncoder
from app.compose.encoders import Encoders
from app.compose.retrieval import fused_ways
from app.settings import Settings
from domain.documents import Collection
from domain.errors import ModelMismatch
from domain.evidence import Space
from domain.ports import IndexName, VectorRow, Vectors
from domain.searches import Query
from ingest.stores import Stores
from retrievers.fused import Fused
from tests.unit.test_pipeline import House

TEXTS = {"d.0": "The night boat costs eleven crowns.", "d.1": "Whales sing in the bay."}


def picture(colour: str) -> bytes:
    file = BytesIO()
    Image.new("RGB", (64, 64), colour).save(file, "PNG")
    return file.getvalue()


async def as_it_is(image: bytes) -> bytes:
    return image


@dataclass(frozen=True)
class Former:
    stamp: dict[Space, str]
    vectors: dict[Space, Vectors]  # of d.0 and d.1


@pytest.fixture(scope="module")
def former() -> Former:
    texts = in_torch(bundled_minilm()).encode(list(TEXTS.values()))
    pictures = clip.bundled().encode_images([picture("navy"), picture("gold")])
    stamp: dict[Space, str] = {"text": bundled_minilm().stamp, "image": clip.bundled_name()}
    return Former(stamp, {"text": texts, "image": pictures})


@pytest.fixture
def house(former: Former) -> House:
    house = House()
    house.catalogue.collections.stamp(house.collection, {str(space): name for space, name in former.stamp.items()})
    for space, made in former.vectors.items():
        rows = [VectorRow(id, "d", "text", vector) for id, vector in zip(TEXTS, made, strict=True)]
        house.vectors.add(IndexName(house.collection, space, former.stamp[space]), rows)
    return house


@pytest.fixture
def encoders() -> Iterator[Encoders]:
    text, image = MemoryTextEncoder(), MemoryImageEncoder()
    with closing(BatchedQueries(text.encode)) as questions, closing(BatchedQueries(image.encode_texts)) as of_pictures:
        yield Encoders(text, image, questions, of_pictures)


def ways(house: House, encoders: Encoders, folder: Path, models: str) -> Fused:
    settings = Settings(_env_file=None, models=models, spaces="text,image", data_dir=folder)  # type: ignore[call-arg,arg-type]
    stores = Stores(house.catalogue, house.blobs, house.kept, house.vectors, TantivyWords(folder / "words"))
    return fused_ways(settings, stores, encoders, as_it_is)


async def test_the_bundled_models_read_what_they_made(house: House, encoders: Encoders, tmp_path: Path) -> None:
    here: tuple[Collection, ...] = (house.catalogue.collections.find("default"),)
    fused = ways(house, encoders, tmp_path, "standard")
    by_words = await fused.retrieve(Query(read("What is the price of a crossing after dark?"), collections=here), 2)
    assert by_words.hits[0].chunk_id == "d.0"
    by_picture = await fused.retrieve(Query(image=picture("gold"), collections=here), 2)
    assert (by_picture.hits[0].chunk_id, by_picture.votes[1].voted) == ("d.1", True)


async def test_where_they_are_not_at_hand_nothing_is_made_up(house: House, encoders: Encoders, tmp_path: Path) -> None:
    here: tuple[Collection, ...] = (house.catalogue.collections.find("default"),)
    fused = ways(house, encoders, tmp_path, "bundled")  # those that run here are called otherwise
    with pytest.raises(ModelMismatch, match="`exhibit reindex default`"):
        await fused.retrieve(Query(image=picture("gold"), collections=here), 2)
    assert MemoryImageEncoder.name not in here[0].encoders.values()
