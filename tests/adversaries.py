"""Texts that are hard for a regular expression, made of its own parse tree.

A backtracking search takes long where something repeated fails late, or where it begins again at every place. So each
repeated part is repeated: after what the pattern has before it, with it, and with an end that fails.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

_parser: Any = importlib.import_module("re._parser")  # as the standard library parses; it has no public name
_compiler: Any = importlib.import_module("re._compiler")
_PLAIN = " a1A\n一.,-([\"'_=/:;\t\x00é"  # of a class: those that are in it, in this order
_MOST_SAMPLES = 3
_MOST_BODIES = 3
_MOST_ATOMS = 12
_REPEATED = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_MANY = 8  # times; a part that may be repeated no more often adds a factor, no power


class Adversary:
    def __init__(self, pattern: re.Pattern[Any]) -> None:
        self._flags = pattern.flags
        self._text = isinstance(pattern.pattern, str)
        self._tree = _parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
        self._atoms: dict[str, None] = {}

    def texts(self) -> list[tuple[str, str, str]]:
        """Triples of a beginning, what is repeated after it, and an end."""
        found = list(self._of(self._tree, ""))
        made = dict[tuple[str, str, str], None]()
        for before, bodies in found:
            for body in bodies:
                made[before, body, "\x00"] = None
                made["", before + body, "\x00"] = None
            if before:
                made["", before, ""] = None
            if len(bodies) > 1:
                made[before, "".join(bodies), "\x00"] = None
        for atom in list(self._atoms)[:_MOST_ATOMS]:
            made["", atom, "\x00"] = None
        return [one for one in made if one[1]]

    def _of(self, sequence: Any, before: str) -> Iterator[tuple[str, list[str]]]:
        """Each repeated part with a text that leads to it."""
        for op, value in sequence:
            name = str(op)
            if name in _REPEATED:
                _, most, body = value
                if most >= _MANY:
                    yield before, self._samples(body)[:_MOST_BODIES]
                yield from self._of(body, before)
            else:
                for part in _parts(name, value):
                    yield from self._of(part, before)
            if not name.startswith("ASSERT"):
                before += self._samples([(op, value)])[0]

    def _samples(self, sequence: Any) -> list[str]:
        """A few texts that it matches; at least one."""
        made = [""]
        for op, value in sequence:
            ways = self._ways(str(op), value)
            made = [first + then for first, then in product(made, ways)][: 2 * _MOST_BODIES]
        return list(dict.fromkeys(made))

    def _ways(self, name: str, value: Any) -> Sequence[str]:
        if name in _REPEATED:
            return [one * max(1, value[0]) for one in self._samples(value[2])]
        if name == "BRANCH":
            return [one for branch in value[1] for one in self._samples(branch)[:1]] or [""]
        if name == "SUBPATTERN":
            return self._samples(value[3])
        if name == "ATOMIC_GROUP":
            return self._samples(value)
        if name in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
            return self._letters(name, value)
        if name.startswith("ASSERT"):
            self._samples(value[1])  # its letters count
        return [""]

    def _letters(self, name: str, value: Any) -> list[str]:
        if name == "LITERAL":
            found = [chr(value)]
        else:
            one = _parser.SubPattern(_parser.State(), [(getattr(_parser, name), value)])
            matcher = _compiler.compile(one, self._flags & (re.IGNORECASE | re.DOTALL | re.ASCII))
            told = [(str(op), what) for op, what in value] if name == "IN" else []
            own = [chr(what if op == "LITERAL" else what[0]) for op, what in told if op in ("LITERAL", "RANGE")]
            letters = [*self._atoms, *_PLAIN[:4], *own[:2], *_PLAIN, *own]
            found = [one for one in dict.fromkeys(letters) if len(one) == 1 and matcher.match(one)][:_MOST_SAMPLES]
        found = [one for one in found if self._text or ord(one) < 256] or ["~"]
        self._atoms.update(dict.fromkeys(found))
        return found


def _parts(name: str, value: Any) -> Sequence[Any]:
    if name == "BRANCH":
        return list(value[1])
    if name == "SUBPATTERN":
        return [value[3]]
    if name == "ATOMIC_GROUP":
        return [value]
    if name.startswith("ASSERT"):
        return [value[1]]
    return []
