"""Cuts text that is too long for one chunk.

LlamaIndex's node parser packs whole sentences, found by our own function (its default one downloads nltk data);
LangChain's splitter cuts the sentences that are too long themselves: listings, tables as text, Chinese without stops.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import chain

from language.sentences import pieces

Sizes = Callable[[Sequence[str]], list[float]]  # of texts; 1.0 fills a chunk

FULL = 1000  # the libraries count in whole numbers: a full chunk is this many
LEAST_PARTS = 0.05  # room left above an even share, so that a sentence more or less still fits
SEPARATORS = ["\n\n", "\n", "；", "; ", "，", "、", ", ", " ", "\u3000", "\u200b", ""]


def cut(text: str, sizes: Sizes, limit: float) -> list[str]:
    """The text in parts of at most about `limit`, of even length, at sentence ends where that is possible."""
    whole = sizes([text])[0]
    if whole <= limit:
        return [text]
    # Imported at the first text that is too long: LlamaIndex takes 1.8 s and 60 MB.
    from llama_index.core.node_parser import SentenceSplitter

    units = _units(text, sizes, limit)
    known = dict(zip(units, sizes(units), strict=True))  # counted together: one by one takes ten times as long
    known[text] = whole
    even = whole / math.ceil(whole / limit)
    splitter = SentenceSplitter(
        chunk_size=max(1, int(min(limit, even + LEAST_PARTS) * FULL)),
        chunk_overlap=0,
        tokenizer=lambda part: range(math.ceil((known[part] if part in known else sizes([part])[0]) * FULL)),
        chunking_tokenizer_fn=lambda part: units if part == text else _units(part, sizes, limit),
        paragraph_separator="\x00",  # sentences see blank lines themselves
    )
    return splitter.split_text(text)


def _units(text: str, sizes: Sizes, limit: float) -> list[str]:
    """Sentences; those over the limit in parts."""
    whole = pieces(text)
    measured = zip(whole, sizes(whole), strict=True)
    parts = ([sentence] if size <= limit else _forced(sentence, size, limit) for sentence, size in measured)
    return list(chain.from_iterable(parts))


def _forced(sentence: str, whole: float, limit: float) -> list[str]:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    per_character = whole / len(sentence)  # counting tokens of every word of a megabyte would take minutes
    splitter = RecursiveCharacterTextSplitter(
        separators=SEPARATORS,
        keep_separator="end",
        strip_whitespace=False,
        chunk_size=max(1, int(limit * 0.9 * FULL)),  # parts differ in density
        chunk_overlap=0,
        length_function=lambda part: math.ceil(len(part) * per_character * FULL),
    )
    return splitter.split_text(sentence)
