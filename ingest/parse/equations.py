"""Equations of Office (OMML) as one line of text: a/b, x^2, a_1, √(x), ∑_(i=1)^n."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from ingest.parse.word_markup import M

DEEPEST = 60  # equations in equations; what is deeper is given as its letters alone
PROPERTIES = "Pr"


def equation(element: Element, depth: int = 0) -> str:
    if depth > DEEPEST:
        return "".join(text.text or "" for text in element.iter(f"{M}t"))
    name = element.tag.removeprefix(M)
    if name == "t":
        return element.text or ""
    if name.endswith(PROPERTIES):
        return ""
    pieces = [(child.tag.removeprefix(M), equation(child, depth + 1)) for child in element]
    words = [text for _, text in pieces if text]
    if name == "d":
        return f"{_sign(element, 'begChr', '(')}{', '.join(words)}{_sign(element, 'endChr', ')')}"
    if name in _SHAPES:
        return _shape(element, name, dict(pieces))
    if name == "mr":
        return ", ".join(words)
    return f"[{'; '.join(words)}]" if name in ("m", "eqArr") else "".join(words)


_SHAPES = ("f", "sSup", "sSub", "sSubSup", "rad", "nary", "limLow", "limUpp", "func", "acc", "bar")


def _shape(element: Element, name: str, parts: dict[str, str]) -> str:
    base, low, high = parts.get("e", ""), parts.get("sub", ""), parts.get("sup", "")
    if name == "f":
        return f"{_whole(parts.get('num', ''))}/{_whole(parts.get('den', ''))}"
    if name == "rad":
        return f"{_raised(parts.get('deg', ''))}√({base})"
    if name == "nary":
        return f"{_sign(element, 'chr', '∫')}{_lowered(low)}{_raised(high)} {base}"
    if name in ("limLow", "limUpp"):
        limit = parts.get("lim", "")
        return f"{base}{_lowered(limit) if name == 'limLow' else _raised(limit)}"
    if name == "func":
        return f"{parts.get('fName', '')} {base}"
    return f"{_whole(base) if low or high else base}{_lowered(low)}{_raised(high)}"


def _sign(element: Element, name: str, otherwise: str) -> str:
    found = element.find(f"./*/{M}{name}")
    return otherwise if found is None else found.get(f"{M}val", "")


def _whole(text: str) -> str:
    """In brackets where it is more than one word."""
    return text if len(text) <= 1 or text.isalnum() or (text[0] == "(" and text[-1] == ")") else f"({text})"


def _raised(text: str) -> str:
    return f"^{_whole(text)}" if text else ""


def _lowered(text: str) -> str:
    return f"_{_whole(text)}" if text else ""
