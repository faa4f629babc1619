"""Messages that ask nothing of any document: greetings, thanks, "what can you do?"."""

from __future__ import annotations

import re

from domain.question import SmallTalk
from language.scripts import folded

_LONGEST = 80  # characters; a longer message wants something
_FILLER = r"(?:\s*(?:there|everyone|all|friend|exhibit|again|so much|very much|a lot|lot|for (?:your|the) help|啊|呀|呢|吧|了|哦|您|你))*"
_WRITTEN: tuple[tuple[SmallTalk, str], ...] = (
    (
        "help",
        r"(?:(?:hi|hello|hey)\s+)?(?:what (?:can|do|could) (?:you|i|this) (?:do|ask|help)(?: (?:you|me|for me|here|with))*"
        r"|what are you(?: able to do)?|who are you|how (?:do|can) (?:you|i) (?:help|work|use (?:this|you|it))(?: me)?"
        r"|how does this work|help(?: me)?(?: please)?|what is (?:this|exhibit)|what should i ask(?: you)?"
        r"|你(?:能|可以|会)(?:做|干|帮我做)(?:些)?什么|你是谁|你是什么|你有什么(?:功能|用)|(?:怎么|如何)使用(?:你|这个)?|帮助|帮帮我"
        r"|(?:我)?(?:可以|能)问(?:你)?(?:些)?什么|你能帮我(?:做什么|什么)|介绍一下你自己|自我介绍一下)",
    ),
    (
        "greeting",
        r"(?:(?:hi|hello|hey|hiya|howdy|greetings|good (?:morning|afternoon|evening|day)|how are you(?: doing)?(?: today)?"
        r"|nice to meet you|test|ping|你好|您好|嗨|哈喽|大家好|早上好|早安|上午好|中午好|下午好|晚上好|在吗|在不在|你好吗|喂)\s*)+",
    ),
    (
        "thanks",
        r"(?:many )?(?:thanks|thank you|thx|ty|cheers|great|ok(?:ay)?|cool|perfect|nice|awesome|good job|well done|got it|i see)"
        r"(?: (?:thanks|thank you))?|谢谢|多谢|感谢|非常感谢|十分感谢|谢了|太好了|好的(?:谢谢)?|好|明白了|知道了|不错|辛苦了|太棒了",
    ),
    ("goodbye", r"(?:good )?bye(?: bye)?|goodbye|see you(?: later| soon)?|good night|再见|拜拜|回头见|晚安"),
)  # fmt: skip
_KINDS = tuple((kind, re.compile(rf"(?:{pattern}){_FILLER}")) for kind, pattern in _WRITTEN)


def kind_of(message: str) -> SmallTalk:
    """Empty for what is, or may be, a question about documents."""
    if len(message) > _LONGEST:
        return ""
    plain = " ".join(re.sub(r"[^\w\s]+", " ", folded(message.strip()).replace("'", "").replace("’", "")).split())
    if not plain:
        return ""
    spellings = (plain, plain.replace(" ", ""))
    return next((kind for one in spellings for kind, pattern in _KINDS if pattern.fullmatch(one)), "")
