"""The tokens of the words index: documents and questions are read in the same way.

Unicode is normalised and accents are dropped; English words are stemmed; `10-K`, `node.js` and `FY2019` are found whole
and in parts; `1,452.4` is `1452.4`; `c++` and emoji are kept. Scripts without spaces are read as single characters and
as bigrams, traditional Chinese as simplified. Indexes on disk hold these tokens, so a change here needs a new index.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from importlib.resources import files

from language.scripts import UNSPACED, bigrams
from language.stems import snowball
from language.wordlists import words

LONGEST_TOKEN = 64  # characters: a sha256 fits
LONGEST_QUESTION = 20_000  # characters; what follows is not searched for
MOST_PARTS = 6  # of a compound

_SCRIPTS = re.compile(f"([{UNSPACED}]+)|([^{UNSPACED}]+)")
_TOKEN = re.compile(
    r"(\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![^\W_]))"  # 1: a number with thousands separators
    r"|([^\W_]+(?:[.'&@_-][^\W_]+){0,15})(\+\+|[+#](?![^\W_]))?"  # 2: a word, simple or compound; 3: c++, c#
    r"|([\u2600-\u27bf\U0001f000-\U0001faff])"  # 4: a symbol or emoji
)
_CONNECTORS = re.compile(r"[.'&@_-]")
_FRACTION_AFTER_DIGIT = re.compile(r"(?<=\d)(?=[\u00bc-\u00be\u2150-\u215e])")
_LETTERS_OR_DIGITS = re.compile(r"\d+|[^\W\d_]+")

STOP = frozenset(words("stop_words.search.en.txt"))
# Longest first. A question is split at them, so that no bigram holds half of one.
_STOP_RUNS = re.compile("|".join(sorted(words("stop_words.search.zh.txt"), key=len, reverse=True)))


def tokens(text: str) -> list[str]:
    """All tokens of a text in order, stop words included."""
    found: list[str] = []
    for run, rest in _SCRIPTS.findall(matchable(text)):
        if run:
            found += _grams(run)
        else:
            found += _words(rest)
    return found


def query_terms(text: str) -> list[str]:
    """The distinct tokens to search for, in order: without stop words, unless the question has nothing else."""
    text = text[:LONGEST_QUESTION]
    terms: dict[str, None] = {}
    for run, rest in _SCRIPTS.findall(matchable(text)):
        if run:
            terms.update((gram, None) for part in _STOP_RUNS.split(run) for gram in _asked(part))
        else:
            terms.update((word, None) for word in _words(rest) if word not in STOP)
    return list(terms) or list(dict.fromkeys(tokens(text)))


def matchable(text: str) -> str:
    """As it is compared: without case, accents and width, traditional Chinese as simplified."""
    text = unicodedata.normalize("NFKC", _FRACTION_AFTER_DIGIT.sub(" ", text)).casefold()
    return text.translate(_folds())


def _grams(run: str) -> Iterator[str]:
    yield from run
    yield from bigrams(run)


def _asked(run: str) -> list[str]:
    return [run] if len(run) == 1 else bigrams(run)


def _words(text: str) -> Iterator[str]:
    for number, word, suffix, symbol in _TOKEN.findall(text):
        if number:
            yield number.replace(",", "")[:LONGEST_TOKEN]
        elif symbol:
            yield symbol
        else:
            if suffix:
                yield (word + suffix)[:LONGEST_TOKEN]
            yield from _word(word) if len(word) <= LONGEST_TOKEN else _word.__wrapped__(word)  # long ones aren't kept


@functools.lru_cache(maxsize=65_536)
def _word(word: str) -> tuple[str, ...]:
    """A word's tokens: its stem; for a compound also the whole, and the whole without its connectors."""
    word = word.removesuffix("'s")
    if word.isalpha() or word.replace(".", "").isdigit():
        return (_stem(word),)
    pieces = [piece for piece in _CONNECTORS.split(word) if piece]
    parts = [part for piece in pieces for part in _split(piece)]
    joined = "".join(pieces)
    found = [joined, *parts] if len(parts) <= MOST_PARTS else [joined, *pieces]
    whole = word if len(pieces) > 1 and "'" not in word else joined
    return tuple(dict.fromkeys(_stem(token) for token in (whole, *found)))


def _split(piece: str) -> list[str]:
    """`fy2019` is `fy` and `2019`; what changes more often between letters and digits is a code, and stays."""
    parts = _LETTERS_OR_DIGITS.findall(piece)
    return parts if len(parts) <= 2 else [piece]


def _stem(word: str) -> str:
    if len(word) > 3 and word.isascii() and word.isalpha() and len(word) <= LONGEST_TOKEN:
        return snowball(word)
    return word[:LONGEST_TOKEN]


@functools.cache
def _folds() -> dict[int, str | None]:
    """Accented Latin letters to bare ones, traditional characters to simplified; marks and soft hyphens away."""
    folds: dict[int, str | None] = dict.fromkeys([0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, *range(0x300, 0x370)])
    folds[0x2019] = "'"
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base.isascii() and base.isalpha():
            folds[code] = base
    return folds | _simplified()


def _simplified() -> dict[int, str]:
    lines = files("opencc").joinpath("dictionary/TSCharacters.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if "\t" in line)
    return {ord(pair[0]): pair[1].split(" ")[0] for pair in pairs if len(pair[0]) == 1}
