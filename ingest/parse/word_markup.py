"""The names in Word's markup, and its elements as Word shows them: changes accepted, wrappers opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
VML = "{urn:schemas-microsoft-com:vml}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
COMPATIBLE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
CHECK_BOX = f"{W14}checkbox"
WRAPPERS = frozenset(
    {f"{W}{name}" for name in ("ins", "moveTo", "smartTag", "customXml", "dir", "bdo", "sdtContent", "subDoc")}
    | {f"{COMPATIBLE}{name}" for name in ("Choice", "Fallback")}
)
DROPPED = frozenset(
    f"{W}{name}"
    for name in ("del", "moveFrom", "sdtPr", "sdtEndPr", "smartTagPr", "customXmlPr", "proofErr", "rt", "rubyPr")
)
CELLS = (f"{W}tc", f"{W}tr", f"{W}tbl")
OFF = ("0", "false", "off", "none")


def kept(parent: Iterable[Element]) -> Iterator[Element]:
    """What stands in an element: without what is deleted or moved away, without the wrappers around the rest. It
    keeps its own stack, as a hostile file may have wrappers in wrappers without end."""
    stack = [iter(parent)]
    while stack:
        for element in stack[-1]:
            if element.tag in DROPPED:
                continue
            inside = _opened(element)
            if inside is not None:
                stack.append(iter(inside))
                break
            yield element
        else:
            stack.pop()


def _opened(element: Element) -> Iterable[Element] | None:
    """What stands in a wrapper; None: it is none."""
    if element.tag in WRAPPERS:
        return element
    if element.tag == f"{COMPATIBLE}AlternateContent":
        chosen = element.find(f"{COMPATIBLE}Choice")
        return element if chosen is None else chosen
    if element.tag != f"{W}sdt":
        return None
    content, about = element.find(f"{W}sdtContent"), element.find(f"{W}sdtPr")
    inside: Iterable[Element] = () if content is None else content
    if about is None or any(child.tag in CELLS for child in inside):
        return inside
    if about.find(CHECK_BOX) is not None and not any(child.tag == f"{W}p" for child in inside):
        return None
    return () if is_on(about.find(f"{W}showingPlcHdr")) else inside


def value(element: Element | None, name: str = "val") -> str:
    """An attribute of the element; "" where either is missing."""
    return "" if element is None else element.get(f"{W}{name}", "")


def number(element: Element | None, otherwise: int, name: str = "val") -> int:
    try:
        return int(value(element, name))
    except ValueError:
        return otherwise


def is_on(element: Element | None) -> bool:
    """Word's switches are on where they stand without a value."""
    return element is not None and element.get(f"{W}val", "1") not in OFF
