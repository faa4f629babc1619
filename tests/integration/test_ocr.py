"""Words in pictures are read, in reading order and in place, however the picture is turned."""

from __future__ import annotations

import socket
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image, ImageDraw, ImageFont
from rapidocr.inference_engine.openvino import main as openvino_sessions

from domain.errors import Missing, Unreadable
from domain.parsed import ParsedPage
from ingest.chunk.regions import cell_lines
from ingest.parse.ocr import KERNELS_KEPT, _engine, _not_thin, _threads, recognise_page, recognise_pixels

LINES = ("The quarterly revenue grew", "by twelve percent in March", "because of new customers")


def drawn(size: tuple[int, int] = (900, 500)) -> Image.Image:
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)
    for number, line in enumerate(LINES):
        pen.text((60, 60 + 60 * number), line, "black", font=ImageFont.load_default(40))
    return image


def read(image: Image.Image, path: Path) -> ParsedPage:
    image.save(path)
    return recognise_page(path, "image/png", 1)


def words(page: ParsedPage) -> str:
    return " ".join(block.text for block in page.blocks)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("the recogniser asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_a_thin_picture_is_read_and_not_blown_up(tmp_path: Path) -> None:
    """Enlarged by its short side, a strip of 20 x 1150 pixels took 2.5 GB and most of a minute."""
    strip = drawn().crop((40, 50, 900, 115))
    assert LINES[0] in words(read(strip, tmp_path / "strip.png"))
    assert _not_thin(Image.new("RGB", (1150, 20))).size == (1150, 287)


def test_a_picture_of_one_pixel_holds_no_words(tmp_path: Path) -> None:
    page = read(Image.new("RGB", (1, 1), "red"), tmp_path / "dot.png")
    assert (page.read_as, page.blocks) == ("image", ())


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_page_is_read_in_order_however_it_is_turned(tmp_path: Path, turn: int) -> None:
    page = read(drawn().rotate(-turn, expand=True), tmp_path / "page.png")
    assert " ".join(words(page).split()) == " ".join(LINES)
    assert (page.read_as, page.needs_ocr) == ("ocr", False)
    assert page.confidence is not None
    assert page.confidence > 0.9


def test_what_reads_upside_down_as_well_is_read_as_the_lines_around_it(tmp_path: Path) -> None:
    image = drawn((1900, 1400))
    ImageDraw.Draw(image).text((505, 705), "80%", "black", font=ImageFont.load_default(26))
    upright, upside_down = (read(each, tmp_path / "page.png") for each in (image, image.rotate(180)))
    assert words(upright).endswith("80%")
    assert words(upside_down).endswith("80%")


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_small_print_is_read_on_a_page_that_lies_on_its_side_or_its_head(tmp_path: Path, turn: int) -> None:
    line = "goes over many words, and on to the end of its line, where the page is already near its end, as said before"
    image = Image.new("RGB", (1900, 1400), "white")
    pen = ImageDraw.Draw(image)
    pen.text((80, 80), "Revenue grew by twelve percent", "black", font=ImageFont.load_default(90))
    for number in range(4):
        pen.text((80, 800 + 22 * number), f"Line {number} {line}", "black", font=ImageFont.load_default(15))
    page = read(image.rotate(turn, expand=True), tmp_path / "page.png")
    assert words(page).count("goes over many words") == 4
    assert words(page).startswith("Revenue grew")


def test_lines_stand_where_their_ink_is(tmp_path: Path) -> None:
    page = read(drawn(), tmp_path / "page.png")
    lines = [line for block in page.blocks for line in block.lines]
    assert len(lines) == 3
    for number, line in enumerate(lines):
        assert abs(line.box.x0 - 60 / 900) < 0.02
        assert abs((line.box.y0 + line.box.y1) / 2 - (85 + 60 * number) / 500) < 0.04


INVOICE = (
    ("Description", "Qty", "Unit price", "Amount"),
    ("Oak library shelves", "12", "184.50", "2,214.00"),
    ("Fitting and finishing", "26", "48.00", "1,248.00"),
    ("Reading bench", "3", "395.00", "1,185.00"),
    ("Delivery", "1", "75.00", "75.00"),
)


def invoice() -> Image.Image:
    image = Image.new("RGB", (1100, 600), "white")
    pen = ImageDraw.Draw(image)
    for y, row in enumerate(INVOICE):
        for x, cell in zip((60, 560, 700, 900), row, strict=True):
            pen.text((x, 60 + 60 * y), cell, "black", font=ImageFont.load_default(30))
    return image


@pytest.mark.parametrize("tilt", [0, 2.5, -3])
@pytest.mark.parametrize("turn", [0, 90])
def test_the_rows_of_a_photographed_table_are_read_though_it_lies_askew(tmp_path: Path, tilt: float, turn: int) -> None:
    picture = invoice().rotate(tilt, expand=True, fillcolor="white").rotate(-turn, expand=True)
    (table,) = [block for block in read(picture, tmp_path / "page.png").blocks if block.kind == "table"]
    assert table.cells[1:] == INVOICE[1:]
    assert [line.text for line in cell_lines(table)][4:] == [cell for row in INVOICE[1:] for cell in row]


def test_what_is_read_askew_stands_where_it_is(tmp_path: Path) -> None:
    image = Image.new("RGB", (1000, 1000), "white")
    pen = ImageDraw.Draw(image)
    for y, line in ((100, LINES[0]), (480, LINES[1])):
        pen.text((100, y), line, "black", font=ImageFont.load_default(40))
    turned = image.rotate(4, fillcolor="white")
    page = read(turned, tmp_path / "page.png")
    box = page.blocks[0].lines[0].box
    dark = turned.crop((0, 0, 1000, 300)).convert("L").point(lambda value: 255 * (value < 128)).getbbox()
    assert dark is not None
    assert all(abs(a - b / 1000) < 0.02 for a, b in zip((box.x0, box.y0, box.x1, box.y1), dark, strict=True))


def test_two_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    image = Image.new("RGB", (1150, 700), "white")
    pen = ImageDraw.Draw(image)
    for side, name in ((40, "left"), (620, "right")):
        for number in range(6):
            pen.text(
                (side, 60 + 40 * number), f"the {name} column has line {number}", "black", ImageFont.load_default(30)
            )
    text = words(read(image, tmp_path / "page.png"))
    assert text.rindex("left") < text.index("right")


def test_a_page_without_words_is_an_image(tmp_path: Path) -> None:
    page = read(Image.new("RGB", (400, 300), "navy"), tmp_path / "page.png")
    assert (page.read_as, page.blocks) == ("image", ())


def as_png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def test_a_crop_gives_its_words_and_how_sure_of_them() -> None:
    text, confidence, lines = recognise_pixels(as_png(drawn()))
    assert text.split("\n") == list(LINES)
    assert confidence > 0.9
    assert [line.text for line in lines] == list(LINES)


def test_a_crop_too_small_for_words_is_not_read() -> None:
    assert recognise_pixels(as_png(Image.new("RGB", (200, 12)))) == ("", 0.0, ())


@pytest.mark.parametrize("spoil", [lambda data: b"", lambda data: b"no picture", lambda data: data[:60]])
def test_a_damaged_crop_is_refused_with_a_sentence(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(Unreadable, match="crop"):
        recognise_pixels(spoil(as_png(drawn())))


def test_a_page_that_is_not_there_is_missing(tmp_path: Path) -> None:
    drawn().save(tmp_path / "page.png")
    with pytest.raises(Missing):
        recognise_page(tmp_path / "page.png", "image/png", 2)


def test_few_kernels_are_kept_for_the_shapes_of_pictures() -> None:
    """With OpenVINO's default the recogniser grew past 1.9 GB over a hundred pictures, each of another size."""
    sessions = cast(Any, openvino_sessions)
    assert _engine(_threads())
    assert sessions.CPUConfig({}).get_config()["CPU_RUNTIME_CACHE_CAPACITY"] == str(KERNELS_KEPT)
