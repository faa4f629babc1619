"""The words of a prompt: sections of a `.md` file, each a template whose variables are checked before it is used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

from langchain_core.prompts import PromptTemplate

from domain.errors import BadConfiguration

_HEADING = re.compile(r"^## (\w+)\n", re.MULTILINE)


class Templates:
    """`say("source", n="1", …)` fills in one section."""

    def __init__(self, name: str, text: str, variables: Mapping[str, frozenset[str]]) -> None:
        self._name = name
        self._sections = _sections(name, text, variables)

    def say(self, section: str, **values: str) -> str:
        template = self._sections[section]
        if set(template.input_variables) != values.keys():
            raise BadConfiguration(
                f"{self._name}, section {section}, wants {sorted(template.input_variables)}, not {sorted(values)}"
            )
        return template.format(**values)


@lru_cache(maxsize=16)  # all of them
def templates(name: str, variables: tuple[tuple[str, frozenset[str]], ...], package: str = "prompts") -> Templates:
    """The file lies in that package."""
    return Templates(name, (files(package) / name).read_text(encoding="utf-8"), dict(variables))


def _sections(name: str, text: str, variables: Mapping[str, frozenset[str]]) -> dict[str, PromptTemplate]:
    headings = list(_HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    found = {
        heading.group(1): PromptTemplate.from_template(text[heading.end() : end].strip())
        for heading, end in zip(headings, ends, strict=True)
    }
    if found.keys() != variables.keys():
        raise BadConfiguration(f"{name} has the sections {sorted(found)} instead of {sorted(variables)}")
    for section, template in found.items():
        if set(template.input_variables) != variables[section]:
            raise BadConfiguration(
                f"{name}, section {section}, has the variables {template.input_variables} "
                f"instead of {sorted(variables[section])}"
            )
    return found
