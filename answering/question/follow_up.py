"""Follow-ups without a language model: whether a question leans on the conversation, and what it takes from it.

A question leans when it has a pronoun that nothing in it stands for ("When was it founded?"), or leaves out what was
asked before ("And in 2019?", "那柴油呢？"). What it leans on is the last question, itself made standalone. Terms of one
slot replace each other: a new year the old year, a new name the old name. A question that is complete takes nothing,
so that a change of topic is not polluted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from domain.question import Leaning
from language.scripts import is_chinese
from language.terms import STOP_WORDS, terms
from language.wordlists import words

MOST_TURNS = 6  # the user's messages that are looked at, newest last
LONGEST = 400  # characters of a follow-up, and of the question that it continues
LAST_WORDS = 300  # characters that are looked at of a longer message: with a follow-up they are no more than LONGEST
LONGEST_ANSWER = 2_000  # characters of the last answer, whose first names count
FEW = 2  # content words: an English question with no more leaves something out
FEW_CHARACTERS = 7

# ---------------------------------------------------------------- English

_BEGINS = re.compile(
    r"\s*(?:(?:and|but|or|so|then|also|ok(?:ay)?|now)[\s,]+(?:then\s+)?)*"
    r"(?P<rest>(?:(?:what|how)\s+about|(?:the\s+)?same\s+(?:question\s+)?(?:for|in|with|but)|what\s+if\s+it)\b.*|.*)",
    re.IGNORECASE | re.DOTALL,
)
_JOINED_ON = re.compile(r"\s*(?:and|but|or|so|then|also)\b(?!\s+(?:this|that)\s+is)", re.IGNORECASE)
_ABOUT = re.compile(
    r"(?<!\s)\s*+(?:(?:and|but|so|then|or)[\s,]++)?(?:(?:what|how)\s++about|(?:the\s++)?same\s++(?:for|in|with|but))\b"
)
_PRONOUN = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|him|his|she|her|hers|there|the\s+(?:former|latter|other\s+one|same(?=\s*[?.!]|$)|"
    r"(?:first|second|third|last|next|previous|other)\s+one)|(?:this|that|these|those)(?:\s+ones?\b|(?=\s*[?.,!])|"
    r"(?=\s+(?:is|was|are|were|be|mean|happen|work|cost|change|compare)\b)))(?!\w)",
    re.IGNORECASE,
)
_EXPLETIVE = re.compile(
    r"\b(?:is|was|are|were|will|would|isn't|wasn't)\s+(?:there|it)\s+(?:a|an|any|no|more|true|possible|necessary|allowed|"
    r"important|required|likely|clear|forbidden|permitted)\b|\bthere\s+(?:is|are|was|were|be|been|will|has|have)\b"
    r"|\b(?:are|is|was|were|be)\s+there\b|\bit\s+(?:(?:takes?|costs?)\s+to|rains?|is\s+(?:possible|necessary|said|true))\b"
    r"|\b(?:does|did|do|will|would)\s+it\s+(?:take|cost|mean|matter|rain|snow)\b(?=\s+(?:to|if|when|that)\b)"
    r"|\b(?:this|that|these|those)\s+(?!one)(?:\w+)|\bthat\b(?=\s+\w+(?:ed|s|es)?\b)|\b(?:so|than|says?|said|know|given)\s+that\b",
    re.IGNORECASE,
)
_POINTING = re.compile(
    r"\b(?:this|that|these|those)\s+(?:year|month|day|quarter|time|case|place|number|figure|amount|person|company|"
    r"country|island|year's|group|method|model|one|ones|product|boat|week|name|value|percentage|change)s?\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-Z0-9][\w’'&+-]*(?:(?:\s+(?:of|and|the|de|&)\s+|\s+|\s*/\s*)[A-Z0-9][\w’'&+-]*)*")
_QUOTED = re.compile(r"[\"“‘「《]([^\"”’」》]{2,80})[\"”’」》]")
_WHOLE = re.compile(
    r"^\W*(?:what|who|whom|whose|which|when|where|why|how)(?:'s)?\b(?P<rest>.*)", re.IGNORECASE | re.DOTALL
)
_STATEMENT = re.compile(r"\b(?:this|that)\s*[?.!]*$", re.IGNORECASE)
_DEFINES = re.compile(r"\W*(?:what|who)(?:\s+(?:is|are|was|were)|'s)\b", re.IGNORECASE)
_ASKING = frozenset(
    """what who whom whose which when where why how much many long far often old is are was were do does did can could
    and but or so then also about same one ones please tell me give list according page report document paper
    question answer""".split()  # noqa: SIM905
)

# ---------------------------------------------------------------- slots, whose new value replaces the old

_SLOTS = (
    re.compile(r"\b(?:19|20)\d\d(?:\s*[-–/]\s*(?:(?:19|20)?\d\d))?\b|(?:19|20)\d\d\s*年"),
    re.compile(r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
               r"|(?<!\d)(?:1[0-2]|[1-9])月|(?<![一二三四五六七八九十])[一二三四五六七八九十]++月"),
    re.compile(r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?\b|(?:星期|周)[一二三四五六日天]"),
    re.compile(r"\b(?:first|second|third|fourth|fifth|last)\b|\bQ[1-4]\b|第[一二三四五六七八九十\d]+", re.IGNORECASE),
    re.compile(
        r"\b(?:page|slide|figure|table|week|chapter|section|step|appendix)\s++\w++|(?:第|(?<!\d))\d++[页章节周]",
        re.IGNORECASE,
    ),
)  # fmt: skip
_JOINING = STOP_WORDS | frozenset(words("joining_words.en.txt"))  # "in 3 stores", "in 2025": no things with numbers
_NUMBERED = re.compile(r"(?<!\w)([^\W\d_]{2,30}) (\d{1,9})(?!\w)")  # "tower 12" gives way to "tower 13"

# ---------------------------------------------------------------- Chinese

_ZH_PRONOUN = re.compile(
    r"[它牠祂]们?|[他她]们?(?!人)|这[个些种份里儿次年月天]?(?=[的是有在会能要叫为，,？?]|$)|那[个些种份里儿次年月天](?=[的是有在会能要叫为，,？?]|$)"
    r"|(?<![尤与极])其(?![中他它余实次])|该(?=公司|文件|报告|人|船|岛|项目|产品|方法|模型|机构|地|年)|此(?=人|公司|外)|上述|前者|后者|同样"
)
_ZH_BEGINS = re.compile(r"^(?:那么?|还有|然后|而|另外|再|以及|并且)[，,\s]*")
_ZH_ENDS = re.compile(r"呢[？?。!！\s]*$")
_ZH_ASKS = re.compile(
    r"为什么|什么时候|什么|多少|怎么样|怎么|怎样|如何|哪一?[年个些里位种天月]|哪|几|多[久长高大深远重]|谁|请问|是否|一共|总共|吗|呢|吧|啊|的|了|是|有|在|[？?，,。！!\s]"
)
_ZH_SUBJECT_ENDS = re.compile(
    r"是|叫|有|在(?!线)|由|什么|怎|为什么|多少|多[久长高大深远重]|哪|几|每|一共|总共|最多|最少|会|能|可以|应该|需要|要"
)
_ZH_OF = re.compile(r"^(?P<head>[^的，,？?\s]{1,8})的")


def leans_on(question: str) -> Leaning:
    """How a question leans on the conversation before it; empty when it stands alone."""
    text = question.strip()
    if not text or len(text) > LONGEST:
        return ""
    return _leans_zh(text) if is_chinese(text) else _leans_en(text)


def standalone(question: str, earlier: Sequence[str], answered: str = "") -> str:
    """The question with what it takes from the user's earlier ones (oldest first), and from the last answer."""
    asked = ""
    for one in earlier[-MOST_TURNS:]:
        asked = _taken(_end_of(one), asked, "")
    return _taken(question.strip(), asked, answered[:LONGEST_ANSWER])


def _end_of(message: str) -> str:
    """Of a message with a pasted page in it, its last words: the question mostly stands there."""
    text = message.strip()
    if len(text) <= LONGEST:
        return text
    _, space, whole_words = text[-LAST_WORDS:].partition(" ")
    return whole_words.strip() if space else text[-LAST_WORDS:]


def _taken(question: str, asked: str, answered: str) -> str:
    how = leans_on(question)
    if not how or not asked:
        return question
    chinese = is_chinese(question)
    if how == "ellipsis":
        return _continued_zh(question, asked) if chinese else _continued(question, asked)
    topic = _subject_zh(asked) if is_chinese(asked) else _topic(asked, question)
    if _STATEMENT.search(question):  # "Who wrote that?": all that was said
        topic = " ".join(_content(asked))
    if re.search(r"\b(?:he|she|him|her|his|hers)\b|[他她]", question, re.IGNORECASE) and answered:
        topic = f"{topic} {' '.join(_names(answered)[:2])}"
    if chinese and (pointed := _ZH_PRONOUN.search(question)) and is_chinese(asked):
        after = question[pointed.end() :]
        return f"{question[: pointed.start()]}{topic}{after}"
    return f"{_without_pronouns(question).rstrip(' ?？')} {topic}".strip()


# ---------------------------------------------------------------- English


def _leans_en(text: str) -> Leaning:
    if _ABOUT.match(text.lower()):
        return "ellipsis"
    content = _content(text)
    if _JOINED_ON.match(text) and len(content) <= 3 * FEW:
        return "pronoun" if _free_pronoun(text) else "ellipsis"
    if _free_pronoun(text) or _JOINED_ON.match(text):
        return "pronoun"
    asks, short = _WHOLE.match(text) is not None, len(text.split()) <= FEW + 1
    if asks and (not content or (len(content) < FEW and short and not _DEFINES.match(text))):
        return "ellipsis" if not _names(text) else ""
    return "ellipsis" if not asks and text.endswith("?") and short and len(content) <= FEW else ""


def _free_pronoun(text: str) -> bool:
    """Whether there is a pronoun, and nothing before it in the question that it could stand for."""
    if pointing := _POINTING.search(text):
        return not _slots_in(text[: pointing.start()])
    spoken = _EXPLETIVE.sub(lambda found: "·" * len(found.group()), text)
    found = _PRONOUN.search(spoken)
    if found is None:
        return False
    before = text[: found.start()]
    if re.search(r"\b(?:for|of|about|by|with|from|on)\s+$", before) and found.group().lower() in ("it", "them"):
        return True
    possessive = found.group().lower() in ("its", "their", "his", "her", "theirs", "hers")
    stands_for = re.search(r"\b(?:the|a|an|each|every|this|our|your)\s+\w{3,}", before, re.IGNORECASE) or _names(before)
    return not (stands_for and (possessive or found.start() > 12))


def _content(text: str) -> list[str]:
    words = re.findall(r"[\w’'-]+", text)
    return [word for word in words if word.lower() not in STOP_WORDS and word.lower() not in _ASKING]


def _names(text: str) -> list[str]:
    """Quoted titles, and capitalised words that don't merely begin the sentence."""
    found = _QUOTED.findall(text)
    bare = _QUOTED.sub(" ", text)
    for match in _NAME.finditer(bare):
        name, begins = match.group(), _begins(bare, match.start())
        words = name.split()
        if begins and (len(words) == 1 or words[0].lower() in STOP_WORDS | _ASKING):
            words = words[1:]
        name = " ".join(words)
        if name and name.lower() not in _ASKING | {"i"} and not re.fullmatch(r"[\d.,%]+", name):
            found.append(name)
    return found


def _begins(text: str, at: int) -> bool:
    """Whether a sentence begins there."""
    before = at - 1
    while before >= 0 and text[before].isspace():
        before -= 1
    return at == 0 or (before >= 0 and text[before] in ".?!:")


def _topic(asked: str, question: str) -> str:
    """The topic of a question: its names, else what stands after `of`, else all of its content words."""
    if names := _names(asked):
        return " ".join(dict.fromkeys(names))
    _, of, after = asked.partition(" of ")
    about = _content(after) if of else []
    about = about or _content(asked)
    known = set(terms(question))
    return " ".join(word for word in about if not set(terms(word)) <= known)


def _continued(question: str, asked: str) -> str:
    """The previous question with the new values in the place of the old ones."""
    new = _ABOUT.sub("", _BEGINS.sub(lambda found: found.group("rest"), question.strip(), count=1).lower(), count=1)
    new = question.strip()[len(question.strip()) - len(new) :].strip(" ,")
    kept, put = _slots(asked, new)
    names = [name for name in _names(f"x {new}") if name not in asked]
    old = [name for name in _names(asked) if not _slots_in(name) and not re.search(r"\d", name)]
    if names and old and not put and len(_content(new)) <= len(names[0].split()):  # a name alone
        kept = kept.replace(old[-1], names[0])
    there = set(re.findall(r"[\w’'&%-]+", kept.lower())) | STOP_WORDS
    wanted = " ".join(word for word in re.findall(r"[\w’'&%-]+", new) if word.lower() not in there)
    if re.match(r"(?:why|how|when|where|who)\b", new, re.IGNORECASE):
        wanted = f"{new.split()[0].rstrip('?')} {wanted}"
    return " ".join(f"{kept.rstrip(' ?？.')} {wanted}".split())[:LONGEST]


def _slots(asked: str, new: str) -> tuple[str, bool]:
    """The previous question with the slots filled that the new one names, and whether there were any."""
    put = False
    for slot in _SLOTS:
        value = slot.search(new)
        if value is not None and slot.search(asked):
            asked = slot.sub(value.group(), asked)
            put = True
    numbers = {one[1].lower(): one[2] for one in _NUMBERED.finditer(new) if one[1].lower() not in _JOINING}
    renumbered = _NUMBERED.sub(lambda old: f"{old[1]} {numbers.get(old[1].lower(), old[2])}", asked)
    return renumbered, put or renumbered != asked


def _slots_in(text: str) -> bool:
    return any(slot.search(text) for slot in _SLOTS)


def _without_pronouns(question: str) -> str:
    text = _BEGINS.sub(lambda found: found.group("rest"), question, count=1)
    return " ".join(re.sub(r"\b(?:it|its|they|them|their|he|him|his|she|her|hers)\b", " ", text, flags=re.I).split())


# ---------------------------------------------------------------- Chinese


def _leans_zh(text: str) -> Leaning:
    if _ZH_ENDS.search(text) and len(text) <= 2 * FEW_CHARACTERS and not _ZH_ASKS.sub("", text)[8:]:
        return "pronoun" if _ZH_PRONOUN.search(text) and len(_ZH_ASKS.sub("", text)) > 4 else "ellipsis"
    found = _ZH_PRONOUN.search(text)
    if found is not None and len(_ZH_ASKS.sub("", text[: found.start()])) < 3:
        return "pronoun"
    if _ZH_BEGINS.match(text) and len(text) <= 2 * FEW_CHARACTERS:
        return "ellipsis"
    said = _ZH_ASKS.sub("", text)
    return "ellipsis" if len(said) <= 1 and len(text) <= FEW_CHARACTERS else ""


def _subject_zh(asked: str) -> str:
    found = _ZH_SUBJECT_ENDS.search(asked)
    subject = asked[: found.start()] if found else asked
    return subject.strip("？?，, 。") if len(subject) >= 2 else _ZH_ASKS.sub("", asked)


def _continued_zh(question: str, asked: str) -> str:
    new = _ZH_ENDS.sub("", _ZH_BEGINS.sub("", question.strip())).strip("？?，, ")
    new = re.sub(_ZH_PRONOUN, "", new) or ""
    kept, put = _slots(asked, new)
    kept = kept.rstrip("？?。 ")
    head = _ZH_OF.match(kept)
    if put and len(_ZH_ASKS.sub("", new)) <= 6:
        return kept
    if head is not None and 1 <= len(new) <= 8 and not _ZH_ASKS.search(new):
        return f"{new}{kept[head.end('head') :]}"
    if re.fullmatch(r"为什么|怎么|怎样|什么时候|谁|在?哪里?|多少|几[个次]?", new):
        return f"{_subject_zh(asked)} {kept} {new}"
    return f"{kept} {new}".strip()
