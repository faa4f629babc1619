"""Pictures are turned as their cameras were held."""

from __future__ import annotations

import io

import pytest
from PIL import ExifTags, Image, ImageOps

from ingest.parse.upright import orientation, upright


@pytest.mark.parametrize("stated", range(10))
def test_every_orientation_is_turned_as_pillow_turns_it(stated: int) -> None:
    picture = Image.frombytes("RGB", (2, 3), bytes(range(18)))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = stated
    file = io.BytesIO()
    picture.save(file, "PNG", exif=exif)
    with Image.open(file) as image:
        turned = upright(picture, orientation(image))
        assert turned.size == ImageOps.exif_transpose(image).size
        assert turned.tobytes() == ImageOps.exif_transpose(image).tobytes()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("exif", [b"", b"junk", b"Exif\x00\x00II*\x00\xff\xff\xff\xff"])
def test_damaged_metadata_leave_the_picture_as_it_is(exif: bytes) -> None:
    file = io.BytesIO()
    Image.new("RGB", (2, 3)).save(file, "PNG", exif=exif)
    with Image.open(file) as image:
        assert orientation(image) == 1
