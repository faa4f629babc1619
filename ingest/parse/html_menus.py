"""Finds the parts of a web page that lead elsewhere or ask for consent: menus, link lists at the foot, cookie layers.

They are told by their structure: many short links and hardly a word beside them. A page that is little else, such as an
index, keeps them; so does a list that a heading or a sentence introduces.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MENU_TAGS = frozenset(["nav", "menu"])
MENU_ROLES = frozenset(["navigation", "menu", "menubar", "search", "tablist"])
HOLDERS = frozenset(["div", "ul", "ol", "section", "aside", "footer", "header", "td"])
CONTENT = frozenset(["main", "article", "table", "pre", "dl"])
INTRODUCES = frozenset(["h1", "h2", "h3", "h4", "h5", "h6", "dt", "summary"])
UNREAD = frozenset(["script", "style", "template", "noscript", "head", "svg"])
FEWEST_LINKS = 4
LINKED = 0.9  # of a menu's letters stand in links
LONGEST_LINK = 40  # letters of a menu's links, on average
LONGEST_LAYER = 600  # letters of a note on cookies
LEAST = 100  # letters that a page has beside its menus


@dataclass(slots=True)
class _Count:
    letters: int = 0
    linked: int = 0
    links: int = 0
    buttons: int = 0
    content: bool = False
    cookies: bool = False

    def add(self, other: _Count) -> None:
        self.letters += other.letters
        self.linked += other.linked
        self.links += other.links
        self.buttons += other.buttons
        self.content = self.content or other.content
        self.cookies = self.cookies or other.cookies


def menus_of(root: Any) -> frozenset[Any]:
    """The elements to leave out; none where the page holds little else."""
    counts = _counted(root)
    found = list(_outermost(root, counts))
    gone = sum(counts[element].letters for element in found)
    rest = counts[root].letters - gone
    return frozenset(found) if rest >= max(LEAST, gone) else frozenset()


def _counted(root: Any) -> dict[Any, _Count]:
    """Letters and links in every element, in one pass from the leaves up."""
    counts: dict[Any, _Count] = {}
    for element in reversed(list(root.iter())):  # children come before their parents
        own = counts.setdefault(element, _Count())
        if not isinstance(element.tag, str) or element.tag in UNREAD:
            counts[element] = own = _Count()
        elif element.tag == "button" or (element.tag == "input" and element.get("type") in ("button", "submit")):
            counts[element] = own = _Count(buttons=1)
        else:
            own.letters += len((element.text or "").strip())
            own.cookies = own.cookies or "cookie" in (element.text or "").lower()
            own.content = own.content or element.tag in CONTENT
            if element.tag == "a" and element.get("href"):
                own.linked, own.links = own.letters, 1
        parent = element.getparent()
        if parent is not None:
            above = counts.setdefault(parent, _Count())
            above.add(own)
            above.letters += len((element.tail or "").strip())
    return counts


def _outermost(root: Any, counts: dict[Any, _Count]) -> Iterator[Any]:
    waiting = [root]
    while waiting:
        element = waiting.pop()
        if not isinstance(element.tag, str) or element.tag in ("article", "main", "table"):
            waiting += [inner for inner in element.iter("nav")] if isinstance(element.tag, str) else []
        elif _is_menu(element, counts[element]):
            yield element
        else:
            waiting += list(element)


def _is_menu(element: Any, count: _Count) -> bool:
    if element.tag in MENU_TAGS or (element.get("role") or "").strip().lower() in MENU_ROLES:
        return True
    if element.tag not in HOLDERS or count.content:
        return False
    if count.buttons and count.letters <= LONGEST_LAYER and count.cookies:
        return True
    previous = element.getprevious()
    introduced = previous is not None and (previous.tag in INTRODUCES or _ends_in_colon(previous))
    linked = count.letters > 0 and count.linked >= LINKED * count.letters
    return linked and not introduced and count.links >= FEWEST_LINKS and count.linked <= LONGEST_LINK * count.links


def _ends_in_colon(element: Any) -> bool:
    return str(element.tag) == "p" and str(element.text_content()).rstrip().endswith((":", "："))
