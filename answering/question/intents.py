"""Questions about whole documents and about the library itself, told from questions about what the documents say.

Only what is plainly such a question is taken for one: everything else is searched for as ever. Whoever asks "how many
reports were published in 2020?" asks the documents; "how many reports are there?" asks the library.
"""

from __future__ import annotations

import re
from functools import cache

from domain.question import Intent
from ingest.parse.formats import nouns_asked_for
from ingest.parse.nouns import Noun

LONGEST = 300  # characters


ORDINARY = Intent()

# Stands for the nouns in the patterns: those of the formats, and what any document may be called.
_NOUN = "(?#noun)"
_ANY = r"(?:documents?|files?|uploads?|reports?|papers?|sources?)"
_ZH_ANY = r"文件|文档|资料|报告|文献|材料"

_WHERE = r"(?:(?:in|of|from|to) (?:the|this|my|our|your|all (?:the|my)?) ?(?:library|collections?|archive|folder|documents|files|store|database)|here|in total|altogether|in all|so far|now|currently)"
_THERE = rf"(?:(?:are|is) there|do (?:i|we|you) (?:have|hold|know)|have (?:i|we|you)(?: got)?|are (?:known|held|available|stored|kept)|(?:have been |were |did (?:i|we) |have (?:i|we) )?(?:uploaded|upload|added|add|indexed|ingested|taken in)|can be searched|does (?:the|this|my) (?:library|collection) (?:have|hold|contain))(?: {_WHERE})*"
_STATUS = r"(?P<status>ready|failed|cancelled|canceled|queued|waiting|partial|(?:still )?(?:being processed|running|processing)|could(?: not|n't) be read)"
_SINCE = r"(?P<since>today|yesterday|this week|this month|in the last (?:week|month)|in the past (?:week|month)|last week|last month)"
_FIELD = r"(?:(?:with|where|whose|having|have|has)(?: the| a)?(?: metadata)? (?!i |we |you |been |got )(?P<field>[\w.-]{1,40})(?: is| are| =| equals|:)? [\"'“]?(?P<value>[^\"'”?]{1,80}?)[\"'”]?)"
_MENTION = r"(?:(?:that |which )?(?:mentions?|mentioned|talks? about|discuss(?:es)?|refers? to|covers?|deals? with|say something about|says? anything about|speaks? of|names?|describes?|contains?(?: the (?:word|term|phrase))?|(?:are|is) about))"

_EN = tuple(
    (sort, rf"^(?:please |can you |could you )?{pattern}\s*[?.!]*$")
    for sort, pattern in (
        ("pages", rf"how many pages (?:does|do) (?P<about>.{{2,120}}?) have(?: {_WHERE})?"),
        ("pages", r"how (?:long|many pages) (?:is|are) (?P<about>(?:the|this|my) (?:document|report|file|paper|pdf)|[\w. -]+\.\w{2,5})"),
        ("pages", rf"how many pages (?:are there|do (?:i|we) have|are)(?: {_WHERE})+"),
        ("mention", rf"(?P<counted>how many )(?:of (?:the|my|our) )?{_NOUN} {_MENTION} (?P<about>.{{1,160}}?)"),
        ("mention", rf"(?:in )?(?:which|what)(?: of (?:the|my|our))? {_NOUN} (?:do(?:es)? (?:i|we) have )?{_MENTION} (?P<about>.{{1,160}}?)"),
        ("mention", rf"(?:in )?(?:which|what) {_NOUN} (?:is|are|was|were) (?P<about>.{{1,160}}?) (?:mentioned|discussed|described|named|covered)"),
        ("mention", rf"(?:list|show|find|give)(?: me)?(?: all)?(?: of)?(?: the| my| our)? {_NOUN} {_MENTION} (?P<about>.{{1,160}}?)"),
        ("mention", rf"(?:do|does|is there|are there)(?: any| some| a)?(?: of (?:the|my|our))? {_NOUN} {_MENTION} (?P<about>.{{1,160}}?)"),
        ("mention", r"where (?:is|are) (?P<about>.{1,160}?) mentioned"),
        ("count", rf"how many {_NOUN}(?: (?:are|is|have))? {_STATUS}"),
        ("count", rf"how many {_NOUN} (?:were |have been |did (?:i|we) |have (?:i|we) )?(?:added|add|uploaded|upload|taken in) {_SINCE}"),
        ("count", rf"how many {_NOUN}(?: (?:are there|do (?:i|we) have))? {_FIELD}"),
        ("count", rf"how many {_NOUN} {_THERE}"),
        ("count", r"how (?:big|large) is (?:the|this|my|our) (?:library|collection)"),
        ("extreme", rf"(?:which|what)(?: of (?:the|my|our))? {_NOUN} is (?:the )?(?P<which>newest|latest|most recent|oldest|longest|shortest|largest|biggest|smallest)(?: {_WHERE})?"),
        ("extreme", rf"(?:what|which) is (?:the|my|our) (?P<which>newest|latest|most recent|oldest|longest|shortest|largest|biggest|smallest) {_NOUN}(?: {_WHERE})?"),
        ("extreme", rf"(?:which|what) {_NOUN} has (?:the )?(?P<which>most|fewest) pages"),
        ("list", rf"(?:which|what) {_NOUN}(?: (?:are|have|is))? {_STATUS}"),
        ("list", rf"(?:which|what) {_NOUN} (?:were |have been |did (?:i|we) |have (?:i|we) )?(?:added|add|uploaded|upload|taken in) {_SINCE}"),
        ("list", rf"(?:which|what|list (?:the|all)?|show (?:me )?(?:the|all)?)\s*{_NOUN}(?: (?:are there|do (?:i|we) have))? {_FIELD}"),
        ("list", rf"(?:which|what)(?: kinds? of| sorts? of)? {_NOUN} {_THERE}"),
        ("list", rf"(?:list|show|name|enumerate|give)(?: me)?(?: a list of)?(?: all)?(?: of)?(?: the| my| our| your)? {_NOUN}(?: {_THERE}| {_WHERE}|(?: that)? (?:i|we) have(?: uploaded)?)?"),
        ("list", r"what (?:is|do (?:i|we) have|have (?:i|we) got) (?:stored |kept )?in (?:the|this|my|our) (?:library|collection|archive)"),
        ("summary", r"(?:summari[sz]e|outline|sum up|give (?:me |us )?(?:a |an |the )?(?:short |brief |quick )?(?:summary|overview|outline|gist) (?:of|for)|(?:a |an )?(?:short |brief )?(?:summary|overview) of|tl;?dr(?: of)?) ?(?P<about>.{0,120}?)(?: (?:for me|in (?:a few|two|three) sentences|briefly|in short))?"),
        ("summary", r"what(?:'s| is| are) (?P<about>.{2,120}?) (?:all )?about"),
        ("summary", r"what (?:does|do) (?P<about>.{2,120}?) (?:cover|deal with|talk about|contain|say in short)"),
        ("summary", r"what (?:is|are) the (?:main|key|most important) (?:points?|topics?|themes?|messages?|contents?|ideas?|takeaways?) (?:of|in) (?P<about>.{2,120}?)"),
        ("summary", r"tell me (?:what (?P<about>.{2,120}?) is about|about (?P<about_it>(?:this|the) (?:document|file|report|paper|pdf)))"),
        ("summary", r"describe (?P<about>(?:this|the) (?:document|file|report|paper|pdf))"),
    )
)  # fmt: skip

_ZH_MEASURE = "[个份篇张本种]?"
_ZH_LIB = r"(?:(?:我的?|这个?|本)?(?:资料|文档|文件)?(?:库|集合|图书馆|收藏)(?:里面?|中)?|这里|我们?这里|目前|现在|系统(?:里|中)?)?"
_ZH_STATUS = r"(?P<status>已经?就绪|可以?搜索|处理失败|失败了?|已?取消了?|(?:正在|还在)处理|排队)"
_ZH_SINCE = r"(?P<since>今天|昨天|这周|本周|这个月|本月|上周|上个月)"

_ZH = tuple(
    (sort, rf"^(?:请问?|帮我|请帮我|麻烦)?{pattern}[？?。!！]*$")
    for sort, pattern in (
        ("pages", r"(?P<about>.{1,60}?)(?:一共|总共|共)?有(?:多少|几)页"),
        ("mention", rf"{_ZH_LIB}(?:一共|总共)?有?(?P<counted>多少|几){_ZH_MEASURE}{_NOUN}(?:里面?|中)?(?:提到|提及|谈到|讲到|说到|涉及|包含|出现)(?:了|过)?(?P<about>.{{1,80}}?)"),
        ("mention", rf"{_ZH_LIB}(?:有)?(?:哪些|哪几{_ZH_MEASURE}|哪{_ZH_MEASURE}|什么){_NOUN}(?:里面?|中)?(?:提到|提及|谈到|讲到|说到|涉及|包含|出现|介绍)(?:了|过)?(?P<about>.{{1,80}}?)"),
        ("mention", rf"(?P<about>.{{1,80}}?)(?:在|出现在)(?:哪些|哪几{_ZH_MEASURE}|哪{_ZH_MEASURE}|什么){_NOUN}(?:里面?|中)?(?:被)?(?:提到|提及|出现|说到)?(?:了|过)?"),
        ("mention", rf"有没有{_NOUN}(?:提到|提及|谈到|讲到|说到|涉及)(?:了|过)?(?P<about>.{{1,80}}?)"),
        ("count", rf"{_ZH_LIB}(?:有)?(?:多少|几){_ZH_MEASURE}{_NOUN}(?:是)?{_ZH_STATUS}"),
        ("count", rf"{_ZH_SINCE}(?:一共|总共)?(?:上传|添加|新增|加入)了(?:多少|几){_ZH_MEASURE}{_NOUN}"),
        ("count", rf"{_ZH_LIB}(?:一共|总共|共)?有?(?:多少|几){_ZH_MEASURE}{_NOUN}"),
        ("extreme", rf"(?P<which>最新|最近|最早|最长|最短|最大|最小)的?{_NOUN}(?:是哪(?:一)?{_ZH_MEASURE}|是什么|叫什么)"),
        ("extreme", rf"哪(?:一)?{_ZH_MEASURE}{_NOUN}(?P<which>最新|最早|最长|最短|最大|最小|页数最多|页数最少)"),
        ("list", rf"{_ZH_LIB}(?:有)?(?:哪些|哪几{_ZH_MEASURE}|什么){_NOUN}(?:是)?{_ZH_STATUS}"),
        ("list", rf"{_ZH_SINCE}(?:上传|添加|新增|加入)了(?:哪些|什么){_NOUN}"),
        ("list", rf"{_ZH_LIB}(?:都|一共)?有(?:哪些|什么){_NOUN}"),
        ("list", rf"(?:列出|列一下|列举|显示|给我看看?)(?:一下)?{_ZH_LIB}(?:所有|全部)?的?{_NOUN}"),
        ("summary", r"(?:总结|概括|概述|归纳|简述)(?:一下)?(?P<about>.{0,60}?)(?:的?(?:主要)?内容)?"),
        ("summary", r"(?P<about>.{1,60}?)(?:主要|大概|到底)?(?:讲|说|写|介绍|谈)(?:的是|了些?|些|的都是|的)?什么(?:内容)?"),
        ("summary", r"(?P<about>.{1,60}?)的?(?:主要内容|内容概要|内容提要|摘要|概要|要点|主旨|大意)(?:是什么|有哪些|是啥)?"),
        ("summary", r"(?P<about>.{1,60}?)(?:主要)?是关于什么的(?:内容)?"),
        ("summary", r"(?:给我)?(?:写)?(?:一[个份段])?(?P<about>.{1,60}?)的(?:总结|概述|摘要|概要)"),
    )
)  # fmt: skip

_STATUSES = (
    ("failed", r"fail|could|失败"),
    ("cancelled", r"cancel|取消"),
    ("running", r"process|running|处理"),
    ("queued", r"queue|wait|排队"),
    ("partial", r"partial"),
    ("ready", r"ready|就绪|搜索"),
)
_SINCES = (("yesterday", r"yesterday|昨天"), ("today", r"today|今天"), ("week", r"week|周"), ("month", r"month|月"))
_EXTREMES = (
    ("newest", r"newest|latest|recent|最新|最近"),
    ("oldest", r"oldest|最早"),
    ("longest", r"longest|most|最长|最多"),
    ("shortest", r"shortest|fewest|最短|最少"),
    ("largest", r"larg|big|最大"),
    ("smallest", r"small|最小"),
)


@cache
def _patterns(nouns: tuple[Noun, ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Pairs of the sort of question and its pattern."""
    return tuple(
        (sort, re.compile(source.replace(_NOUN, f"(?P<noun>{_names(nouns, chinese)})"), re.IGNORECASE))
        for chinese, sources in ((False, _EN), (True, _ZH))
        for sort, source in sources
    )


def _names(nouns: tuple[Noun, ...], chinese: bool) -> str:
    names = (noun.asked_chinese if chinese else noun.asked for noun in nouns)
    return "|".join((*filter(None, names), _ZH_ANY if chinese else _ANY))


# Words that name no document in particular: the one at hand is meant.
_THIS = re.compile(
    rf"(?:(?:the|this|that|these|those|my|our|whole|entire|uploaded|given|attached|it|all|of|in|them|everything|"
    rf"{_names(nouns_asked_for(), False)})\s*)*"
    r"|(?:这|该|此|本|那|上述)?(?:[一]?[个份篇本些])?(?:文件|文档|报告|文章|论文|资料|材料|手册|书|PDF|pdf)?(?:里面?|中)?|它|全文",
    re.IGNORECASE,
)


def intent_of(question: str, standalone: str = "") -> Intent:
    """`standalone`: the same question, where it is a follow-up; it says what "it" is that documents mention."""
    intent = _by_patterns(question)
    if standalone and intent.sort == "mention" and _THIS.fullmatch(intent.about):
        return _by_patterns(standalone)
    return intent


def _by_patterns(question: str) -> Intent:
    text = " ".join(question.split())
    if not text or len(text) > LONGEST:
        return ORDINARY
    nouns = nouns_asked_for()
    for sort, pattern in _patterns(nouns):
        found = pattern.match(text)
        if found is not None:
            return _intent(sort, found.groupdict(), nouns)
    return ORDINARY


def _intent(sort: str, said: dict[str, str | None], nouns: tuple[Noun, ...]) -> Intent:
    field = said.get("field")
    about = (said.get("about") or said.get("about_it") or "").strip(" \"'“”「」《》的")
    return Intent(
        sort=sort,  # type: ignore[arg-type]
        type=_type(said.get("noun") or "", nouns),
        about="" if sort in ("summary", "pages") and _THIS.fullmatch(about) else about,
        status=_first(_STATUSES, said.get("status")),
        since=_first(_SINCES, said.get("since")),
        field=(field, (said.get("value") or "").strip()) if field else None,
        which=_first(_EXTREMES, said.get("which")),
        counted=bool(said.get("counted")),
    )


def _type(named: str, nouns: tuple[Noun, ...]) -> str:
    asked = ((noun.english, pattern) for noun in nouns for pattern in (noun.asked, noun.asked_chinese) if pattern)
    return next((name for name, pattern in asked if re.fullmatch(pattern, named, re.IGNORECASE)), "")


def _first(table: tuple[tuple[str, str], ...], text: str | None) -> str:
    return next((name for name, pattern in table if text and re.search(pattern, text, re.IGNORECASE)), "")
