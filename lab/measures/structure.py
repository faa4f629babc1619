"""`python -m lab.measures.structure [ROOT]`: the size and shape of the product's code, by its syntax trees.

Counts lengths of functions and files, import cycles (local and typing-only imports counted), the modules behind a
module, methods of each port, broad `except`s, mocks in tests, public classes that share a name, and repeated lines.
With `--list` it also names what is over a bound. ROOT is a checkout; by default this one.
"""

from __future__ import annotations

import argparse
import ast
import math
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STORY = ("answering.ask", "app.services.ask")  # the module that tells how a question is answered, newest name first
LONG_FUNCTION, LONG_FILE, MANY_VERBS, REPEATED = 60, 500, 8, 12  # lines, lines, methods, lines
PATCHES = frozenset({"patch", "setattr", "setitem", "MagicMock", "Mock", "AsyncMock", "setenv", "delattr"})
MOCKS = frozenset({"patch", "MagicMock", "Mock", "AsyncMock"})
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One source file, parsed."""

    name: str
    path: Path
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @cached_property
    def lines(self) -> int:
        """Lines of the file, apart from tables of data: assignments at module level that only hold literals."""
        return self.source.count("\n") - sum(_height(node) for node in self.tree.body if _is_table(node))

    @property
    def is_types(self) -> bool:
        """Whether the module only holds values, errors, protocols or constants; all of `domain` counts as such."""
        return "domain" in self.name.split(".")[:2] or not any(_behaves(node) for node in self.tree.body)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lab.measures.structure", description=__doc__)
    parser.add_argument("root", nargs="?", type=Path, default=ROOT)
    parser.add_argument("--list", action="store_true", help="also name what is over a bound")
    options = parser.parse_args()
    rows, over = measured(options.root.resolve())
    width = max(len(name) for name, _ in rows)
    for name, figure in rows:
        print(f"{name:{width}}  {figure}")
    if options.list:
        for name in over:
            print(f"- {name}")


def measured(root: Path) -> tuple[list[tuple[str, str]], list[str]]:
    """Rows of (what, figure), and what is over a bound."""
    product = modules(root, packages(root))
    tests = [module for module in modules(root, ["tests"]) if module.path.suffix == ".py"]
    lengths = sorted((height, f"{module.name}.{name}") for module in product for name, height in functions(module))
    files = sorted((module.lines, module.name) for module in product)
    imports = {module.name: set(imported(module, {one.name for one in product})) for module in product}
    loops = cycles(imports)
    story = next(name for name in STORY if name in imports)
    behind = [module.name for module in product if module.name in reached(imports, story) and not module.is_types]
    ports = [(len(verbs), f"{module.name}.{name}") for module in product for name, verbs in protocols(module)]
    broad, silent = broad_excepts(product)
    twice = {name: places for name, places in public_classes(product).items() if len(places) > 1}
    repeated = repeats(product)
    code, of_tests = sloc(product), sloc(tests)
    rows = [
        ("files, lines of code", f"{len(product)}, {code}"),
        ("functions: p95, longest", f"{percentile(lengths, 95)}, {lengths[-1][0]}"),
        (f"functions over {LONG_FUNCTION} lines", str(sum(height > LONG_FUNCTION for height, _ in lengths))),
        ("files: p95, longest", f"{percentile(files, 95)}, {files[-1][0]}"),
        (f"files over {LONG_FILE} lines", str(sum(height > LONG_FILE for height, _ in files))),
        ("import cycles", str(len(loops))),
        (f"modules with behaviour behind {story}", str(len(behind))),
        ("most verbs on a port", "{} ({})".format(*max(ports))),
        ("broad excepts per 1,000 lines, silent", f"{1000 * len(broad) / code:.2f}, {len(silent)}"),
        ("mocks, patches per 1,000 lines of tests", _per_thousand(tests, of_tests)),
        ("public classes that share a name", str(len(twice))),
        (f"repeats of {REPEATED} lines or more", str(len(repeated))),
        ("lines of tests per line of code", f"{of_tests / code:.2f}"),
    ]
    over = [
        *(f"{height} lines: {name}" for height, name in lengths if height > LONG_FUNCTION),
        *(f"{height} lines: {name}" for height, name in files if height > LONG_FILE),
        *(f"a cycle: {' '.join(sorted(loop))}" for loop in loops),
        *(f"behind {story}: {name}" for name in behind),
        *(f"{count} verbs: {name}" for count, name in sorted(ports) if count > MANY_VERBS),
        *(f"broad except: {place}" for place in broad),
        *(f"silent: {place}" for place in silent),
        *(f"{name}: {', '.join(places)}" for name, places in twice.items()),
        *(f"repeated: {' = '.join(places)}" for places in repeated),
    ]
    return rows, over


def packages(root: Path) -> list[str]:
    """The product's packages: those that the wheel holds."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    included = settings["tool"]["setuptools"]["packages"]["find"]["include"]
    return [name for name in (one.rstrip("*.") for one in included) if name not in ("bench", "train", "lab")]


def modules(root: Path, folders: Iterable[str]) -> list[Module]:
    found = sorted(path for folder in folders for path in (root / folder).rglob("*.py"))
    return [Module(_dotted(path.relative_to(root)), path, path.read_text(encoding="utf-8")) for path in found]


def functions(module: Module) -> Iterator[tuple[str, int]]:
    """Each function with its height in lines, nested ones too."""
    for node in ast.walk(module.tree):
        if isinstance(node, Function):
            yield node.name, _height(node)


def imported(module: Module, known: set[str]) -> Iterator[str]:
    """The product's modules that this one imports, wherever in the file."""
    for node in ast.walk(module.tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names] + [node.module]
            inner = [name for name in names[:-1] if name in known]
            names = inner if len(inner) == len(node.names) else names
        yield from (name for name in names if name in known and name != module.name)


def cycles(imports: Mapping[str, set[str]]) -> list[set[str]]:
    """Groups of modules that reach each other (strongly connected components; Tarjan 1972)."""
    loops, done = [], set[str]()
    for name in imports:
        if name in done:
            continue
        loop = {other for other in reached(imports, name) if name in reached(imports, other)}
        done |= loop | {name}
        if loop:
            loops.append(loop | {name})
    return loops


def reached(imports: Mapping[str, set[str]], start: str) -> set[str]:
    """Everything that a module imports, directly or through others."""
    seen, waiting = set[str](), list(imports[start])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(imports[name])
    return seen


def protocols(module: Module) -> Iterator[tuple[str, list[str]]]:
    """Each Protocol with the names of its methods."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef) and any(_last(base) == "Protocol" for base in node.bases):
            yield node.name, [one.name for one in node.body if isinstance(one, Function)]


def broad_excepts(product: Sequence[Module]) -> tuple[list[str], list[str]]:
    """Handlers of everything; and those of them that neither tell, raise nor use what they caught."""
    broad, silent = [], []
    for module in product:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ExceptHandler) and (
                node.type is None or {_last(one) for one in _each(node.type)} & {"Exception", "BaseException"}
            ):
                place = f"{module.name}:{node.lineno}"
                broad.append(place)
                if all(isinstance(one, ast.Pass | ast.Continue) for one in node.body):
                    silent.append(place)
    return broad, silent


def public_classes(product: Sequence[Module]) -> dict[str, list[str]]:
    found = defaultdict(list)
    for module in product:
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(module.name)
    return found


def repeats(product: Sequence[Module], least: int = REPEATED) -> list[list[str]]:
    """Places that share so many lines of code in a row; blank lines, comments and imports do not count."""
    places = defaultdict(list)
    for module in product:
        lines = [(number, line) for number, line in _code_lines(module)]
        for start in range(len(lines) - least + 1):
            piece = tuple(line for _, line in lines[start : start + least])
            places[piece].append(f"{module.name}:{lines[start][0]}")
    found = [where for where in places.values() if len(where) > 1]
    return [where for n, where in enumerate(found) if n == 0 or not _follows(found[n - 1], where)]


def sloc(some: Sequence[Module]) -> int:
    """Lines that hold code: neither blank, comment nor docstring."""
    return sum(1 for module in some for _ in _code_lines(module, imports=True))


def percentile(sizes: Sequence[tuple[int, str]], share: int) -> int:
    """Nearest rank, of sorted sizes."""
    return sizes[max(0, math.ceil(share / 100 * len(sizes)) - 1)][0]


def _per_thousand(tests: Sequence[Module], lines: int) -> str:
    called = Counter(
        _last(node.func) for module in tests for node in ast.walk(module.tree) if isinstance(node, ast.Call)
    )
    mocks = sum(called[name] for name in MOCKS)
    patches = sum(called[name] for name in PATCHES)
    return f"{1000 * mocks / lines:.2f}, {1000 * patches / lines:.2f}"


def _code_lines(module: Module, imports: bool = False) -> Iterator[tuple[int, str]]:
    skipped = set[int]()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and not imports:
            skipped |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            skipped |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    for number, line in enumerate(module.source.split("\n"), start=1):
        bare = line.strip()
        if bare and not bare.startswith("#") and number not in skipped:
            yield number, bare


def _follows(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether a repeat only goes on where the former one was found, a line or so further down."""
    if len(before) != len(after):
        return False
    for first, second in zip(before, after, strict=True):
        (name, line), (other, further) = first.rsplit(":", 1), second.rsplit(":", 1)
        if name != other or not 0 < int(further) - int(line) <= REPEATED:
            return False
    return True


def _behaves(node: ast.stmt) -> bool:
    """A function, or a class that is neither a frozen value, an enumeration, an error nor a protocol."""
    if isinstance(node, Function):
        return True
    if not isinstance(node, ast.ClassDef):
        return False
    bases = {_last(base) for base in node.bases}
    is_value = any("dataclass" in ast.unparse(one) for one in node.decorator_list)
    is_type = bool(bases & {"Protocol", "Enum", "StrEnum", "NamedTuple", "TypedDict", "BaseModel"})
    is_error = any(base.endswith(("Error", "Exception")) for base in bases) or not any(
        isinstance(one, Function) for one in node.body
    )
    return not (is_value or is_type or is_error)


def _is_table(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign | ast.AnnAssign) and _height(node) > 3


def _height(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _each(node: ast.expr) -> Sequence[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node]


def _last(node: ast.expr) -> str:
    """The last name of `a.b.c`, `c`, `c[…]` or `c(…)`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript):
        return _last(node.value)
    if isinstance(node, ast.Call):
        return _last(node.func)
    return node.id if isinstance(node, ast.Name) else ""


def _dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


if __name__ == "__main__":
    main()
