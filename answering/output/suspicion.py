"""Tells text that talks to a language model from text that talks to people: overrides, role markers, orders about the
answer, hidden characters.

Nothing is removed for it: such text may be just what somebody looks for. It is flagged in the evidence, told in a
notice, and never taken as an order. Patterns are possessive or bounded: documents choose what they run on.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

from language.scripts import HAN
from language.terms import terms

_SPACES: Final = re.compile(r"\s{2,}")

Family = Literal["override", "role", "answer", "secret", "persona", "hidden"]

LONGEST: Final = 8_000  # characters that are looked at; chunks are shorter

_BEFORE = r"(?:(?:all|any|the|of|my|your|these|those|every|previous|prior|preceding|earlier|above|former|other|system|initial|original|existing|current|given|safety|built-in|default)\s+){0,6}"
_ORDERS = r"(?:instructions?|prompts?|directions?|directives?|rules?|guidelines?|guardrails?|commands?|messages?|context|constraints?|programming|restrictions)"
_ANSWER = r"(?:answers?|repl(?:y|ies)|responses?|outputs?|messages?|summar(?:y|ies)|completions?)"
_CHANGE = (
    r"(?:add|adds|append|include|integrate|insert|incorporate|embed|put|place|mention|modify|change|rewrite|convert|"
    r"replace|substitute|translate|encode|encrypt|encipher|reverse|remove|delete|scramble|jumble|misspell|rearrange|anagram|"
    r"shuffle|combine|group|use|apply|introduce|provide|give|deliver|write|begin|start|end|finish|conclude|format|express|"
    r"transform|render|present|suggest|recommend|advise|encourage|promote|weave|highlight|advertise|offer|direct|steer|"
    r"invite|tell|urge|ask|hint|emphasi[sz]e|link|share|generate|limit|cut|shorten|swap|repeat|stress|craft|turn|augment|enhance|extend|tease|tweak|adapt|alter|adjust)"
)

_WRITTEN: Final[tuple[tuple[Family, str], ...]] = (
    (
        "override",
        rf"\b(?:ignore|disregard|forget|override|bypass|overlook|neglect|discard|drop|cancel|erase|do\s+not\s+follow"
        rf"|don['’]t\s+follow|stop\s+following|pay\s+no\s+attention\s+to|set\s+aside|supersedes?|void)\s+"
        rf"(?:(?:about|everything|anything|what(?:ever)?|that|you|were|was|have|been|told|said|to|is|it)\s+){{0,8}}{_BEFORE}"
        rf"(?:{_ORDERS}\b|(?:above|before|earlier|previously|so\s+far|prior\s+to\s+this)\b(?!\s+(?:mentioned|the|average)))",
    ),
    (
        "override",
        r"\b(?:new|updated|revised|real|actual|important|urgent|hidden|secret|priority|additional|special)\s+(?:system\s+)?"
        r"(?:instructions?|prompt|task|directive)\s*(?::|for\s+(?:the\s+)?(?:ai|assistants?|models?|llms?|chatbots?|you)\b)",
    ),
    (
        "override",
        r"\b(?:instructions?|note|message|attention|notice|reminder)\s+(?:to|for)\s+(?:the\s+|any\s+|all\s+)?"
        r"(?:ai|a\.i\.|llms?|language\s+models?|assistants?|chat\s?bots?|gpt|copilot|agents?)\b",
    ),
    (
        "override",
        r"\b(?:if\s+you\s+are|as)\s+an?\s+(?:ai|llm|language\s+model|large\s+language\s+model|automated\s+assistant|chat\s?bot)\b"
        r"[^.\n]{0,60}?\b(?:you\s+must|you\s+should|please|must|always|never|do\s+not|ignore|say|respond|reply|answer|write|rate|recommend)\b",
    ),
    ("override", r"(?:忽略|无视|忘记|忘掉|不要理会|不要遵守|不再遵守|跳过|撤销|覆盖)(?:之前|以上|上面|先前|前面|此前|所有|全部|你|您|系统|任何|其他|原有|的|到|收到|一切|这些|那些|上述|和){1,6}(?:指令|指示|提示词?|规则|要求|说明|命令|设定|限制|对话|内容|约束)"),
    ("override", r"新的?(?:系统)?(?:指令|指示|任务|提示词?)\s*[：:]|(?:给|致)(?:人工智能|AI|大?模型|助手|机器人)的?(?:指令|指示|说明|话|消息|备注|提示)"),
    ("override", r"(?:如果|若|假如)你是(?:一个?)?(?:人工智能|AI|语言模型|大模型|助手|机器人)|作为(?:一个?)?(?:人工智能|AI|语言模型|大模型)[^。\n]{0,20}(?:必须|应当|请|务必|不得|不要)"),
    ("role", r"<\s*[|｜]\s*\w+|<\s*/?\s*(?:system|assistant|user|human|instructions?|prompt)\s*>|\[\s*/?\s*INST\s*\]|<<\s*/?\s*SYS\s*>>|<(?:start|end)_of_turn>|</?s>"),
    ("role", r"^\s?(?:[#*>=_\[(`]{1,4}\s?)(?:system|assistant|human|developer)(?:\s+(?:message|prompt|override|note))?\s?(?:[#*\])`]{0,3})\s?[:：]"),
    ("role", r"^\s?(?:system|assistant|human|developer)(?:\s+(?:message|prompt|override|note))?\s?[:：]\s?(?:you|your|ignore|of\s+course|sure|certainly|yes|ok(?:ay)?|the\s+(?:user|assistant|rules)|all|answer|do|don['’]t|never|always|and|here|i['’ ]|print|reveal|please|from\s+now|new|now|act|use|write|respond|reply)\b"),
    ("role", r"^\s*(?:[#*>=\[(【]{0,4}\s*)(?:系统|助手|开发者)(?:消息|提示|指令|指示)?\s*[】\])]?\s*[：:]|【\s*系统[^】\n]{0,8}】"),
    ("role", r"^\s*#{2,}\s*(?:system|instructions?|new\s+instructions?|response|assistant|human|end\s+of\s+(?:context|document|sources?))\s*:?\s*$|\b(?:begin|end)\s+(?:of\s+)?(?:system|admin|developer)\s+(?:prompt|message|instructions?)\b|\bend\s+of\s+(?:the\s+)?(?:documents?|context|sources?)\b\W{0,5}(?:now|new|next|instructions?|begin)"),
    (
        "answer",
        rf"(?:^|[.!?:;,\"'”’(\n]\s?|\b(?:please|must|should|always|and|then|also|to)\s){_CHANGE}\b(?:[^.!?\n]|[.!?](?=\S)){{0,140}}?"
        rf"\b(?:in|of|to|into|from|with|within|throughout|at\s+the\s+(?:end|start|beginning)\s+of|on|for|as|by)?\s*(?:your|every|each|the\s+assistant['’]s|the\s+model['’]s)\s+(?:\w+\s+)?{_ANSWER}\b",
    ),
    ("answer", rf"\b(?:in|at\s+the\s+(?:end|start|beginning)\s+of|within|throughout|with)\s+your\s+(?:\w+\s+)?{_ANSWER}\b\s*,?\s*(?:please\s+)?{_CHANGE}\b"),
    ("answer", rf"\byour\s+(?:\w+\s+)?{_ANSWER}\s+(?:must|should|shall|needs?\s+to|has\s+to|is\s+to|will)\b|\b(?:reply|respond|answer)\s+(?:only\s+|always\s+|exclusively\s+)*(?:with|in|by|using)\b[^.!?\n]{{0,60}}?(?:\b(?:only|instead|exactly|nothing\s+else|no\s+matter)\b|[\"“'])"),
    ("answer", r"\b(?:do\s+not|don['’]t|never|refuse\s+to|stop)\s+(?:answer|cite|quote|mention|reveal|tell|summari[sz]e|use)(?:ing)?\b[^.!?\n]{0,40}?\b(?:the\s+(?:user|question|reader|sources?|documents?)|question|user|sources|this\s+(?:message|instruction|text|note))\b"),
    ("answer", r"(?:在|把|将)?(?:你的?|您的?)(?:回答|回复|答复|答案|输出|总结|摘要)(?:中|里|末尾|开头|结尾|的最后)?[^。！？\n]{0,16}?(?:加入|添加|加上|包含|插入|写上|提到|附上|推荐|必须|只能|务必|替换|翻译|改为|改成|使用)|(?:不要|别|禁止|拒绝|切勿)(?:回答|引用|提及|告诉|透露)(?:用户|问题|来源|这|该|本)"),
    (
        "secret",
        r"\b(?:reveal|print|show|output|repeat|display|leak|expose|disclose|send|give|tell|share|dump|copy)\b[^.!?\n]{0,40}?"
        r"\b(?:system\s+(?:prompt|message|instructions?)|(?:your|the|hidden|initial|above|full)\s+(?:system\s+|hidden\s+|initial\s+|full\s+|original\s+)*"
        r"(?:prompt|instructions)|api[\s_-]?keys?|conversation\s+history|chat\s+history|(?:user|customer)['’]?s?\s+(?:passwords?|credentials|data|messages))\b",
    ),
    ("secret", r"!\[[^\]\n]{0,80}\]\(\s*https?://[^)\s]{0,200}[?&][^)\s]{0,200}\)|\b(?:post|send|forward|upload|exfiltrate|transmit|e-?mail)\b[^.!?\n]{0,60}?\b(?:conversation|chat|answers?|context|documents?|history|question)\b[^.!?\n]{0,40}?(?:https?://|\b[\w.]+@[\w.]+)"),
    ("secret", r"(?:显示|输出|打印|重复|透露|泄露|告诉我|发送|说出)[^。！？\n]{0,12}?(?:系统提示词?|系统指令|提示词|密钥|对话(?:记录|历史)|聊天记录)"),
    ("persona", r"\byou\s+are\s+(?:now\s+(?:an?|in|dan|the|free|un\w+|acting|operating|called|my|allowed)|no\s+longer\s+(?:an?|the|bound|required)|from\s+now\s+on|henceforth)\b|\b(?:from\s+now\s+on|henceforth)\s*,?\s+you\s+(?:are|will|must|only|shall|act|answer|respond|speak)\b|\b(?:act|behave|respond|answer|speak|pretend|roleplay|role-play)\s+(?:as|like|to\s+be)\s+(?:if\s+you\s+(?:are|were|had)\s+)?(?:an?\s+)?(?:dan\b|unrestricted|unfiltered|uncensored|evil|jailbroken|different\s+(?:ai|assistant|model))"),
    ("persona", r"\b(?:enter|enable|activate|switch\s+to|turn\s+on|engage)\b[^.!?\n]{0,20}?\b(?:developer|dan|god|debug|jailbreak|unrestricted|admin|sudo|maintenance)\s+mode\b|\b(?:developer|dan|god|debug|jailbreak)\s+mode\s+(?:is\s+)?(?:enabled|activated|on)\b|\bdo\s+anything\s+now\b"),
    ("persona", r"(?:从现在(?:开始|起)|现在起|今后)[^。\n]{0,6}?你(?!们)|你现在是|你不再是|(?:进入|启用|切换到|打开)[^。\n]{0,6}?(?:开发者|越狱|调试|无限制|管理员)模式"),
    ("hidden", "[\U000e0020-\U000e007f]|[\u202a-\u202e\u2066-\u2069]|[\u200b\u2060-\u2064\ufeff]{3}|(?:[\u200b-\u200d\u2060]\\w?){6}"),
)  # fmt: skip


def _compiled(pattern: str) -> re.Pattern[str]:
    """Spaces were made single before: written as a run, they would be looked for from each place of a run."""
    single = pattern.replace(r"\s+", r"\s").replace(r"\s*", r"\s?")
    return re.compile(single, re.IGNORECASE | re.MULTILINE)


_PATTERNS: Final = [(family, _compiled(pattern)) for family, pattern in _WRITTEN]

# What a match must hold, so that most patterns need not be tried on ordinary text: that halves the time for
# a chunk of English. By the pattern's beginning; any one of the words, in lower case.
_NEEDED: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (r"\b(?:ignore|disregard", ("ignore", "disregard", "forget", "override", "bypass", "overlook", "neglect", "discard", "drop", "cancel", "erase", "follow", "attention", "aside", "supersede", "void")),
    (r"\b(?:new|updated", ("instruction", "prompt", "task", "directive")),
    (r"(?:^|[.!?:;,", ("answer", "repl", "respon", "output", "message", "summar", "completion")),
    (r"\b(?:in|at", ("answer", "repl", "respon", "output", "message", "summar", "completion")),
    (r"\byour", ("answer", "repl", "respon", "output", "message", "summar", "completion")),
    (r"\b(?:reveal", ("prompt", "instruction", "message", "api", "history", "password", "credential", "data")),
    (r"!\[", ("![", "post", "send", "forward", "upload", "exfiltrate", "transmit", "mail")),
    (r"\b(?:enter|enable", ("mode", "now")),
)  # fmt: skip


def _needed(family: Family, pattern: str) -> tuple[str, ...] | None:
    """None: any character outside ASCII, as Chinese and hidden characters are."""
    for beginning, words in _NEEDED:
        if pattern.startswith(beginning):
            return words
    return None if family == "hidden" or _CHINESE.search(pattern) else ()


_CHINESE: Final = re.compile(f"[{HAN}]")
_TRIED: Final = [(family, pattern, _needed(family, pattern.pattern)) for family, pattern in _PATTERNS]


@lru_cache(maxsize=2048)  # the same chunks are shown again and again
def suspicions(text: str) -> tuple[Family, ...]:
    """The families of attack that a text looks like; empty for ordinary text."""
    seen = _SPACES.sub(lambda run: "\n" if "\n" in run.group() else " ", text[:LONGEST])
    words, plain = seen.casefold(), seen.isascii()
    found = (family for family, pattern, needed in _TRIED if _may_hold(words, plain, needed) and pattern.search(seen))
    return tuple(dict.fromkeys(found))


def _may_hold(words: str, plain: bool, needed: tuple[str, ...] | None) -> bool:
    return not plain if needed is None else not needed or any(word in words for word in needed)


def planted(question: str, span: str) -> bool:
    """Whether a span talks to the model and shares no term with the question."""
    return bool(suspicions(span)) and not set(terms(question)) & set(terms(span))
