"""Pictures of any kind come out upright, on white, RGB and of bounded size; hostile ones as a sentence."""

from __future__ import annotations

import base64
import gzip
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from domain.documents import Box
from domain.errors import Missing, Unreadable
from ingest.identify import media_type_of
from ingest.parse.pictures import MOST_FRAMES, draw_svg, encoded, open_picture, open_svg, parse_picture, parse_svg
from ingest.parse.render import render_page


def saved(image: Image.Image, path: Path, **options: Any) -> Path:
    image.save(path, **options)
    return path


def pixels_of(path: Path) -> Image.Image:
    (page,) = parse_picture(path, 1, 1)
    assert page.needs_ocr
    assert page.blocks[0].pixels is not None
    return Image.open(BytesIO(page.blocks[0].pixels))


MODES = [(suffix, mode) for suffix in ("png", "gif", "bmp", "tif") for mode in ("1", "L", "P", "RGB")]


@pytest.mark.parametrize(("suffix", "mode"), [*MODES, ("jpg", "L"), ("jpg", "RGB"), ("webp", "L"), ("webp", "RGB")])
def test_every_format_and_mode_comes_out_as_rgb(tmp_path: Path, suffix: str, mode: str) -> None:
    path = saved(Image.new(mode, (40, 30), 1), tmp_path / f"picture.{suffix}")
    assert open_picture(path).pages == 1
    picture = pixels_of(path)
    assert (picture.mode, picture.size) == ("RGB", (40, 30))


def test_transparency_is_on_white(tmp_path: Path) -> None:
    path = saved(Image.new("RGBA", (10, 10), (255, 0, 0, 0)), tmp_path / "clear.png")
    assert pixels_of(path).getpixel((5, 5)) == (255, 255, 255)


def test_an_orientation_in_the_metadata_is_obeyed(tmp_path: Path) -> None:
    image = Image.new("RGB", (80, 40), "white")
    image.paste("red", (0, 0, 20, 40))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: shown rotated a quarter to the right
    picture = pixels_of(saved(image, tmp_path / "turned.jpg", exif=exif, quality=95))
    assert picture.size == (40, 80)
    red, green, _ = picture.convert("RGB").getpixel((20, 5))  # type: ignore[misc]
    assert red > 200 > 80 > green


def test_sixteen_bits_keep_their_greys(tmp_path: Path) -> None:
    grey = np.full((20, 20), 32768, dtype=np.uint16)
    assert pixels_of(saved(Image.fromarray(grey), tmp_path / "deep.png")).getpixel((3, 3)) == (128, 128, 128)


def test_cmyk_is_shown_in_its_colours(tmp_path: Path) -> None:
    picture = pixels_of(saved(Image.new("CMYK", (20, 20), (0, 255, 255, 0)), tmp_path / "press.jpg", quality=95))
    red, green, blue = picture.getpixel((9, 9))  # type: ignore[misc]
    assert red > 200
    assert max(green, blue) < 60


def test_a_very_wide_picture_is_scaled_down(tmp_path: Path) -> None:
    assert pixels_of(saved(Image.new("L", (20_000, 100)), tmp_path / "wide.png")).size == (2000, 10)
    assert pixels_of(saved(Image.new("L", (1, 1)), tmp_path / "dot.png")).size == (1, 1)


def test_each_frame_of_a_tiff_is_a_page_and_an_animation_is_one(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (30, 30), colour) for colour in ("red", "green", "blue")]
    tiff = saved(frames[0], tmp_path / "scan.tiff", save_all=True, append_images=frames[1:])
    gif = saved(frames[0], tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    assert (open_picture(tiff).pages, open_picture(gif).pages) == (3, 1)
    assert [page.number for page in parse_picture(tiff, 2, 9)] == [2, 3]


def test_frames_beyond_the_limit_are_named(tmp_path: Path) -> None:
    many = [Image.new("1", (4, 4))] * (MOST_FRAMES + 5)
    identity = open_picture(saved(many[0], tmp_path / "many.tif", save_all=True, append_images=many[1:]))
    assert identity.pages == MOST_FRAMES
    assert "first 200 of 205" in identity.problems[0].message


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is huge."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(60_000, 60_000), (12_000, 12_000)])
def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "bomb.png").write_bytes(png_claiming(*size))
    with pytest.raises(Unreadable, match="pixels"):
        open_picture(tmp_path / "bomb.png")


@pytest.mark.parametrize("data", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0\xff\xff\xff\xff"])
def test_a_file_that_is_no_picture_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "odd").write_bytes(data)
    with pytest.raises(Unreadable):
        open_picture(tmp_path / "odd")


def test_a_truncated_picture_shows_what_there_is_and_says_so(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    whole = saved(Image.fromarray(noise), tmp_path / "whole.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    (page,) = parse_picture(tmp_path / "half.png", 1, 1)
    assert page.blocks
    assert "damaged" in page.problems[0].message


def test_photographs_are_kept_as_jpeg_and_drawings_as_png() -> None:
    slopes = np.add.outer(np.arange(300), np.arange(300) * 2)[..., None] * np.array([1, 2, 3])
    noise = np.random.default_rng(0).integers(0, 40, (300, 300, 3))
    assert encoded(Image.fromarray(((slopes + noise) % 256).astype(np.uint8)), 1000)[:2] == b"\xff\xd8"
    assert encoded(Image.new("RGB", (300, 300), "white"), 100)[:4] == b"\x89PNG"


# ---------------------------------------------------------------- SVG

DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
width="200" height="100"><title>A plan</title><rect width="100" height="100" fill="#f00"/>{}</svg>"""


def svg(path: Path, inside: str = "") -> Path:
    path.write_text(DRAWING.format(inside), encoding="utf-8")
    return path


def test_a_drawing_is_drawn_and_its_words_are_text(tmp_path: Path) -> None:
    path = svg(tmp_path / "plan.svg", '<text x="9" y="9">Kitchen <tspan>12 m²</tspan></text><text>厨房</text>')
    assert (open_svg(path).title, open_svg(path).pages) == ("A plan", 1)
    (page,) = parse_svg(path, 1, 1)
    assert page.blocks[0].text == "A plan\nKitchen 12 m²\n厨房"
    picture = draw_svg(path, 400)
    assert picture.size == (400, 200)
    assert (picture.getpixel((50, 150)), picture.getpixel((350, 150))) == ((255, 0, 0), (255, 255, 255))


@pytest.mark.parametrize("unit", ["pt", "in", "mm"])
def test_a_drawing_whose_size_is_in_a_unit_of_print_is_drawn(tmp_path: Path, unit: str) -> None:
    path = svg(tmp_path / "plan.svg")
    sides = f'width="120{unit}" height="60{unit}" viewBox="0 0 200 100"'
    path.write_text(path.read_text(encoding="utf-8").replace('width="200" height="100"', sides), encoding="utf-8")
    picture = draw_svg(path, 400)
    assert picture.size == (400, 200)
    assert (picture.getpixel((50, 150)), picture.getpixel((350, 150))) == ((255, 0, 0), (255, 255, 255))


def test_a_zipped_drawing_is_read(tmp_path: Path) -> None:
    (tmp_path / "plan.svgz").write_bytes(gzip.compress(svg(tmp_path / "plan.svg").read_bytes()))
    assert open_svg(tmp_path / "plan.svgz").title == "A plan"


@pytest.mark.parametrize("element", ["image", "feImage"])
@pytest.mark.parametrize("attribute", ["href", "xlink:href"])
def test_a_drawing_shows_no_file_of_this_machine(tmp_path: Path, element: str, attribute: str) -> None:
    secret = saved(Image.new("RGB", (100, 100), "blue"), tmp_path / "secret.png")
    inside = f'<{element} x="100" width="100" height="100" {attribute}="{secret}"/>'
    nested = base64.b64encode(DRAWING.format(inside).encode()).decode()
    for each in (inside, f'<image width="200" height="100" href="data:image/svg+xml;base64,{nested}"/>'):
        picture = draw_svg(svg(tmp_path / "spy.svg", each), 200)
        assert picture.getpixel((150, 50)) != (0, 0, 255)


BOMB = '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">{}]><svg xmlns="http://www.w3.org/2000/svg"><text>&j;</text></svg>'


def test_an_entity_bomb_or_no_drawing_is_refused_with_a_sentence(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
    for text in (BOMB.format(entities), "<html/>", "<svg", ""):
        (tmp_path / "odd.svg").write_text(text)
        with pytest.raises(Unreadable):
            open_svg(tmp_path / "odd.svg")


# ---------------------------------------------------------------- pages with regions drawn


def test_regions_are_marked_and_the_rest_stays(tmp_path: Path) -> None:
    path = saved(Image.new("RGB", (400, 200), "white"), tmp_path / "page.png")
    plain = Image.open(BytesIO(render_page(path, "image/png", 1)))
    drawn = Image.open(BytesIO(render_page(path, "image/png", 1, boxes=[Box(0.5, 0.5, 0.75, 0.75)]))).convert("RGB")
    assert plain.size == drawn.size == (400, 200)
    assert drawn.getpixel((20, 20)) == (255, 255, 255) != drawn.getpixel((250, 120))


def test_a_page_that_is_not_there_is_missing(tmp_path: Path) -> None:
    path = saved(Image.new("RGB", (4, 2)), tmp_path / "page.png")
    for number in (0, 2):
        with pytest.raises(Missing, match="there is no page"):
            render_page(path, "image/png", number)
    with pytest.raises(Missing, match="no pages"):
        render_page(path, "text/plain", 1)


def test_pictures_of_phones_are_read(tmp_path: Path) -> None:
    """AVIF by Pillow; HEIC by a decoder without an encoder, so that its file is one of its own package's."""
    Image.new("RGB", (80, 40), "navy").save(tmp_path / "a.avif")
    assert media_type_of(tmp_path / "a.avif", "a") == "image/avif"
    assert open_picture(tmp_path / "a.avif").pages == 1
    (tmp_path / "b").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(300))
    assert media_type_of(tmp_path / "b", "b") == "image/heic"
    with pytest.raises(Unreadable, match="picture"):
        open_picture(tmp_path / "b")
