"""LlamaIndex as its tutorials have it: SimpleDirectoryReader, VectorStoreIndex on Chroma, all settings default."""

from __future__ import annotations

import json
from pathlib import Path

import chromadb
from llama_index.core import SimpleDirectoryReader, StorageContext, VectorStoreIndex
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.vector_stores.chroma import ChromaVectorStore
from loop import Lost, main


class LlamaIndexDefault:
    def __init__(self, store: Path, model: str) -> None:
        self._embedding = HuggingFaceEmbedding(model_name=model)
        self._collection = chromadb.PersistentClient(str(store)).get_or_create_collection("bench")
        self._vectors = ChromaVectorStore(chroma_collection=self._collection)
        # its metadata name a page by its printed label only; the reader yields the pages in order, so that the
        # document ids tell the page's number without a change to what is embedded
        self._places_file = store / "places.json"
        self._places: dict[str, tuple[str, int]] = {}
        if self._places_file.is_file():
            self._places = json.loads(self._places_file.read_text(encoding="utf-8"))

    def take_in(self, path: Path) -> int:
        pages = SimpleDirectoryReader(input_files=[str(path)]).load_data()
        if not pages:
            raise Lost("the reader skipped the file")
        before = self._collection.count()
        VectorStoreIndex.from_documents(
            pages,
            storage_context=StorageContext.from_defaults(vector_store=self._vectors),
            embed_model=self._embedding,
        )
        self._places |= {page.doc_id: (path.name, number) for number, page in enumerate(pages, start=1)}
        self._places_file.write_text(json.dumps(self._places), encoding="utf-8")
        return self._collection.count() - before

    def search(self, question: str, k: int) -> list[tuple[str, int]]:
        index = VectorStoreIndex.from_vector_store(self._vectors, embed_model=self._embedding)
        found = index.as_retriever(similarity_top_k=k).retrieve(question)
        return [(name, page) for name, page in (self._places[str(one.node.ref_doc_id)] for one in found)]


if __name__ == "__main__":
    main(LlamaIndexDefault)
