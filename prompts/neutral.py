"""Makes outside text harmless in a prompt: it can neither close its tag nor contain the model's control words."""

from __future__ import annotations

import re

from language.hidden import without_hidden
from prompts.markers import unmarked

# Possessive: whoever asks chooses what these patterns run on, while others wait.
# Tags of our own frame, and control words of the common chat templates: a server that tokenizes the rendered
# conversation would read them as such, wherever they stand (<image> also upsets its count of images).
_TAGS = re.compile(
    r"<(?=\s*+/?+\s*+(?:sources?|wishes|image|img|video|audio|s|bos|eos|unk|pad|mask|think|tool_\w+|start_of_\w+"
    r"|end_of_\w+|image_\w+|img_\w+|video_\w+|audio_\w+|boi|eoi|fim_\w+|unused\d+|reserved_\w+|end_of_turn|human"
    r"|assistant|system|user|bot|eot\w*|eom\w*)\b)",
    re.IGNORECASE,
)
_PIPES = re.compile(r"<(?=[|｜▁])|(?<=[|｜▁])>|<(?=<\s*+/?+\s*+SYS\s*+>>)")
_BRACKETS = re.compile(r"\[(?=\s*+/?+\s*+(?:INST|IMG\w*|TOOL_\w+|AVAILABLE_TOOLS|SYSTEM_PROMPT|SUFFIX|PREFIX)\b)")
# tag characters, bidirectional overrides and invisible joiners that hide text from a human reader
_HIDDEN = re.compile("[\U000e0000-\U000e007f\u202a-\u202e\u2066-\u2069\u200b\u2060-\u2064\ufeff\u00ad]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class OutputFilter:
    """Takes control characters, hidden ones and a model's control tokens out of what it says, piece by piece."""

    def __init__(self) -> None:
        self._held = ""
        self._unseen = ""  # joiners and their like at the end, which what follows decides on
        self._last = ""  # the character before them

    def feed(self, text: str) -> str:
        text = self._unseen + text
        run = _UNSEEN_END.search(text)
        assert run is not None
        text, self._unseen = text[: run.start()], run.group()[:_RUN]
        return self._passed(text)

    def _passed(self, text: str) -> str:
        seen = without_hidden(self._last + text)[len(self._last) :]
        self._last = text[-1:] or self._last
        text = _TOKENS.sub("", self._held + _CONTROL.sub("", seen))
        begun = _BEGUN_TOKEN.search(text)
        passed, self._held = (text[: begun.start()], text[begun.start() :]) if begun else (text, "")
        return passed

    def end(self) -> str:
        unseen, self._unseen = self._unseen, ""
        passed = self._passed(unseen)
        rest, self._held = self._held, ""
        return passed + rest


_UNSEEN = "\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef"
_UNSEEN_END = re.compile(rf"(?:(?<![{_UNSEEN}])[{_UNSEEN}]++)?\Z")
_RUN = 8  # characters that are held of a run; a flag has six, and longer runs are taken out
_TOKENS = re.compile(r"<[|｜][\w▁ ]{1,40}[|｜]>|</?s>")
_BEGUN_TOKEN = re.compile(r"<(?:/?s?|[|｜][\w▁ ]{0,40}[|｜]?)$")


def neutral(text: str) -> str:
    """For a person's text: markers stay."""
    text = _CONTROL.sub(" ", _HIDDEN.sub("", without_hidden(text)))
    text = _TAGS.sub("‹", text)
    text = _PIPES.sub(lambda match: "‹" if match.group() == "<" else "›", text)
    return _BRACKETS.sub("⟦", text)


def quoted(text: str) -> str:
    """For a document's text: its own `[1]` is no marker either."""
    return unmarked(neutral(text))


def in_one_line(text: str, longest: int = 160) -> str:
    """For names: no line breaks, no quotation marks that would end an attribute."""
    line = " ".join(quoted(text).split()).replace('"', "'").replace("<", "‹").replace(">", "›")
    return line if len(line) <= longest else line[: longest - 1] + "…"
