"""Takes characters out that nobody sees and that can carry words to a model or turn a line's order around.

Tag characters, bidirectional overrides and isolates go wherever they stand, runs of zero-width characters too. Single
ones stay where a script needs them: a joiner in Persian, Indic and Mongolian words and in emoji, a space of no width
between Thai, Lao, Burmese and Khmer words, a variation selector after the character whose form it chooses.
"""

from __future__ import annotations

import re

_ALWAYS = "\U000e0000-\U000e007f\u202a-\u202e\u2066-\u2069\u2060-\u2064\u206a-\u206f\ufeff\u00ad\ufff9-\ufffb"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_JOINERS = "\u200c\u200d"
_MARKS = "\u200e\u200f\u061c"  # of direction: harmless alone
_ZERO_SPACE = "\u200b"
_FLAGS = "|".join(  # of England, Scotland and Wales: the only sequences of tags in use
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls")
)
_RUN = re.compile(f"(?P<flag>{_FLAGS})|[{_ALWAYS}{_SELECTORS}{_JOINERS}{_MARKS}{_ZERO_SPACE}]+")

_WORDS = re.compile(  # what hides words, or their order; a single sign is mostly an accident
    f"(?P<flag>{_FLAGS})|[\U000e0020-\U000e007f\u202a-\u202e\u2066-\u2069]"
    f"|[{_ALWAYS}{_JOINERS}{_MARKS}{_ZERO_SPACE}]{{3}}|[{_SELECTORS}]{{3}}"
)
_SELECTOR = re.compile(f"[{_SELECTORS}]")
_JOINED = re.compile(  # scripts whose letters change with a joiner
    "[\u0600-\u07ff\u0840-\u0dff\u0f00-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc\U00010f30-\U00010f6f"
    "\U00011000-\U000119ff]"
)
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\uaa60-\uaa7f]")
_EMOJI = re.compile("[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff]")
_CHOOSES_FORM = re.compile("[#*0-9\u00a9\u00ae\u1000-\u18af\u2000-\U0003ffff]")


def without_hidden(text: str) -> str:
    """The same text where there is nothing to take out; a byte order mark at its beginning goes too."""
    return text if text.isascii() else _RUN.sub(_kept, text)


def hides_words(text: str) -> bool:
    """Whether characters that can't be seen stand in it in such a way that they may say something."""
    return not text.isascii() and any(found["flag"] is None for found in _WORDS.finditer(text))


def _kept(run: re.Match[str]) -> str:
    if run["flag"]:
        return run["flag"]
    text, hidden = run.string, run.group()
    before, after = text[run.start() - 1 : run.start()] if run.start() else "", text[run.end() : run.end() + 1]
    kept = ""
    if _is(hidden[0], _SELECTOR) and _CHOOSES_FORM.match(before):
        kept, hidden = hidden[0], hidden[1:]
    if len(hidden) == 1 and _needed(hidden, before, after):
        kept += hidden
    return kept


def _needed(one: str, before: str, after: str) -> bool:
    """Whether a script needs this one character between these two."""
    if one in _MARKS:
        return True
    if one == _ZERO_SPACE:
        return _is(before, _UNSPACED) and _is(after, _UNSPACED)
    if one in _JOINERS and _is(before, _JOINED):
        return True
    return one == "\u200d" and _is(before, _EMOJI) and _is(after, _EMOJI)


def _is(character: str, kind: re.Pattern[str]) -> bool:
    return kind.match(character) is not None
