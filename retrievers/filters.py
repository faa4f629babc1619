"""A request's `filter`: parsed once into a condition, applied to documents first and to pages at the join.

    {"document": [ids]}
    {"page": {"gte": 3}}
    {"metadata.year": {"eq|ne|gt|gte|lt|lte|in": …}}
    {"and": [filter, …]}  {"or": [filter, …]}  {"not": filter}

Several keys in one object must all hold. A field that is missing (a document without that metadata, a chunk without
a page) equals nothing: only `ne` and `not` match it. Values of different types are never equal, and have no order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.documents import Document, Facts, Narrowed
from domain.errors import BadRequest

DEEPEST = 8  # filters inside filters
MOST_PARTS = 200  # comparisons and combinations in one filter
LONGEST_LIST = 10_000  # values of one `in`, ids of one `document`
LONGEST_TEXT = 1_000  # characters of a value or a field's name

Truth = bool | None  # None: depends on the page, which is not known


class _Unknown:
    """The page, as long as only the document is looked at."""


UNKNOWN: Final = _Unknown()
Page = int | None | _Unknown


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Condition, ...]

    def holds(self, document: Document | Facts, page: Page) -> Truth:
        return _all(part.holds(document, page) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Some:
    parts: tuple[Condition, ...]

    def holds(self, document: Document | Facts, page: Page) -> Truth:
        return _not(_all(_not(part.holds(document, page)) for part in self.parts))


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition

    def holds(self, document: Document | Facts, page: Page) -> Truth:
        return _not(self.part.holds(document, page))


@dataclass(frozen=True, slots=True)
class DocumentIn:
    ids: frozenset[str]

    def holds(self, document: Document | Facts, page: Page) -> Truth:
        return document.id in self.ids


@dataclass(frozen=True, slots=True)
class PageIs:
    operator: str
    value: Any

    def holds(self, document: Document | Facts, page: Page) -> Truth:
        if not isinstance(page, _Unknown):
            return _compare(self.operator, page, self.value)
        if document.pages is None:
            return None
        return None if self._could_hold(document.pages) else False

    def _could_hold(self, pages: int) -> bool:
        """Whether some page from 1 to `pages`, or a chunk without a page, could match."""
        match self.operator:
            case "ne":
                return True
            case "gt" | "gte":
                return _compare(self.operator, pages, self.value)
            case "lt" | "lte":
                return _compare(self.operator, 1, self.value)
            case _:
                wanted = self.value if self.operator == "in" else (self.value,)
                return any(1 <= page <= pages for page in wanted)


@dataclass(frozen=True, slots=True)
class MetadataIs:
    field: str
    operator: str
    value: Any

    def holds(self, document: Document | Facts, page: Page) -> Truth:
        return _compare(self.operator, _look_up(document.metadata, self.field), self.value)


Condition = All | Some | Not | DocumentIn | PageIs | MetadataIs


def parse(where: Mapping[str, Any]) -> Condition:
    """Raises BadRequest, naming what is not understood."""
    return _Parser().read(where, DEEPEST)


def matches(condition: Condition, document: Document, page: int | None) -> bool:
    return condition.holds(document, page) is True


def possible(condition: Condition, document: Document | Facts) -> bool:
    """Whether something in the document could match, whatever its page."""
    return condition.holds(document, UNKNOWN) is not False


def narrowed(condition: Condition) -> Narrowed:
    """What the condition requires of a document for certain; `possible` decides whether a document meets it."""
    match condition:
        case DocumentIn(ids):
            return Narrowed(ids)
        case MetadataIs(_, "eq", value):
            return Narrowed(values=((value,),))
        case MetadataIs(_, "in", values):
            return Narrowed(values=(tuple(values),))
        case All(parts):
            every = [narrowed(part) for part in parts]
            several = [one.ids for one in every if one.ids is not None]
            together = frozenset.intersection(*several) if several else None
            return Narrowed(together, tuple(some for one in every for some in one.values))
        case Some(parts):
            return _any_of([narrowed(part) for part in parts])
    return Narrowed()


def _any_of(every: Sequence[Narrowed]) -> Narrowed:
    """Parts combine only if all of them constrain the same thing."""
    ids = [one.ids for one in every if one.ids is not None]
    if len(ids) == len(every):
        return Narrowed(frozenset[str]().union(*ids))
    firsts = [one.values[0] for one in every if one.values]
    return Narrowed(values=(tuple(value for some in firsts for value in some),) if len(firsts) == len(every) else ())


# ---------------------------------------------------------------- reading


class _Parser:
    def __init__(self) -> None:
        self._parts = 0

    def read(self, where: Any, depth: int) -> Condition:
        if not isinstance(where, Mapping):
            raise BadRequest(f'A filter is an object such as {{"page": {{"gte": 3}}}}, not {_shown(where)}.')
        if depth == 0:
            raise BadRequest(f"The filter is nested deeper than {DEEPEST} levels.")
        return _only(tuple(self._entry(key, value, depth) for key, value in where.items()))

    def _entry(self, key: Any, value: Any, depth: int) -> Condition:
        self._count()
        match key:
            case "and":
                return All(self._list(key, value, depth))
            case "or":
                return Some(self._list(key, value, depth))
            case "not":
                return Not(self.read(value, depth - 1))
            case "document":
                return DocumentIn(frozenset(_values("document", value, _is_text)))
            case "page":
                return self._comparisons("page", value, _is_page, PageIs)
            case str() if key.startswith("metadata.") and len("metadata.") < len(key) <= LONGEST_TEXT:
                field = key.removeprefix("metadata.")
                return self._comparisons(key, value, _is_scalar, lambda op, v: MetadataIs(field, op, v))
        raise BadRequest(
            f"The filter has an unknown field {_shown(key)}; known are document, page, metadata.…, and, or, not."
        )

    def _list(self, key: str, value: Any, depth: int) -> tuple[Condition, ...]:
        if not isinstance(value, list | tuple) or not value:
            raise BadRequest(f"The filter's {key!r} takes a list of one or more filters, not {_shown(value)}.")
        return tuple(self.read(part, depth - 1) for part in value)

    def _comparisons(
        self, field: str, value: Any, fits: Callable[[Any], bool], make: Callable[[str, Any], Condition]
    ) -> Condition:
        if not isinstance(value, Mapping) or not value:
            raise BadRequest(f'The filter\'s {_shown(field)} takes an object such as {{"eq": …}}, not {_shown(value)}.')
        return _only(tuple(self._comparison(field, op, given, fits, make) for op, given in value.items()))

    def _comparison(
        self, field: str, operator: Any, value: Any, fits: Callable[[Any], bool], make: Callable[[str, Any], Condition]
    ) -> Condition:
        self._count()
        if operator == "in":
            return make(operator, _values(f"{field} in", value, fits))
        if operator not in ORDER and operator not in ("eq", "ne"):
            raise BadRequest(
                f"The filter's {_shown(field)} has an unknown operator {_shown(operator)}; "
                "known are eq, ne, gt, gte, lt, lte, in."
            )
        if not fits(value) or (operator in ORDER and not _is_ordered(value)):
            raise BadRequest(f"The filter can't compare {_shown(field)} by {operator} with {_shown(value)}.")
        return make(operator, value)

    def _count(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise BadRequest(f"The filter has more than {MOST_PARTS} parts.")


def _only(parts: tuple[Condition, ...]) -> Condition:
    return parts[0] if len(parts) == 1 else All(parts)


def _values(name: str, value: Any, fits: Callable[[Any], bool]) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple) or not all(fits(one) for one in value):
        raise BadRequest(f"The filter's {_shown(name)} takes a list of values that fit it, not {_shown(value)}.")
    if len(value) > LONGEST_LIST:
        raise BadRequest(f"The filter's {_shown(name)} lists more than {LONGEST_LIST} values.")
    return tuple(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_TEXT


def _is_page(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, bool) or _is_ordered(value)


def _is_ordered(value: Any) -> bool:
    return _is_text(value) or _is_number(value)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


# ---------------------------------------------------------------- comparing

_MISSING: Final = object()

ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": lambda found, value: found > value,
    "gte": lambda found, value: found >= value,
    "lt": lambda found, value: found < value,
    "lte": lambda found, value: found <= value,
}


def _compare(operator: str, found: Any, value: Any) -> bool:
    """A list in the metadata matches when one of its items does; `ne` is the opposite of `eq`."""
    if operator == "ne":
        return not _compare("eq", found, value)
    items = found if isinstance(found, list | tuple) else (found,)
    if operator == "in":
        return any(_equal(item, one) for item in items for one in value)
    if operator == "eq":
        return any(_equal(item, value) for item in items)
    return any(_comparable(item, value) and ORDER[operator](item, value) for item in items)


def _equal(found: Any, value: Any) -> bool:
    if found is None or isinstance(found, bool) or value is None or isinstance(value, bool):
        return found is value
    return bool(_comparable(found, value) and found == value)


def _comparable(found: Any, value: Any) -> bool:
    return (_is_number(found) and _is_number(value)) or (isinstance(found, str) and isinstance(value, str))


def _look_up(metadata: Mapping[str, Any], field: str) -> Any:
    """The field of that very name; else `a.b` is field b of the object a."""
    if field in metadata:
        return metadata[field]
    found: Any = metadata
    for name in field.split("."):
        if not isinstance(found, Mapping) or name not in found:
            return _MISSING
        found = found[name]
    return found


def _not(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _all(truths: Iterable[Truth]) -> Truth:
    unknown = False
    for truth in truths:
        if truth is False:
            return False
        unknown = unknown or truth is None
    return None if unknown else True
