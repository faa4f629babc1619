"""The page's files: what is vendored, what is forbidden, how large they are, how they are served."""

from __future__ import annotations

import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.api.guard import Guard
from app.api.page import POLICY, Page, route
from app.api.page_files import APART, EXPORT, IMPORT, joined, read

WEB = Path(__file__).parents[2] / "app" / "web"
OURS = sorted(path for path in WEB.rglob("*.js") if "vendor" not in path.parts)
MOST_BYTES = 60_000
# What turns text into HTML or into code, or is barred by the policy.
FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|createContextualFragment"
    r"|DOMParser|srcdoc|setHTML|\beval\(|new Function|javascript:|\bon[a-z]+=\"|https?://(?!\|)[a-z0-9]"
)


@pytest.fixture(scope="module")
def page() -> Page:
    return Page.of(read(files("app") / "web"))


@pytest.fixture(scope="module")
def http() -> TestClient:
    app = FastAPI()
    app.include_router(route())
    return TestClient(Guard(app, ["a-key"], check_host=False), base_url="http://127.0.0.1:8000")


def test_vendored_files_are_the_published_ones() -> None:
    vendor = (WEB / "vendor" / "VENDOR.md").read_text()
    sums = dict(re.findall(r"^\| `([\w.]+)` \|.*`([0-9a-f]{64})` \|$", vendor, re.MULTILINE))
    assert sums == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (WEB / "vendor").iterdir()
        if path.suffix == ".mjs" and not path.name.endswith(".d.mjs")
    }
    published = re.search(r"sum\s+`([0-9a-f]{64})`", vendor)
    assert published is not None
    hooks = (WEB / "vendor" / "hooks.mjs").read_bytes().replace(b'from"./preact.mjs"', b'from"preact"')
    assert hashlib.sha256(hooks).hexdigest() == published[1]


@pytest.mark.parametrize("path", [*OURS, WEB / "index.html"], ids=lambda path: path.name)
def test_text_never_becomes_html(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert FORBIDDEN.findall(text) == []
    assert "<style" not in text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)


@pytest.mark.parametrize("line", ["a.innerHTML = b", "eval(x)", '<a onclick="x">', "fetch('https://cdn.example')"])
def test_the_lint_finds_what_it_looks_for(line: str) -> None:
    assert FORBIDDEN.search(line)


def test_the_whole_page_is_small(page: Page) -> None:
    """What is sent at the first visit: one of the two languages."""
    sizes = {name: len(file.packed) for name, file in page.files.items() if name != "words/zh.json"}
    assert sum(sizes.values()) <= MOST_BYTES, sorted(sizes.items(), key=lambda one: -one[1])[:8]


def test_both_languages_have_the_same_words() -> None:
    words = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (WEB / "words").glob("*.json")}
    assert sorted(words) == ["en", "zh"]
    assert words["en"].keys() == words["zh"].keys()
    for key, english in words["en"].items():
        gaps = re.findall(r"\{\w+\}", english)
        assert sorted(re.findall(r"\{\w+\}", words["zh"][key])) == sorted(gaps) or key.endswith(".one"), key


def test_every_word_is_used_and_every_used_word_is_there() -> None:
    words = json.loads((WEB / "words" / "en.json").read_text(encoding="utf-8"))
    source = "\n".join(path.read_text(encoding="utf-8") for path in OURS)
    used = set(re.findall(r"\bt\(\s*\"([\w.]+)\"", source))
    assert used - words.keys() == set()
    made = re.findall(r"`([a-z_]+\.[^`\s]*\$\{[^`]+)`", source)  # `status.${document.status}`
    patterns = [re.compile(re.sub(r"\\\$\\\{.*?\\\}", r"\\w+", re.escape(one))) for one in made]
    quoted = set(re.findall(r"\"([\w.]+)\"", source))
    spare = [
        key
        for key in words
        if key.removesuffix(".one") not in quoted
        and not any(pattern.fullmatch(key.removesuffix(".one")) for pattern in patterns)
    ]
    assert spare == []


def test_the_page_is_served_without_a_key_under_a_strict_policy(http: TestClient) -> None:
    answer = http.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert answer.headers["cache-control"] == "no-cache"
    assert http.get("/v1/collections").status_code == 401


def test_files_are_immutable_under_their_version_alone(http: TestClient, page: Page) -> None:
    address = f"/page/{page.version}/page.js"
    assert address in http.get("/").text
    answer = http.get(address)
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert http.get("/page/0123456789abcdef/page.js").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/page/x/page.js"])
def test_an_unchanged_file_is_not_sent_again(http: TestClient, path: str) -> None:
    etag = http.get(path).headers["etag"]
    again = http.get(path, headers={"if-none-match": f'"other", W/{etag}'})
    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize(
    "path", ["/page/x/../../settings.py", "/page/x/index.html", "/page/x/types.d.ts", "/page/x/vendor/VENDOR.md"]
)
def test_nothing_else_is_served(http: TestClient, path: str) -> None:
    assert http.get(path).status_code in (401, 404)


def test_a_change_of_any_file_changes_the_version() -> None:
    sources = read(files("app") / "web")
    changed = sources | {"icon.svg": sources["icon.svg"] + b" "}
    assert Page.of(sources).version != Page.of(changed).version


@pytest.mark.parametrize("path", [path for path in OURS if path.name != APART], ids=lambda path: path.name)
def test_modules_can_be_joined(path: Path) -> None:
    code = path.read_text(encoding="utf-8")
    rest = EXPORT.sub("", IMPORT.sub("", code))
    assert re.findall(r"^(?:import|export)\b.*", rest, re.MULTILINE) == []


def test_joined_modules_are_in_the_order_of_their_imports() -> None:
    modules = {
        "main.js": 'import { a as b } from "./parts/a.js";\nb();\n',
        "parts/a.js": 'import { c } from "../c.js";\nexport const a = () => c;\n',
        "c.js": "/** What it is. */\nexport const c = 1;\n",
    }
    code = joined(modules)
    assert code.index("const c = 1") < code.index("const { c } =") < code.index("const { a: b } =")
    assert "What it is" not in code


def test_a_cycle_of_modules_is_refused() -> None:
    modules = {"main.js": 'import { a } from "./a.js";\n', "a.js": 'import { m } from "./main.js";\n'}
    with pytest.raises(ValueError, match="import each other"):
        joined(modules)
