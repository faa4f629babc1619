"""What a web page says, without what leads elsewhere."""

from __future__ import annotations

from pathlib import Path

from ingest.parse.html import parse_html

LINKS = "".join(f"<div><a href='/{name}'>{name}</a></div>" for name in ("Tours", "Fares", "Harbour", "Crew", "Shop"))
STORY = f"<h1>The night boat</h1><p>{'It leaves at nine and is back by dawn. ' * 5}</p>"


def texts(folder: Path, body: str) -> list[str]:
    (folder / "page.html").write_text(f"<html><body>{body}</body></html>")
    [page] = parse_html(folder / "page.html", 1, 1)
    return [block.text for block in page.blocks]


def test_menus_without_a_name_are_left_out(tmp_path: Path) -> None:
    assert texts(tmp_path, f"<div>{LINKS}</div>{STORY}<div>{LINKS}</div>") == texts(tmp_path, STORY)


def test_a_navigation_is_left_out_wherever_it_stands(tmp_path: Path) -> None:
    assert texts(tmp_path, f"<main>{STORY}<nav>Next: Fares</nav></main>") == texts(tmp_path, STORY)


def test_a_cookie_layer_is_left_out(tmp_path: Path) -> None:
    layer = "<div><p>Our cookies are sweet. <button>Accept</button></p></div>"
    assert texts(tmp_path, layer + STORY) == texts(tmp_path, STORY)


def test_a_list_of_links_under_a_heading_is_content(tmp_path: Path) -> None:
    points = "".join(f"<li><a href='/{name}'>{name}</a></li>" for name in ("Ada", "Bea", "Cy", "Dan"))
    assert any("Bea" in text for text in texts(tmp_path, f"{STORY}<h2>Captains</h2><ul>{points}</ul>"))


def test_a_list_of_links_after_a_sentence_with_a_colon_is_content(tmp_path: Path) -> None:
    assert "Harbour" in texts(tmp_path, f"{STORY}<p>See also:</p><div>{LINKS}</div>")


def test_a_page_of_links_keeps_them(tmp_path: Path) -> None:
    assert "Harbour" in texts(tmp_path, f"<div>{LINKS}</div><p>Index</p>")


def test_words_about_cookies_are_content_where_nothing_is_to_be_pressed(tmp_path: Path) -> None:
    assert "Cookies need butter." in texts(tmp_path, f"{STORY}<div><p>Cookies need butter.</p></div>")


def test_a_definition_stands_beside_its_term(tmp_path: Path) -> None:
    assert texts(tmp_path, "<dl><dt>Knot</dt><dd>1.852 km/h</dd><dt>Log</dt><dd>a book</dd></dl>") == [
        "- Knot: 1.852 km/h\n- Log: a book"
    ]
