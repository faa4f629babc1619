"""What a question asks and of what: its subjects, the attribute asked, restrictions, and the shape of the answer.

There is no parser of sentences here. An English question is cut at its function words into runs of content words; a
Chinese one at 的 and at its question words. What a run is, its neighbours tell: "the rent *of* the Madrid office".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.question import Asks, Language, Restriction, Shape, Subject, SubjectKind
from language.dates import WEEKDAYS
from language.scripts import CJK, folded
from language.terms import STOP_WORDS
from language.wordlists import words

_LONGEST = 1_000  # characters that are read; a longer question is a pasted page
_MOST_SUBJECTS = 6
_AMOUNT = 2  # words: "80 euros"

_PIECE = re.compile(r"[^\W_]+(?:['’&./:-][^\W_]+)*|[^\w\s]")
_FUNCTION = STOP_WORDS | frozenset(words("joining_words.en.txt"))
_AUXILIARY = frozenset(words("auxiliaries.en.txt"))
_LEADING = frozenset(words("question_openers.en.txt"))
_POSSESSIVE = re.compile(r"['’]s$")
_OF = frozenset(("of", "for", "in", "at", "on", "to", "from", "with", "by", "between"))
_OPENS = frozenset(("what", "which", "who", "whom", "whose", "when", "where", "why", "how"))
_DO = frozenset(("do", "does", "did"))

_YEARLY = re.compile(r"(?:fy\s?)?(?:1[5-9]|20)\d\d(?:[-–/]\d{2,4})?|q[1-4]|fy\d{2,4}")
_CALENDAR = frozenset(words("months.en.txt")) | WEEKDAYS | frozenset(words("calendar_words.en.txt"))
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*(?:st|nd|rd|th)?%?")
_CODE = re.compile(r"(?=[^\W_]*\d)(?=\w*[^\W\d_])[^\W_]+|[^\W_]+(?:[-./][^\W_]+)+")
_TITLE = re.compile(r"[A-Z][a-z]{0,2}")  # Dr. Weber, St. Gallen
_WAY_BEFORE = "by"

_SHAPES: tuple[tuple[Shape, re.Pattern[str]], ...] = (
    ("count", re.compile(r"\bhow many\b|多少[个条种人次家项位名份台辆]|几[个条种人次家项位名份台辆]", re.I)),
    ("comparison", re.compile(r"\b(?:compared?|differences?|differs?|versus|vs|rather than)\b"
                              r"|\b(?:more|less|higher|lower|larger|smaller|longer|cheaper|better|older) than\b"
                              r"|比较|区别|差别|不同|相比|相差", re.I)),
    ("explanation", re.compile(r"\bwhy\b|\bhow (?:do|does|did|can|should|is|are|to|was|were)\b"
                               r"|\b(?:explain|describe)\b|为什么|为何|如何|怎么|怎样|说明", re.I)),
    ("list", re.compile(r"\b(?:list|which ones|all (?:of )?(?:the|my|our)|name (?:all|the|two|three))\b"
                        r"|\b(?:which|what) (?:[\w-]+ ){0,3}[\w-]+s (?:are|were|do|does|did|have)\b"
                        r"|\b(?:which|what) (?:are|were)\b|哪些|列出|分别|所有", re.I)),
    ("yes_no", re.compile(r"^\W*(?:is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have|had)\b"
                          r"|吗[？?\s]*$|是否|有没有|能不能|可不可以", re.I)),
)  # fmt: skip


def asks_of(question: str, language: Language) -> Asks:
    """Of a question without references such as "on page 12"."""
    text = question[:_LONGEST]
    shape: Shape = next((shape for shape, pattern in _SHAPES if pattern.search(text)), "value")
    read = _chinese(text) if language == "zh" else _english(text)
    return Asks(read.subjects[:_MOST_SUBJECTS], read.attribute, read.restrictions, shape)


@dataclass(frozen=True, slots=True)
class _Read:
    subjects: tuple[Subject, ...]
    attribute: str
    restrictions: tuple[Restriction, ...]


# ---------------------------------------------------------------- English


@dataclass(frozen=True, slots=True)
class _Run:
    """Content words that stand together, and the function words before them."""

    words: tuple[str, ...]
    before: tuple[str, ...]
    possessive: bool = False  # it ends in 's: what follows is its attribute
    last: bool = False  # nothing but punctuation follows

    @property
    def text(self) -> str:
        return " ".join(self.words)


def _english(text: str) -> _Read:
    runs = _verbs_out(_runs(_PIECE.findall(text)))
    timed: list[Restriction] = []
    things: list[_Run] = []
    for run in runs:
        rest, restrictions = _without_times(run)
        timed += restrictions
        if rest.words and _WAY_BEFORE in rest.before[-1:] and len(rest.words) == 1 and rest.text.islower():
            timed.append(Restriction(rest.text, "way"))
        elif rest.words:
            things.append(rest)
    at = _attribute(things)
    attribute = things[at].text if at is not None else ""
    others = [run for n, run in enumerate(things) if n != at]
    return _Read(tuple(_subject(run.text) for run in others), attribute, tuple(timed))


def _runs(pieces: Sequence[str]) -> list[_Run]:
    """Runs of content words; leading words of a question ("name", "many", "kind") belong to none."""
    runs: list[_Run] = []
    content: list[str] = []
    before: list[str] = []

    def close(possessive: bool = False, last: bool = False) -> None:
        if content:
            runs.append(_Run(tuple(content), tuple(before), possessive, last))
            before.clear()
        content.clear()

    for at, piece in enumerate(pieces):
        word, begun = folded(piece), at > 0
        if not piece[0].isalnum():
            if not (piece == "." and content and _TITLE.fullmatch(content[-1])):
                close(last=piece == "?")
        elif (word in _FUNCTION or word in _AUXILIARY) and not (piece.isupper() and len(piece) > 1):
            close()
            before.append(word)
        elif not content and word in _LEADING and not piece[0].isupper():
            before.append(word)
        else:
            content.append(_POSSESSIVE.sub("", piece if begun or not _only_opens(piece) else word))
            if _POSSESSIVE.search(piece):
                close(possessive=True)
    close(last=True)
    return runs


def _only_opens(word: str) -> bool:
    """Whether its capital may only be that of a first word."""
    return word[0].isupper() and word[1:].islower()


def _verbs_out(runs: Sequence[_Run]) -> list[_Run]:
    """Of "did the North region *ship*", "does delivery by air *take*", "was it *audited*" and "who *leads* it" the verb
    is no part of a subject; nor is what stands between two names."""
    does = any(word in _DO for run in runs for word in run.before)
    kept: list[_Run] = []
    for run in runs:
        done = run
        if not run.words[0].isupper() and run.before[-1:] == ("who",) and run.words[0].islower():
            done = replace(run, words=run.words[1:])
        elif run.words[-1].isalpha() and run.words[-1].islower() and len(run.words) > 1 and _ends_in_verb(run, does):
            done = replace(run, words=run.words[:-1])
        kept += _between_names(done)
    return [run for run in kept if run.words]


def _ends_in_verb(run: _Run, does: bool) -> bool:
    asked = any(word in _AUXILIARY for word in run.before)
    if does and (run.last or any(word in _DO for word in run.before)):
        return True
    return asked and run.words[-1].endswith(("ed", "ing"))


def _between_names(run: _Run) -> list[_Run]:
    """`BSkyB remove Sky Italia` is two names."""
    capital = [word[0].isupper() for word in run.words]
    middle = next((at for at in range(1, len(capital) - 1) if not capital[at] and any(capital[:at])), None)
    if middle is None or not any(capital[middle:]):
        return [run]
    first, rest = run.words[:middle], run.words[middle + 1 :]
    return [replace(run, words=first, possessive=False), *_between_names(_Run(rest, (), run.possessive, run.last))]


def _without_times(run: _Run) -> tuple[_Run, list[Restriction]]:
    """Years, quarters, months and days taken out of a run; what is left of "Q2 2025 revenue" is "revenue"."""
    kept: list[str] = []
    found: list[Restriction] = []
    dated = any(folded(word) in _CALENDAR for word in run.words)
    for word in run.words:
        plain = folded(word)
        if _YEARLY.fullmatch(plain) or plain in _CALENDAR or (dated and _NUMBER.fullmatch(plain)):
            found.append(Restriction(word, "time", (plain,)))
        else:
            kept.append(word)
    if len(kept) == _AMOUNT and _NUMBER.fullmatch(folded(kept[0])) and kept[1].islower() and not run.possessive:
        return replace(run, words=()), [*found, Restriction(" ".join(kept), "amount")]
    if len(kept) == 1 and _NUMBER.fullmatch(folded(kept[0])):
        return _Run((), run.before), [*found, Restriction(kept[0], "amount", (folded(kept[0]),))]
    return _Run(tuple(kept), run.before, run.possessive, run.last), found


def _attribute(runs: Sequence[_Run]) -> int | None:
    """Which run is what is asked of the others: before "of", after 's, or right after the question word."""
    for at, run in enumerate(runs[:-1]):
        if run.possessive and not _is_named(runs[at + 1].text):
            return at + 1
    for at, run in enumerate(runs):
        if not any(word in _OPENS for word in run.before) or any(map(_is_exact, run.words)):
            continue
        asked = [word for word in run.before if word in _OPENS][-1]
        following = runs[at + 1].before if at + 1 < len(runs) else ()
        if asked == "how" or any(word in _OF for word in following[:1]):
            return at
        if asked in ("what", "which") and any(word in _AUXILIARY for word in following):
            return at
        return at if len(runs) == 1 and asked in ("what", "which") else None
    return None


def _subject(text: str) -> Subject:
    exact = tuple(dict.fromkeys(folded(word) for word in text.split() if _is_exact(word)))
    return Subject(text, _kind(text), exact)


def _kind(text: str) -> SubjectKind:
    if any(_CODE.fullmatch(word) and any(map(str.isdigit, word)) for word in text.split()):
        return "code"
    return "name" if _is_named(text) else "thing"


def _is_named(text: str) -> bool:
    return any(word[0].isupper() for word in text.split())


def _is_exact(word: str) -> bool:
    return word[0].isupper() or any(map(str.isdigit, word))


# ---------------------------------------------------------------- Chinese

_ZH_CUT = re.compile(
    r"请问|请|为什么|什么时候|什么样|什么|多少钱|多少|怎么样|怎么|怎样|如何|哪一个|哪一|哪些|哪个|哪里|哪种|哪位|哪年|哪|几点|几[个条种人次家项位名份台辆天月年]"
    r"|多[久长高大深远重]|谁|是否|有没有|一共|总共|分别|吗|呢|吧|了|是|有|在|被|把|对|从|由|于|和|与|及|[？?，,。！!；;、：:\s]"
)
_ZH_OF = re.compile(r"[的之]")
_ZH_TIME = re.compile(
    r"(?:19|20)\d\d\s?年?(?:第[一二三四1-4]季度|[上下]半年)?|第[一二三四1-4]季度|[上下]半年|\d{1,2}月(?:\d{1,2}[日号])?"
    r"|[一二三四五六七八九十]{1,2}月|星期[一二三四五六日天]|周[一二三四五六日]"
)
_ZH_LATIN = re.compile(rf"[^\W_{CJK}]+(?:[-./][^\W_{CJK}]+)*")


def _chinese(text: str) -> _Read:
    times = [
        Restriction(found.group().strip(), "time", (folded(found.group().strip()),))
        for found in _ZH_TIME.finditer(text)
    ]
    rest = _ZH_TIME.sub(" ", text)
    subjects: list[Subject] = []
    attribute = ""
    for clause in _ZH_CUT.split(rest):
        parts = [part.strip() for part in _ZH_OF.split(clause) if len(part.strip()) > 1]
        if len(parts) > 1 and not attribute:
            attribute = parts.pop()
        subjects += [_chinese_subject(part) for part in parts]
    if not attribute and len(subjects) > 1 and subjects[-1].kind == "thing":
        attribute = subjects.pop().text
    return _Read(tuple(subjects), attribute, tuple(times))


def _chinese_subject(text: str) -> Subject:
    exact = tuple(folded(word) for word in _ZH_LATIN.findall(text) if _is_exact(word))
    if any(any(map(str.isdigit, word)) for word in exact):
        return Subject(text, "code", exact)
    return Subject(text, "name" if exact else "thing", exact)
