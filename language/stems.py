"""Two stemmers of English: one for what is compared while a reader waits, one for what indexes hold.

They are two because neither can take the other's place: of the 27,000 words of our test data they put 17 % into other
groups, so claims would be checked otherwise, and existing indexes hold Snowball's stems.
"""

from __future__ import annotations

import threading
from functools import lru_cache

import snowballstemmer


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Light: endings only. Snowball in pure Python takes 25 to 60 µs a word, too slow while a reader waits."""
    for ending, instead in (("'s", ""), ("’s", ""), ("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)] + instead
            break
    else:
        if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
            word = word[:-1]
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiousl":
        word = word[:-1]  # running, planned
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


def snowball(word: str) -> str:
    return str(_stemmers.english.stemWord(word))


class _Stemmers(threading.local):
    """One for each thread: a stemmer keeps the word it is at in itself, so that two threads with one would get the
    stems of each other's words, or an IndexError."""

    def __init__(self) -> None:
        self.english = snowballstemmer.stemmer("english")


_stemmers = _Stemmers()
