"""Claims that are known to be true or false, made by rules from real sentences: what the checking is measured on."""

from __future__ import annotations

import json
import random
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdfium2

from language.scripts import CJK_LETTERS
from language.sentences import sentences

TRUE, FALSE = True, False
WORDS = 180  # of a page's text in one passage
MOST_A_PASSAGE = 2  # sentences taken from one
MOST_PASSAGES_A_DOCUMENT = 12
_CJK = re.compile(f"[{CJK_LETTERS}]")
_WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")


@dataclass(frozen=True, slots=True)
class Passage:
    document: str  # the unit that is split into halves; both languages of a text share it
    text: str
    statements: tuple[tuple[str, str], ...] = ()  # (how it was made, a true statement that is no sentence of the text)

    @property
    def language(self) -> str:
        return "zh" if _CJK.search(self.text) else "en"


@dataclass(frozen=True, slots=True)
class ClaimItem:
    kind: str  # sentence, a paraphrase's rule, or what was changed
    claim: str
    cited: str
    true: bool
    language: str
    document: str
    has: frozenset[str]  # which of number, name, date, unit the claim has


def items(folder: Path) -> list[ClaimItem]:
    """The same folder gives the same items."""
    passages = passages_of(folder)
    by_document: dict[str, list[Passage]] = {}
    for passage in passages:
        by_document.setdefault(f"{passage.document} {passage.language}", []).append(passage)
    halves = {half: [passage for passage in passages if half_of(passage.document) == half] for half in (0, 1)}
    names = {language: _names_of(passages, language) for language in ("en", "zh")}
    found: list[ClaimItem] = []
    for fellows in by_document.values():
        chance = random.Random(zlib.crc32(fellows[0].document.encode()))
        for passage in chance.sample(fellows, min(len(fellows), MOST_PASSAGES_A_DOCUMENT)):
            others = fellows if len(fellows) > 1 else halves[half_of(passage.document)]
            found += _items_of(passage, others, names[passage.language], chance)
    return found


def half_of(document: str) -> int:
    """0: to tune on, 1: to report on."""
    return zlib.crc32(document.encode()) % 2


# ---------------------------------------------------------------- passages of the three sorts of folder


def passages_of(folder: Path) -> list[Passage]:
    if (folder / "passages.jsonl").is_file():
        return list(_parallel(folder))
    if (folder / "contexts.jsonl").is_file():
        return list(_tables(folder))
    inner = folder / "documents" if (folder / "documents").is_dir() else folder
    return [passage for path in sorted(inner.glob("*.pdf")) for passage in _pages(path)]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _parallel(folder: Path) -> Iterator[Passage]:
    asked: dict[str, list[tuple[str, str]]] = {}
    for one in _lines(folder / "questions.jsonl"):
        if statement := statement_of(one["question"], str(one["answer"])):
            asked.setdefault(one["passage"], []).append(("answer as a statement", statement))
    for one in _lines(folder / "passages.jsonl"):
        yield Passage(one["id"].split("-")[1], one["text"], tuple(asked.get(one["id"], ())))


def _tables(folder: Path) -> Iterator[Passage]:
    for one in _lines(folder / "contexts.jsonl"):
        rows = one["table"]
        text = "\n\n".join((*one["paragraphs"], markdown(rows)))
        yield Passage(one["id"], text, tuple(_cells(rows)))


def markdown(rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(cell.replace("|", "\\|").strip() for cell in row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])


def _cells(rows: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    header = next((row for row in rows[:3] if sum(bool(re.search(r"\b20\d\d\b", cell)) for cell in row) >= 2), None)
    if header is None:
        return
    for row in rows:
        for year, cell in zip(header[1:], row[1:], strict=False):
            amount = re.sub(r"\s+", "", cell)
            if row[0] and re.search(r"\b20\d\d\b", year) and re.fullmatch(r"\$?\d[\d,.]*%?", amount):
                yield "cell as a statement", f"In {year.strip()}, {row[0].strip(' :')} was {amount}."
                break


def _pages(path: Path) -> Iterator[Passage]:
    document = pypdfium2.PdfDocument(path)
    try:
        for page in document:
            words = page.get_textpage().get_text_bounded().replace("\ufffe", "").split()
            for at in range(0, len(words), WORDS):
                if len(words[at : at + WORDS]) >= WORDS // 3:
                    yield Passage(path.name, " ".join(words[at : at + WORDS]))
    finally:
        document.close()


# ---------------------------------------------------------------- items of one passage


def _items_of(
    passage: Passage, fellows: Sequence[Passage], names: Sequence[str], chance: random.Random
) -> list[ClaimItem]:
    found: list[ClaimItem] = []

    def add(kind: str, claim: str, true: bool, cited: str = passage.text) -> None:
        found.append(
            ClaimItem(kind, claim, cited, true, passage.language, passage.document, frozenset(_sorts_in(claim)))
        )

    good = [sentence for sentence in sentences(passage.text) if _is_good(sentence)]
    for sentence in chance.sample(good, min(MOST_A_PASSAGE, len(good))):
        add("sentence", sentence, TRUE)
        said = [sentence]
        for kind, rule in PARAPHRASES[passage.language].items():
            if (claim := rule(sentence, chance)) and claim != sentence:
                add(kind, claim, TRUE)
                said.append(claim)
        _add_false(chance.choice(said), passage, fellows, names, chance, add)
    for kind, statement in chance.sample(passage.statements, min(MOST_A_PASSAGE, len(passage.statements))):
        add(kind, statement, TRUE)
        _add_false(statement, passage, fellows, names, chance, add)
    return found


def _add_false(
    true: str,
    passage: Passage,
    fellows: Sequence[Passage],
    names: Sequence[str],
    chance: random.Random,
    add: Callable[..., None],
) -> None:
    changes = CHANGES[passage.language]
    for kind, change in changes.items():
        claim = change(true, passage.text, names, chance)
        if claim and claim != true and claim not in passage.text:
            add(kind, claim, FALSE)
    others = [one.text for one in fellows if one.text != passage.text and not _tells(one.text, true)]
    if others:
        add("other page", true, FALSE, chance.choice(others))


def _tells(text: str, sentence: str) -> bool:
    return sentence[: len(sentence) // 2] in text


def _is_good(sentence: str) -> bool:
    if _CJK.search(sentence):
        return 12 <= len(sentence) <= 110 and sentence.endswith(("。", "！"))
    words = sentence.split()
    lower = sum(word.islower() for word in words)
    return 8 <= len(words) <= 45 and sentence[0].isupper() and sentence.endswith(".") and lower > len(words) / 2


def _sorts_in(claim: str) -> Iterator[str]:
    if _NUMBERS.search(_without_dates(claim)):
        yield "number"
    if _DATE.search(claim):
        yield "date"
    if any(pattern.search(claim) for pattern, _ in _UNIT_CHANGES):
        yield "unit"
    if _names_in(claim):
        yield "name"


# ---------------------------------------------------------------- what is changed

_NUMBERS = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|(?<![A-Za-z\d.,])\d+(?:\.\d+)?(?![\d]|,\d|\.\d)")
_MONTHS = "January February March April May June July August September October November December".split()
_MONTH = "|".join(_MONTHS)
_DATE = re.compile(
    rf"\b(?P<d1>\d{{1,2}}) (?P<m1>{_MONTH})\b(?: (?P<y1>\d{{4}}))?|\b(?P<m2>{_MONTH}) (?P<d2>\d{{1,2}})(?!\d)(?:, (?P<y2>\d{{4}}))?"
    rf"|\b(?P<m3>{_MONTH}),? (?P<y3>\d{{4}})|\b(?P<y4>(?:1[6-9]|20)\d\d)\b(?! ?(?:%|million|people))"
    r"|(?P<y5>\d{4})\s?年(?:\s?(?P<m5>\d{1,2})\s?月)?(?:\s?(?P<d5>\d{1,2})\s?日)?|(?P<m6>\d{1,2})\s?月\s?(?P<d6>\d{1,2})\s?日"
)


def _without_dates(text: str) -> str:
    return _DATE.sub(lambda match: "#" * len(match.group()), text)


def other_number(claim: str, text: str, names: Sequence[str], chance: random.Random) -> str:
    """One number becomes another: a digit changes, two digits change places, or a number from elsewhere in the text."""
    places = list(_NUMBERS.finditer(_without_dates(claim)))
    if not places:
        return ""
    place = chance.choice(places)
    old = place.group()
    elsewhere = [one for one in set(_NUMBERS.findall(_without_dates(text))) if _plain(one) != _plain(old)]
    new = chance.choice(sorted(elsewhere)) if elsewhere and chance.random() < 0.34 else _mistyped(old, chance)
    return claim[: place.start()] + new + claim[place.end() :]


def _mistyped(number: str, chance: random.Random) -> str:
    at = [i for i, letter in enumerate(number) if letter.isdigit()]
    if len(at) >= 2 and chance.random() < 0.3 and number[at[0]] != number[at[1]] and number[at[1]] != "0":
        letters = list(number)
        letters[at[0]], letters[at[1]] = letters[at[1]], letters[at[0]]
        return "".join(letters)
    i = chance.choice(at)
    digits = [digit for digit in "123456789" if digit != number[i]]
    return number[:i] + chance.choice(digits) + number[i + 1 :]


def _plain(number: str) -> float:
    return float(number.replace(",", ""))


_UNIT_CHANGES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"(?<=\d )million\b", "billion"), (r"(?<=\d )billion\b", "million"), (r"(?<=\d )thousand\b", "million"),
        (r"(?<=\d)%|(?<=\d) percent\b|(?<=\d) per cent\b", " million"), (r"\$(?=\d)", "€"), (r"£(?=\d)", "$"),
        (r"€(?=\d)", "$"), (r"(?<=\d )miles\b", "kilometres"), (r"(?<=\d )km\b", "miles"),
        (r"(?<=\d )kilomet(?:re|er)s\b", "miles"), (r"(?<=\d )met(?:re|er)s\b", "feet"), (r"(?<=\d )feet\b", "metres"),
        (r"(?<=\d )years\b", "months"), (r"(?<=\d )months\b", "years"), (r"(?<=\d )days\b", "weeks"),
        (r"(?<=\d )weeks\b", "days"), (r"(?<=\d )hours\b", "days"), (r"(?<=\d )minutes\b", "hours"),
        (r"(?<=\d )kg\b", "tonnes"), (r"(?<=\d )tonnes?\b|(?<=\d )tons\b", "kg"), (r"(?<=\d )acres\b", "hectares"),
        (r"(?<=\d)\s?万(?!亿)", "亿"), (r"(?<=\d)\s?亿", "万"), (r"(?<=\d)\s?美元", "欧元"), (r"(?<=\d)\s?欧元", "美元"),
        (r"(?<=\d)\s?[%％]", "万"), (r"(?<=\d)\s?公里", "英里"), (r"(?<=\d)\s?英里", "公里"), (r"(?<=\d)\s?米", "公里"),
        (r"(?<=\d)\s?英尺", "米"), (r"(?<=\d)\s?分钟", "小时"), (r"(?<=\d)\s?小时", "天"), (r"(?<=\d)\s?天", "周"),
        (r"(?<=\d)\s?个月", "天"), (r"(?<=\d)\s?吨", "公斤"), (r"(?<=\d)\s?平方公里", "平方英里"),
        (r"(?<=\d)\s?平方英里", "平方公里"),
    )
)  # fmt: skip


def other_unit(claim: str, text: str, names: Sequence[str], chance: random.Random) -> str:
    chinese = bool(_CJK.search(claim))
    fitting = [
        (pattern, instead)
        for pattern, instead in _UNIT_CHANGES
        if pattern.search(claim) and bool(_CJK.search(pattern.pattern + instead)) == chinese
    ]
    if not fitting:
        return ""
    pattern, instead = chance.choice(fitting)
    return pattern.sub(instead, claim, count=1)


def other_date(claim: str, text: str, names: Sequence[str], chance: random.Random) -> str:
    """Another year, month or day."""
    places = list(_DATE.finditer(claim))
    if not places:
        return ""
    place = chance.choice(places)
    parts = [(name, value) for name, value in place.groupdict().items() if value]
    name, value = chance.choice(parts)
    if value in _MONTHS:
        new = chance.choice([month for month in _MONTHS if month != value])
    elif name[0] == "y":
        new = str(int(value) + chance.choice((-10, -4, -3, -2, -1, 1, 2, 3, 4, 10)))
    else:
        most = 12 if name[0] == "m" else 28
        new = str(chance.choice([number for number in range(1, most + 1) if number != int(value)]))
    return claim[: place.start(name)] + new + claim[place.end(name) :]


_NAME = re.compile(r"(?<=[a-z,;] )(?!(?:I|The|A|In)\b)[A-Z][a-zà-ÿ]+(?:[ -][A-Z][a-zà-ÿ]+)*(?![\w’'])")
_HAN_NAME = re.compile(
    r"[\u4e00-\u9fff]{2,4}·[\u4e00-\u9fff]{2,5}|(?:美|英|法|德|中|泰|韩|俄罗斯|意大利|西班牙)国|波兰|日本|印度|伦敦|巴黎|纽约|华沙|加州|北京|上海|洛杉矶"
    r"|旧金山|欧洲|亚洲|非洲|(?<![A-Za-z])[A-Z][A-Za-z]{2,}(?![A-Za-z])"
)
_HAN_PLACES = (
    "美国 英国 法国 德国 中国 波兰 日本 印度 伦敦 巴黎 纽约 华沙 加州 北京 上海 洛杉矶 旧金山 欧洲 亚洲 非洲".split()
)


def _names_in(claim: str) -> list[re.Match[str]]:
    pattern = _HAN_NAME if _CJK.search(claim) else _NAME
    return [
        match for match in pattern.finditer(claim) if match.group() not in _MONTHS and not _DAY.match(match.group())
    ]


_DAY = re.compile(rf"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day$|(?:{_MONTH})")


def _names_of(passages: Iterable[Passage], language: str) -> list[str]:
    texts = [passage.text for passage in passages if passage.language == language]
    return sorted({match.group() for text in texts for sentence in sentences(text) for match in _names_in(sentence)})


def other_name(claim: str, text: str, names: Sequence[str], chance: random.Random) -> str:
    """A name becomes another of the same kind; in a third of the cases one of this text, if there is one."""
    places = _names_in(claim)
    if not places:
        return ""
    place = chance.choice(places)
    old = place.group()
    others = [name for name in names if _alike(name, old) and not set(name.split()) & set(old.split())]
    here = [name for name in others if name in text and name not in claim]
    absent = [name for name in others if name not in text]
    pool = here if here and chance.random() < 0.34 else absent
    return claim[: place.start()] + chance.choice(pool) + claim[place.end() :] if pool else ""


def _alike(name: str, old: str) -> bool:
    if _CJK.search(old):
        return (
            ("·" in name) == ("·" in old) and (name in _HAN_PLACES) == (old in _HAN_PLACES) and bool(_CJK.search(name))
        )
    return len(name.split()) == len(old.split())


_AUXILIARY = re.compile(r"\b(?:is|are|was|were|has|have|had|will|would|can|could|should|must|may|might)\b(?! not)")
_NOT = re.compile(
    r"\b(?:is|are|was|were|has|have|had|will|would|can|could|should|must|may|might|do|does|did)\b( not)\b|(?<=can)not\b"
)
_HAN_IS = re.compile(
    r"(?<!不)(?<!没)(?:是(?!否|不是)|能够|可以|会(?!议|员|长|上|见|计)|应该|允许|属于|包括|获得|导致|支持|认为|拥有|成为|使用|需要|进行)"
)
_HAN_HAS = re.compile(r"(?<!没)有(?!关|限|效|机|着|的|些|时|助|人)")
_HAN_NOT = re.compile(r"不(?=会|能|是|可以|需要|允许|应)|没有|并未|未能")


def negated(claim: str, text: str, names: Sequence[str], chance: random.Random) -> str:
    """`not` added, or taken away."""
    if _CJK.search(claim):
        if denied := _HAN_NOT.search(claim):
            return claim[: denied.start()] + ("有" if denied.group() == "没有" else "") + claim[denied.end() :]
        if affirmed := _HAN_IS.search(claim):
            return (
                claim[: affirmed.start()]
                + ("没有" if affirmed.group() in _HAN_DID else "不")
                + claim[affirmed.start() :]
            )
        if has := _HAN_HAS.search(claim):
            return claim[: has.start()] + "没" + claim[has.start() :]
        return ""
    if denied := _NOT.search(claim):
        start, end = denied.span(1) if denied.group(1) else denied.span()
        return claim[:start] + claim[end:]
    affirmed = _AUXILIARY.search(claim)
    return claim[: affirmed.end()] + " not" + claim[affirmed.end() :] if affirmed else ""


_HAN_DID = frozenset("获得 导致 成为 使用 进行".split())
Change = Callable[[str, str, Sequence[str], random.Random], str]
_ALL_CHANGES: dict[str, Change] = {
    "number": other_number, "unit": other_unit, "name": other_name, "date": other_date, "negation": negated,
}  # fmt: skip
CHANGES = {"en": _ALL_CHANGES, "zh": _ALL_CHANGES}

# ---------------------------------------------------------------- true in other words

_SYNONYMS = dict(
    pair.split(":")
    for pair in (
        "began:started started:began large:big many:numerous important:significant used:employed shows:demonstrates "
        "show:demonstrate help:assist helped:assisted often:frequently approximately:about about:roughly also:additionally "
        "because:since however:nevertheless usually:normally built:constructed begin:start begins:starts ended:concluded "
        "received:obtained required:needed requires:needs major:main primarily:mainly several:various "
        "created:made children:kids people:persons company:firm companies:firms film:movie annual:yearly "
        "increased:rose decreased:fell total:overall during:throughout near:close_to became:turned_into "
        "provide:supply provides:supplies provided:supplied difficult:hard rapidly:quickly purchased:bought "
        "located:situated famous:well-known entire:whole different:distinct believed:thought buy:purchase "
        "country:nation countries:nations area:region areas:regions city:town reported:stated most:the_majority_of "
        "include:comprise includes:comprises allows:permits allow:permit war:conflict students:pupils "
        "method:approach methods:approaches results:findings obtain:get obtained:got main:principal"
    ).split()
)
_HAN_SYNONYMS = dict(
    pair.split(":")
    for pair in (
        "开始:起初 许多:很多 重要:关键 使用:采用 表明:显示 帮助:协助 经常:时常 大约:约 因为:由于 但是:然而 但:不过 通常:一般 建造:修建 "
        "获得:得到 需要:须要 主要:首要 几个:数个 创建:建立 电影:影片 增加:增长 减少:下降 总共:一共 期间:之间 附近:周边 成为:变成 提供:供应 困难:艰难 "
        "迅速:快速 购买:买入 位于:坐落于 著名:知名 整个:全部 不同:各异 相信:认为 国家:国度 地区:区域 报道:报告 包括:包含 允许:准许 战争:战事 "
        "学生:学员 方法:办法 结果:成果 非常:十分 以及:和 目前:现在 超过:多于 支持:赞成 导致:造成 例如:比如 之后:以后 之前:以前 去世:逝世 担任:出任"
    ).split()
)


def with_synonyms(sentence: str, chance: random.Random) -> str:
    known = _HAN_SYNONYMS if _CJK.search(sentence) else _SYNONYMS
    changed = 0
    for word, other in known.items():
        pattern = re.compile(re.escape(word) if _CJK.search(word) else rf"\b{word}\b")
        new = pattern.sub(other.replace("_", " "), sentence, count=1)
        if new != sentence and changed < 3:
            sentence, changed = new, changed + 1
    return sentence


_LEADING = re.compile(
    r"^((?:In|On|At|By|After|Before|During|For|From|Since|Under|With|As of|Until|Throughout) [^,]{3,60}), (.+)\.$"
)
_TRAILING = re.compile(r"^(.{20,}?[a-z\d%]),? ((?:in|on|at|by|after|before|during|since|until) (?:the )?[^,]{3,45})\.$")
_HAN_LEADING = re.compile(r"^((?:在|自|从|根据|截至|到)[^，。]{2,24})，([^。]{6,})。$")


def reordered(sentence: str, chance: random.Random) -> str:
    """An adverbial goes from the front to the end, or the other way."""
    if match := _LEADING.match(sentence):
        rest = match[2]
        first = rest if re.match(r"[A-Z][\w’'-]*[A-Z]|[A-Z][a-z]+ [A-Z]", rest) else rest[0].upper() + rest[1:]
        return f"{first}, {match[1][0].lower()}{match[1][1:]}."
    if match := _TRAILING.match(sentence):
        head = match[1]
        head = head[0].lower() + head[1:] if re.match("(?:The|A|An|This|These|It|We|Our) ", head) else head
        return f"{match[2][0].upper()}{match[2][1:]}, {head}."
    if match := _HAN_LEADING.match(sentence):
        return f"{match[2]}，这是{match[1]}的情况。"
    return ""


def numbers_rewritten(sentence: str, chance: random.Random) -> str:
    """`1,200` as `1200` or `1.2 thousand`, `5.3 million` as `5,300,000`, `50%` as `50 percent`, `20万` as `200,000`."""
    sentence = re.sub(r"(?<!\d)(\d{1,15}(?:\.\d{1,15})?) million\b", _in_full, sentence)
    sentence = re.sub(
        r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,.])", lambda match: _shorter(match.group(), chance), sentence
    )
    sentence = re.sub(r"(?<=\d)%(?=[ .,;)])", " percent", sentence)
    sentence = re.sub(
        r"(?<![\d.])(\d{1,4})\s?万(?!亿)(?=[\u4e00-\u9fff，。])", lambda match: f"{int(match[1]) * 10000:,}", sentence
    )
    return re.sub(r"(?<= )(\d{1,2}) (?=[a-z])", _spelled, sentence, count=1)


def _in_full(match: re.Match[str]) -> str:
    value = float(match[1]) * 1e6
    return f"{value:,.0f}" if value < 1e11 else match.group()


def _shorter(number: str, chance: random.Random) -> str:
    value = int(number.replace(",", ""))
    if value % 100 == 0 and value < 1_000_000 and chance.random() < 0.5:
        return f"{value / 1000:g} thousand"
    return str(value)


_SMALL = "zero one two three four five six seven eight nine ten eleven twelve".split()


def _spelled(match: re.Match[str]) -> str:
    value = int(match[1])
    return f"{_SMALL[value]} " if value < len(_SMALL) else match.group()


def dates_rewritten(sentence: str, chance: random.Random) -> str:
    """`May 3, 2019` and `3 May 2019` as `2019-05-03`, `2019年5月3日` as `2019-05-03`, `May 3` as `3 May`."""

    def iso(match: re.Match[str]) -> str:
        parts = {name[0]: value for name, value in match.groupdict().items() if value}
        month = _MONTHS.index(parts["m"]) + 1 if parts.get("m") in _MONTHS else int(parts.get("m") or 0)
        if {"y", "m", "d"} <= parts.keys():
            return f"{parts['y']}-{month:02}-{int(parts['d']):02}"
        if {"m", "d"} <= parts.keys() and parts["m"] in _MONTHS:
            return (
                f"{parts['d']} {parts['m']}" if match.group().startswith(parts["m"]) else f"{parts['m']} {parts['d']}"
            )
        return match.group()

    return _DATE.sub(iso, sentence)


_PASSIVE = re.compile(
    r"^((?:The |A |An )?[A-Z]?[\w’' -]{3,50}?) (was|were) (\w{1,40}ed|written|built|made|led|won|founded|taken|given|held) by ((?:the )?[A-Z][\w’'.-]{1,40}(?: [A-Z][\w’'.-]{1,40}){0,8})([^.]*)\.$"
)
_ACTIVE = re.compile(
    r"^((?:[A-Z][\w’'.-]+ ){1,3})(founded|created|designed|developed|introduced|published|acquired|announced|proposed|established|discovered|defeated|invented) ((?:the |a |an )?[\w’' -]{3,50}?)((?: in| on| at| for| with|,)[^.]*)?\.$"
)


def passive(sentence: str, chance: random.Random) -> str:
    """Passive to active, or active to passive."""
    if match := _PASSIVE.match(sentence):
        thing = match[1][0].lower() + match[1][1:] if match[1].startswith(("The ", "A ", "An ")) else match[1]
        return f"{match[4][0].upper()}{match[4][1:]} {match[3]} {thing}{match[5]}."
    if match := _ACTIVE.match(sentence):
        return f"{match[3][0].upper()}{match[3][1:]} was {match[2]} by {match[1].strip()}{match[4] or ''}."
    return ""


Paraphrase = Callable[[str, random.Random], str]
_ALL_PARAPHRASES: dict[str, Paraphrase] = {
    "synonyms": with_synonyms, "reordered": reordered, "number format": numbers_rewritten,
    "date format": dates_rewritten, "passive": passive,
}  # fmt: skip
PARAPHRASES = {"en": _ALL_PARAPHRASES, "zh": _ALL_PARAPHRASES}

# ---------------------------------------------------------------- a question and its answer as a statement

_WHO = re.compile(r"^Who (\w+)\b(.*)\?$")
_WH_IS = re.compile(
    r"^(?:What|Which|Who|Where|When|How many [\w ]{1,120}?|How much [\w ]{0,120}?) (is|are|was|were) (.+)\?$"
)
_SUBJECT = re.compile(
    r"^(?:What|Which) ([\w ’'-]{1,120}?) (was|were|is|are|did|does|has|had|won|made|led|became|used|gave|played) (.+)\?$"
)
_HAN_ASKS = re.compile(
    r"什么时候|什么地方|哪[一个位年种家座所支些]{0,2}[年月日人国城市州]?|谁|什么|多少(?=[\u4e00-\u9fff])|几(?=[个次名年天种位])"
)


def statement_of(question: str, answer: str) -> str:
    """A true statement from a question and its answer, where a simple rule makes a fair sentence of them."""
    question, answer = question.strip(), answer.strip().rstrip(".。")
    if _CJK.search(question):
        place = _HAN_ASKS.search(question)
        if not place or len(answer) > 30 or not question.endswith(("？", "?")):
            return ""
        return question[: place.start()] + answer + question[place.end() : -1].rstrip() + "。"
    if len(answer.split()) > 8:
        return ""
    if (match := _WHO.match(question)) and match[1] not in ("did", "does", "do", "were", "are", "is", "was", "has"):
        return f"{answer[0].upper()}{answer[1:]} {match[1]}{match[2]}."
    if match := _WH_IS.match(question):
        subject = match[2]
        return f"{subject[0].upper()}{subject[1:]} {match[1]} {answer}." if len(subject.split()) <= 12 else ""
    return ""
