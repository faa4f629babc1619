"""LangChain as its tutorials have it: PyPDFLoader, RecursiveCharacterTextSplitter 1000/200, Chroma."""

from __future__ import annotations

from pathlib import Path

from langchain_chroma import Chroma
from langchain_community.document_loaders import PyPDFLoader
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter
from loop import main


class LangChainDefault:
    def __init__(self, store: Path, model: str) -> None:
        self._splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
        self._store = Chroma(
            collection_name="bench",
            embedding_function=HuggingFaceEmbeddings(model_name=model),
            persist_directory=str(store),
        )

    def take_in(self, path: Path) -> int:
        chunks = self._splitter.split_documents(PyPDFLoader(str(path)).load())
        if chunks:  # Chroma refuses an empty list, which would count a scan as a crash
            self._store.add_documents(chunks)
        return len(chunks)

    def search(self, question: str, k: int) -> list[tuple[str, int]]:
        found = self._store.similarity_search(question, k=k)
        return [(Path(one.metadata["source"]).name, one.metadata["page"] + 1) for one in found]


if __name__ == "__main__":
    main(LangChainDefault)
