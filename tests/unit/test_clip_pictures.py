"""Pictures of every make become small RGB ones, or are refused with a sentence, in bounded memory."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.adapters.encoders.decoding import PLAIN_SIDE, plain_picture, small_picture
from domain.errors import Unreadable
from system.sandbox import Sandbox
from tests.waiting import HANG_S

ODD_FILES = Path(os.environ.get("EXHIBIT_DEV_DATA", "../shared/data")) / "odd-files" / "pillow"
SIDE = 128


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    raw = io.BytesIO()
    image.save(raw, kind, **options)
    return raw.getvalue()


def colour_at(picture: Image.Image, x: float = 0.5, y: float = 0.5) -> tuple[int, ...]:
    found = picture.getpixel((int(x * (picture.width - 1)), int(y * (picture.height - 1))))
    assert isinstance(found, tuple)
    return tuple(int(value) for value in found)


def test_a_picture_is_shrunk_and_keeps_its_proportions() -> None:
    picture = small_picture(encoded(Image.new("RGB", (4000, 2000), "green")), SIDE)
    assert picture.mode == "RGB"
    assert 2 * SIDE <= picture.width < 4 * SIDE
    assert picture.width / picture.height == pytest.approx(2, rel=0.02)


@pytest.mark.parametrize("size", [(4000, 2000), (300, 20), (1, 3000), (1000, 1000)])
def test_a_plain_picture_is_a_small_png_of_the_same_shape(size: tuple[int, int]) -> None:
    plain = Image.open(io.BytesIO(plain_picture(encoded(Image.new("RGBA", size, "green")))))
    assert (plain.format, plain.mode) == ("PNG", "RGB")
    assert max(plain.size) == min(PLAIN_SIDE, max(size))
    if min(size) > 100:
        assert plain.width / plain.height == pytest.approx(size[0] / size[1], rel=0.02)


async def test_a_strangers_picture_is_made_plain_in_another_process_and_a_bad_one_is_unreadable() -> None:
    sandbox = Sandbox(1)
    try:
        made = await sandbox.run(plain_picture, encoded(Image.new("RGB", (9, 9), "red")), timeout_s=HANG_S)
        assert colour_at(Image.open(io.BytesIO(made))) == (255, 0, 0)
        with pytest.raises(Unreadable, match="format"):
            await sandbox.run(plain_picture, b"no picture", timeout_s=HANG_S)
    finally:
        sandbox.close()


def test_transparency_shows_white() -> None:
    assert colour_at(small_picture(encoded(Image.new("RGBA", (50, 50), (255, 0, 0, 0))), SIDE)) == (255, 255, 255)


def test_a_transparent_palette_shows_white() -> None:
    image = Image.new("P", (40, 40), 3)
    image.putpalette([value for i in range(256) for value in (i, 0, 0)])
    assert colour_at(small_picture(encoded(image, transparency=3), SIDE)) == (255, 255, 255)


def test_cmyk_keeps_its_colour() -> None:
    red = Image.new("CMYK", (40, 40), (0, 255, 255, 0))
    r, g, b = colour_at(small_picture(encoded(red, "JPEG"), SIDE))
    assert r > 200 > 100 > max(g, b)


def test_sixteen_bits_are_brought_to_eight() -> None:
    half = Image.fromarray(np.full((30, 30), 32768, dtype=np.uint16))
    assert colour_at(small_picture(encoded(half), SIDE)) == pytest.approx((127, 127, 127), abs=2)


def test_floating_point_gray_is_stretched() -> None:
    ramp = Image.fromarray(np.linspace(-5, 5, 64, dtype=np.float32).reshape(1, 64).repeat(64, 0))
    picture = small_picture(encoded(ramp, "TIFF"), SIDE)
    assert colour_at(picture, 0.0)[0] < 10
    assert colour_at(picture, 1.0)[0] > 245


def test_not_a_number_is_no_crash() -> None:
    nothing = Image.fromarray(np.full((20, 20), np.nan, dtype=np.float32))
    assert small_picture(encoded(nothing, "TIFF"), SIDE).size == (20, 20)


def test_the_first_frame_of_an_animation_counts() -> None:
    frames = [Image.new("RGB", (30, 30), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert colour_at(small_picture(data, SIDE)) == (255, 0, 0)


def test_exif_rotation_is_undone() -> None:
    image = Image.new("RGB", (60, 30), "white")
    image.paste("black", (0, 0, 30, 30))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: what is left belongs on top
    picture = small_picture(encoded(image, "JPEG", exif=exif), SIDE)
    assert picture.size == (30, 60)
    assert colour_at(picture, 0.5, 0.1)[0] < 40


def test_one_pixel_is_a_picture() -> None:
    assert small_picture(encoded(Image.new("RGB", (1, 1), "blue")), SIDE).size == (1, 1)


@pytest.mark.parametrize("size", [(20_000, 1), (1, 20_000), (20_000, 300)])
def test_a_very_long_picture_is_padded_not_lost(size: tuple[int, int]) -> None:
    picture = small_picture(encoded(Image.new("RGB", size, "black")), SIDE)
    assert max(picture.size) < 4 * SIDE
    assert min(picture.size) >= max(picture.size) // SIDE
    assert colour_at(picture)[0] < 200


def test_what_pillow_forgives_is_read_without_a_warning() -> None:
    photo = encoded(Image.new("RGB", (40, 40), "white"), "JPEG")
    index = b"MPF\0" + b"II*\0" + bytes(8)  # of several pictures in one file, and broken
    said = photo[:2] + b"\xff\xe2" + (len(index) + 2).to_bytes(2, "big") + index + photo[2:]
    assert small_picture(said, SIDE).size == (40, 40)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "WEBP"])
def test_a_truncated_picture_is_refused_with_a_sentence(kind: str) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8))
    data = encoded(noise, kind)
    with pytest.raises(Unreadable, match=r"picture .+\."):
        small_picture(data[: len(data) // 2], SIDE)


@pytest.mark.parametrize(
    "data", [b"", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7", b"<svg/>", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"]
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable):
        small_picture(data, SIDE)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that unfolds into a white desert."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")

    packer = zlib.compressobj(9)
    rows = packer.compress(b"\xff" * (1 + width // 8) * min(height, 3000)) + packer.flush()
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([1, 0, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(30_000, 30_000), (12_000, 9_000), (50_000_000, 3)])
def test_a_bomb_is_refused_before_it_unfolds(size: tuple[int, int]) -> None:
    with pytest.raises(Unreadable, match="picture"):
        small_picture(bomb(*size), SIDE)


MEASURED = """
import io, resource, sys
from pathlib import Path
from PIL import Image
from app.adapters.encoders.decoding import small_picture
from domain.errors import Unreadable
for kind in ("PNG", "JPEG", "TIFF", "WEBP"):  # the decoders themselves are not what is measured
    raw = io.BytesIO()
    Image.open(sys.argv[1]).save(raw, kind)
    small_picture(raw.getvalue(), 128)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    small_picture(Path(sys.argv[2]).read_bytes(), 128)
except Unreadable:
    sys.exit("refused: the test is to take what can be taken")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""

LARGE = {
    "png": lambda: encoded(Image.new("RGBA", (7_000, 6_000))),
    "palette": lambda: encoded(Image.new("P", (6_600, 6_600))),
    "tiff": lambda: encoded(Image.new("RGB", (3_700, 3_700)), "TIFF", compression="tiff_lzw"),
    "webp": lambda: encoded(Image.new("RGB", (4_200, 4_200)), "WEBP", method=0),
    "jpeg": lambda: encoded(Image.new("RGB", (12_000, 7_000)), "JPEG"),
    "progressive": lambda: encoded(Image.new("RGB", (5_800, 5_800)), "JPEG", progressive=True),
}  # each as large as is taken, or nearly


@pytest.mark.parametrize("which", list(LARGE))
def test_the_largest_pictures_taken_stay_within_300_mb(which: str, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(LARGE[which]())
    (tmp_path / "small").write_bytes(encoded(Image.new("RGB", (9, 9))))
    command = [sys.executable, "-c", MEASURED, str(tmp_path / "small"), str(tmp_path / "large")]
    assert int(subprocess.run(command, check=True, capture_output=True, text=True).stdout) < 300


@pytest.mark.skipif(not ODD_FILES.is_dir(), reason="the odd files of Pillow's own tests are not on this machine")
def test_every_odd_file_is_read_or_refused_with_a_sentence() -> None:
    refused = {}
    for path in sorted(ODD_FILES.iterdir()):
        try:
            assert max(small_picture(path.read_bytes(), SIDE).size) < 4 * SIDE
        except Unreadable as error:
            refused[path.name] = str(error)
    assert all(sentence.endswith(".") for sentence in refused.values())
    assert len(refused) < 10, refused
