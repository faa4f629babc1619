"""Every regular expression of the product: those that modules hold, and those written where they are used."""

from __future__ import annotations

import ast
import importlib
import re
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.rooms import ROOT, rooms

_ANCHORED = ("match", "fullmatch")
_VERBS = {"compile": 1, "match": 2, "fullmatch": 2, "search": 2, "findall": 2, "finditer": 2, "split": 3, "sub": 4, "subn": 4}  # fmt: skip # noqa: E501  (which argument the flags are)
_NO_MODULES = ("/migrations/", "/__main__.py")  # importing these runs them


@dataclass(frozen=True, slots=True)
class Found:
    place: str  # file and line, or the module
    pattern: re.Pattern[Any]
    verb: str  # match, fullmatch, or finditer for all that look at every place

    def work(self) -> Callable[[Any], object]:
        if self.verb in _ANCHORED:
            return self.pattern.match if self.verb == "match" else self.pattern.fullmatch
        return lambda text: sum(1 for _ in self.pattern.finditer(text))


class Source:
    """One file of the product."""

    def __init__(self, path: Path) -> None:
        self.name = path.relative_to(ROOT).as_posix()
        self.module = self.name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        self.tree = ast.parse(path.read_text(encoding="utf-8"))

    def evades(self) -> bool:
        """Whether it has the verbs of `re` by another name, or another library's patterns."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                if any(one.name in ("regex", "re2") or (one.name == "re" and one.asname) for one in node.names):
                    return True
            elif isinstance(node, ast.ImportFrom) and node.module in ("re", "regex", "re2"):
                return True
        return False

    def names_used(self) -> Iterator[tuple[str, str, str]]:
        """A module, a name of it, and the verb that is called on it; without a call, an empty verb."""
        called, origin = dict[int, str](), dict[str, tuple[str, str]]()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute):
                called[id(node.value)] = node.attr
            elif isinstance(node, ast.ImportFrom) and node.module:
                origin |= {one.asname or one.name: (node.module, one.name) for one in node.names}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                verb = called.get(id(node), "")
                if verb not in ("pattern", "flags"):
                    yield *origin.get(node.id, (self.module, node.id)), verb

    def written_in_functions(self) -> Iterator[Found | str]:
        """Patterns of the calls in functions; for those that are only known when it is called, the place."""
        names = vars(importlib.import_module(self.module))
        for call in _calls(self.tree):
            verb, place = call.func.attr, f"{self.name}:{call.lineno}"  # type: ignore[attr-defined]
            told = [one.value for one in call.keywords if one.arg == "flags"] or call.args[_VERBS[verb] :][:1]
            try:
                pattern, *flags = (_value(node, names) for node in (call.args[0], *told))
            except NameError:
                yield place
                continue
            compiled = pattern if isinstance(pattern, re.Pattern) else re.compile(pattern, *flags)
            yield Found(place, compiled, verb if verb in _ANCHORED else "finditer")


def _calls(tree: ast.Module) -> list[ast.Call]:
    """Calls of `re` in functions; what is called elsewhere, the module holds."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    inside = (node for function in ast.walk(tree) if isinstance(function, functions) for node in ast.walk(function))
    found = {
        (node.lineno, node.col_offset): node
        for node in inside
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
        and node.func.attr in _VERBS
    }
    return list(found.values())


def _value(node: ast.expr, names: dict[str, Any]) -> Any:
    return eval(compile(ast.Expression(node), "<pattern>", "eval"), dict(names))  # our own source


def sources() -> list[Source]:
    files = (path for room in rooms() for path in sorted((ROOT / room).rglob("*.py")))
    return [Source(path) for path in files if not path.as_posix().endswith(_NO_MODULES) and "/migrations/" not in path.as_posix()]  # fmt: skip # noqa: E501


def held_by_modules(files: list[Source]) -> Iterator[Found]:
    verbs = dict[tuple[str, str], set[str]]()
    for source in files:
        for module, name, verb in source.names_used():
            verbs.setdefault((module, name), set()).add(verb)
    seen = set[int]()
    for source in files:
        for name, value in sorted(vars(importlib.import_module(source.module)).items()):
            if isinstance(value, type | types.FunctionType) and value.__module__ != source.module:
                continue
            used = verbs.get((source.module, name), set()) if isinstance(value, re.Pattern) else set()
            for pattern in held(value, seen):
                for verb in used if used and used <= set(_ANCHORED) else ("finditer",):
                    yield Found(f"{source.module}.{name}", pattern, verb)


def held(value: object, seen: set[int]) -> Iterator[re.Pattern[Any]]:
    """Patterns in a value, in tables, and in what functions and classes keep."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, re.Pattern):
        yield value
        return
    for one in _inside(value):
        yield from held(one, seen)


def _inside(value: object) -> list[object]:
    if isinstance(value, dict | types.MappingProxyType):
        return [*value.keys(), *value.values()]
    if isinstance(value, tuple | list | set | frozenset):
        return list(value)
    if isinstance(value, types.BuiltinMethodType):  # `re.compile(…).search`
        return [value.__self__]
    if isinstance(value, type):
        return [one for name, one in vars(value).items() if not name.startswith("__")]
    if isinstance(value, types.FunctionType):
        closed = (cell.cell_contents for cell in value.__closure__ or ())
        return [*closed, *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
    if (wrapped := getattr(value, "__wrapped__", None)) is not None:
        return [wrapped]
    fields = getattr(type(value), "__dataclass_fields__", {})
    return [getattr(value, name, None) for name in fields]
