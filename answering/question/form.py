"""A question without its wishes for the answer's form: no document holds "round to two decimals"."""

from __future__ import annotations

import re

# Where a sentence begins: after a mark, which people don't always follow with a space ("FY2021?Answer in millions").
# Possessive, and over a bounded text: whoever asks chooses what these patterns run on.
_SENTENCES = re.compile(r"(?<=[a-z0-9)\]%\"'’][.!])\s++(?=[A-Z(])|(?<=[?？。！；\n])\s*+")
_TELLS = re.compile(
    r"\W*+(?:(?:please|kindly|just|directly|then|and)\W*+)?(?:writ\w*|give|return|provide|list|output|enumerate|round|format"
    r"|express|answer|anwser|report|show|state|keep|for example|e\.\s?g|do not|don't|be)\b",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"\b(?:answers?|anwser|formats?|integers?|ints?|floats?|decimals?|strings?|lists?|thousands?|millions?|billions?|units?"
    r"|percent(?:age)?s?|order|yes|words?|sentences?|bullets?|bullet points|brief(?:ly)?|concise(?:ly)?|table|json"
    r"|markdown|example|steps?|detail|english|chinese|e\.\s?g)\b|\[\s*\"",
    re.IGNORECASE,
)
_ANSWER = re.compile(r"\W*+(?:please\s++)?(?:directly\s++)?(?:answer|anwser)\b", re.IGNORECASE)
# A Chinese clause, after the first, that orders a form and asks nothing
_CHINESE = re.compile(
    r"[，,。？！；\n]\s{0,20}+((?:请|并|结果|答案|要求)?(?:请|用|以|按|保留|四舍五入|精确到|简要|简短|详细)[^，,。？！；\n]{0,30})(?=[，,。？！；\n]|$)"
)
_CHINESE_FORM = re.compile("回答|作答|格式|列表|小数|整数|一句话|中文|英文|升序|降序|百分比|四舍五入")
_CHINESE_ASKS = re.compile("多少|什么|哪|几[个种项年]|吗|呢|谁|如何|为何|怎|是否")
_LONGEST = 4_000  # characters; a longer text is a pasted page


def without_form(question: str) -> str:
    """The question without its sentences on the answer's form; unchanged where nothing would remain."""
    if len(question) > _LONGEST:
        return question
    first, *rest = [sentence for sentence in _SENTENCES.split(question) if sentence.strip()] or [question]
    kept = [first, *(sentence for sentence in rest if not _is_form(sentence))]
    return _CHINESE.sub(_without_order, " ".join(sentence.strip() for sentence in kept)).strip() or question


def _without_order(clause: re.Match[str]) -> str:
    said = clause.group(1)
    if _CHINESE_FORM.search(said) and not _CHINESE_ASKS.search(said):
        return clause.group()[0] if clause.group()[0] in "？！。" else ""
    return clause.group()


def _is_form(sentence: str) -> bool:
    """Whether a sentence orders a form and asks nothing."""
    told = _TELLS.match(sentence)
    if told is None or sentence.rstrip().endswith(("?", "？")):
        return False
    return _FORM.search(sentence, told.end()) is not None or _ANSWER.match(sentence) is not None
