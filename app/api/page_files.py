"""The page's files as they are served: our modules joined into one, our styles into another, without comments.

Sixty modules sent one by one would be twice as many bytes, and sixty requests. Nothing is translated: each module
becomes a function that is called once, in the order of its imports. This asks three things of a module, and a test
holds them: it imports names (`import { a, b as c } from "./x.js";`), exports functions, classes and constants where it
defines them, and is in no cycle.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from importlib.resources.abc import Traversable
from posixpath import join, normpath

TYPES = ("html", "js", "mjs", "css", "json", "svg")
INDEX = "index.html"
START = "main.js"
APART = "html.js"  # what it imports is others': these files are sent as they were published
MODULE = "page.js"
STYLE = "page.css"
IMPORT = re.compile(r'^import (?:\{([^}]*)\} from )?"(\.[^"]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export ((?:async )?(?:function\*? ?|class |const )(\w+))", re.MULTILINE)
# Of a kind that is never code: a block that begins a line, or stands before a name or a bracket.
COMMENT = re.compile(
    r"^[ \t]*/\*\*.*?\*/[ \t]*\n|/\*\* @type \{[^\n]*?\} \*/ ?|^[ \t]*// [^\n]*\n", re.MULTILINE | re.DOTALL
)
STYLE_COMMENT = re.compile(r"/\*.*?\*/\n?", re.DOTALL)
INDENT = re.compile(r"^[ \t]+", re.MULTILINE)  # no text of ours spans lines, where it would mean something


def read(folder: Traversable, path: str = "") -> dict[str, bytes]:
    """The files of a folder that a browser may ask for, by their path."""
    found: dict[str, bytes] = {}
    for one in folder.iterdir():
        if one.is_dir():
            found |= read(one, f"{path}{one.name}/")
        elif one.name.rpartition(".")[2] in TYPES and one.name != "tsconfig.json":
            found[path + one.name] = one.read_bytes()
    return found


def served(sources: Mapping[str, bytes]) -> dict[str, bytes]:
    """By the path under which each is asked for."""
    ours = {name: body.decode() for name, body in sources.items() if name.endswith(".js") and name != APART}
    styles = [sources[name].decode() for name in styles_of(sources[INDEX].decode())]
    rest = {name: body for name, body in sources.items() if name not in ours and not name.endswith(".css")}
    rest[APART] = COMMENT.sub("", sources[APART].decode()).encode()
    style = INDENT.sub("", STYLE_COMMENT.sub("", "".join(styles)))
    return rest | {MODULE: INDENT.sub("", joined(ours)).encode(), STYLE: style.encode()}


def styles_of(index: str) -> list[str]:
    return re.findall(r'<link rel="stylesheet" href="([^"]+)">', index)


def joined(modules: Mapping[str, str]) -> str:
    parts = [f'import * as $html from "./{APART}";\nconst $ = {{ "{APART}": $html }};\n']
    for name in in_order(modules):
        code = COMMENT.sub("", IMPORT.sub(partial(_taken, name), modules[name]))
        exports = ", ".join(found[1] for found in EXPORT.findall(code))
        code = EXPORT.sub(r"\1", code)
        parts.append(code if name == START else f'$["{name}"] = (() => {{\n{code}return {{ {exports} }};\n}})();\n')
    return "".join(parts)


def imports_of(name: str, code: str) -> list[str]:
    return [normpath(join(name, "..", path)) for _, path in IMPORT.findall(code)]


def in_order(modules: Mapping[str, str]) -> Iterator[str]:
    """Each after what it imports, the start last. Raises ValueError for a cycle."""
    done: set[str] = set()

    def reached(name: str, way: tuple[str, ...]) -> Iterator[str]:
        if name in way:
            raise ValueError(f"modules of the page import each other: {' → '.join((*way, name))}")
        if name in done or name == APART:
            return
        for one in imports_of(name, modules[name]):
            yield from reached(one, (*way, name))
        done.add(name)
        yield name

    yield from reached(START, ())


def _taken(name: str, found: re.Match[str]) -> str:
    path = normpath(join(name, "..", found[2]))
    names = re.sub(r"(\w+) as (\w+)", r"\1: \2", " ".join((found[1] or "").split()))
    return f'const {{ {names} }} = $["{path}"];\n' if names else ""
