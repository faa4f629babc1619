"""What README and docs say is true: the files that they name exist, and what is generated is current."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from app.cli import COMMANDS
from app.settings import LanguageModel, Settings
from scripts.api_docs import written

ROOT = Path(__file__).resolve().parents[2]
GUIDES = (
    *("README.md", "CONTRIBUTING.md", "samples/README.md"),
    *(f"docs/{page}.md" for page in ("architecture", "operations", "numbers")),
)
ROOMS = (
    *("answering", "app", "docs", "domain", "evaluation", "ingest", "lab", "language", "prompts", "retrievers"),
    *("samples", "scripts", "system", "tests"),
)
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(rf"(?:{'|'.join(ROOMS)})/[\w./*{{}},-]*")
MODULE = re.compile(rf"(?:{'|'.join(ROOMS)})(?:\.\w+)+")
LINK = re.compile(r"\]\(([^)#\s]+)")
RUN = re.compile(r"python(?: -m ([\w.]+)| (\w+/[\w/]+\.py))")
EXHIBIT = re.compile(r"^(?:\S+=\S+ )*exhibit ([a-z]\S*)", re.MULTILINE)


def text_of(guide: str) -> str:
    return (ROOT / guide).read_text(encoding="utf-8")


def code_of(guide: str) -> list[str]:
    """Code in a line, and the lines of blocks of code."""
    text = text_of(guide)
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    return CODE.findall(re.sub(r"```\w*\n.*?```", "", text, flags=re.DOTALL)) + "\n".join(blocks).splitlines()


def is_there(path: str) -> bool:
    return (ROOT / path).exists() or any(ROOT.glob(path))


def is_module(name: str) -> bool:
    """A module, or a name within one."""
    path = ROOT / name.replace(".", "/")
    if path.is_dir() or path.with_suffix(".py").is_file():
        return True
    module = path.parent.with_suffix(".py") if path.parent.with_suffix(".py").is_file() else path.parent / "__init__.py"
    return module.is_file() and re.search(rf"\b{path.name}\b", module.read_text(encoding="utf-8")) is not None


@pytest.mark.parametrize("guide", GUIDES)
def test_the_files_that_a_guide_names_exist(guide: str) -> None:
    named = [path for code in code_of(guide) for path in PATH.findall(code)]
    linked = [(ROOT / guide).parent / link for link in LINK.findall(text_of(guide)) if "://" not in link]
    assert [path for path in named if not is_there(path)] == []
    assert [str(link) for link in linked if not link.exists()] == []


@pytest.mark.parametrize("guide", GUIDES)
def test_the_modules_that_a_guide_names_exist(guide: str) -> None:
    named = [name for code in code_of(guide) if "/" not in code for name in MODULE.findall(code)]
    assert [name for name in named if not name.endswith(".py") and not is_module(name)] == []


@pytest.mark.parametrize("guide", GUIDES)
def test_the_commands_that_a_guide_names_exist(guide: str) -> None:
    code = "\n".join(code_of(guide))
    modules = [module for module, _ in RUN.findall(code) if module]
    known = {command.name for command in COMMANDS}
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []
    assert [name for name in EXHIBIT.findall(code) if name not in known] == []


def test_every_decision_is_listed() -> None:
    pages = {page.name for page in (ROOT / "docs" / "decisions").glob("0*.md")}
    assert pages <= set(LINK.findall(text_of("docs/decisions/README.md")))


def test_the_description_of_the_interface_is_current() -> None:
    assert text_of("docs/api.md") == written(), "run `python scripts/api_docs.py`"


@pytest.mark.parametrize("guide", ["docs/operations.md", ".env.example"])
def test_every_setting_is_explained(guide: str) -> None:
    names = [name for name in Settings.model_fields if name != "llm"]
    names += [f"llm__{name}" for name in LanguageModel.model_fields]
    text = text_of(guide)
    assert [name for name in names if f"EXHIBIT_{name.upper()}" not in text] == []


def test_the_readme_stays_short() -> None:
    assert len(text_of("README.md").splitlines()) < 150
