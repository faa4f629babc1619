"""Reads pictures: the frames of raster files, normalised, and SVG drawings with their words."""

from __future__ import annotations

import gzip
import warnings
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from domain.documents import Box, Problem
from domain.errors import Unreadable
from domain.parsed import Block, Identity, ParsedPage
from ingest.parse.upright import orientation, upright

LONGEST_SIDE = 2000  # pixels of a kept frame
MOST_PIXELS = 120_000_000  # of a frame as stored: half a gigabyte once decoded
MOST_FRAMES = 200
MEDIA_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # a camera's JPEG with previews behind it
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
    "HEIF": "image/heic",
}
FORMATS = tuple(name for name in MEDIA_TYPES if name != "MPO")  # it is opened as JPEG
SVG = "image/svg+xml"
LARGEST_SVG = 20 * 2**20  # bytes of markup, once decompressed
DPI = 96  # CSS's; without it resvg has no size for lengths in points or inches, and draws nothing
WHOLE = Box(0.0, 0.0, 1.0, 1.0)
DAMAGED = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError, RuntimeError)


def open_picture(path: Path) -> Identity:
    """One page a frame; an animation is one page. Raises Unreadable."""
    with _opened(path) as image:
        frames = _frames(image)
        problems: tuple[Problem, ...] = ()
        if frames > MOST_FRAMES:
            problems = (Problem(f"only the first {MOST_FRAMES} of {frames} frames are read"),)
        return Identity(MEDIA_TYPES[image.format or ""], min(frames, MOST_FRAMES), problems=problems)


def parse_picture(path: Path, first: int, last: int) -> list[ParsedPage]:
    """Frames `first` to `last`, from 1, both included, each as one image block that wants its words read."""
    return [_page(path, number) for number in range(max(1, first), min(last, frames_of(path)) + 1)]


def frames_of(path: Path) -> int:
    """How many frames are read. Raises Unreadable."""
    with _opened(path) as image:
        return min(_frames(image), MOST_FRAMES)


def frame(path: Path, number: int, longest: int = LONGEST_SIDE) -> tuple[Image.Image, bool]:
    """Frame `number` (from 1): upright, on white, RGB, no side longer than `longest`; and whether it is whole.

    Raises Unreadable.
    """
    try:
        return _frame(path, number, longest), True
    except DAMAGED:
        pass
    ImageFile.LOAD_TRUNCATED_IMAGES = True  # what can be decoded of a damaged file is better than nothing
    try:
        return _frame(path, number, longest), False
    except DAMAGED as error:
        raise Unreadable(f"the picture can't be decoded ({type(error).__name__})") from error
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def encoded(image: Image.Image, longest: int) -> bytes:
    """PNG, or JPEG for what looks like a photograph; scaled down to `longest`."""
    if max(image.size) > longest:
        image = image.copy()
        image.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=2.0)
    buffer = BytesIO()
    if _is_photograph(image):
        image.convert("RGB").save(buffer, "JPEG", quality=85)
    else:
        image.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def _is_photograph(image: Image.Image) -> bool:
    """Many colours in a sample of single pixels: drawings, charts and text have few, softened edges included."""
    if min(image.size) < 32:
        return False
    sample = image.resize((96, 96), Image.Resampling.NEAREST).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    counts = sorted((count for count, _ in sample.getcolors() or ()), reverse=True)
    return sum(counts[:8]) < 0.5 * 96 * 96


# ---------------------------------------------------------------- raster files


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata, and of sizes: we have our own limit
        Image.init()  # or it knows only the formats it has met
        _learn_heif(path)
        try:
            image = Image.open(path, formats=FORMATS)
        except Image.DecompressionBombError as error:
            raise Unreadable("the picture has too many pixels") from error
        except UnidentifiedImageError as error:
            raise Unreadable("it is not a picture that can be opened") from error
        except DAMAGED as error:
            raise Unreadable(f"the picture can't be opened ({type(error).__name__})") from error
        with image:
            _check(image)
            yield image


def _learn_heif(path: Path) -> None:
    """Has Pillow open what phones write, by a library that is loaded only where one is met."""
    with path.open("rb") as file:
        if file.read(8)[4:] == b"ftyp":
            # pillow-heif without the encoder, which is under the GPL
            import pi_heif  # type: ignore[import-untyped]

            pi_heif.register_heif_opener()


def _check(image: Image.Image) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise Unreadable("the picture is empty")
    if width * height > MOST_PIXELS:
        raise Unreadable(
            f"the picture has {width * height // 10**6} million pixels; the limit is {MOST_PIXELS // 10**6}"
        )


def _frames(image: Image.Image) -> int:
    if image.format != "TIFF":
        return 1
    try:
        return max(1, int(getattr(image, "n_frames", 1)))
    except DAMAGED:
        return 1


def _page(path: Path, number: int) -> ParsedPage:
    try:
        image, whole = frame(path, number)
    except Unreadable as error:
        return ParsedPage(number, read_as="failed", problems=(Problem(str(error), number),))
    problems = () if whole else (Problem("the picture is damaged: what could be decoded is shown", number),)
    block = Block("image", page=number, box=WHOLE, pixels=encoded(image, LONGEST_SIDE))
    return ParsedPage(number, (block,), read_as="image", needs_ocr=True, problems=problems)


def _frame(path: Path, number: int, longest: int) -> Image.Image:
    with _opened(path) as image:
        if number > 1:
            image.seek(number - 1)
            _check(image)
        stated = orientation(image)
        if image.format in ("JPEG", "MPO"):
            image.draft("RGB", (longest, longest))  # decodes at a half, a quarter, an eighth: less memory
        return _on_white(upright(_shrunk(_eight_bit(image), longest), stated))


def _eight_bit(image: Image.Image) -> Image.Image:
    """To a mode that can be scaled: L, LA, RGB, RGBA or CMYK."""
    if image.mode in ("L", "RGB", "RGBA", "CMYK"):
        image.load()
        if "transparency" not in image.info:
            return image
        return image.convert("RGBA")
    if image.mode.startswith(("I", "F")):
        return _from_deep(image)
    if image.mode in ("1", "P") and "transparency" not in image.info:
        return image.convert("RGB")
    return image.convert(
        "RGBA" if image.mode in ("P", "PA", "LA", "La", "RGBa") or image.info.get("transparency") else "RGB"
    )


def _from_deep(image: Image.Image) -> Image.Image:
    """16- and 32-bit greys: full scale for 16 bits, from darkest to lightest where the scale is unknown."""
    values = np.asarray(image)
    if values.dtype in (np.dtype("uint16"), np.dtype(">u2"), np.dtype("<u2")):
        return Image.fromarray((values >> 8).astype(np.uint8))
    finite = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    if image.mode == "I" and low >= 0 and 255 < high <= 65535:
        low, high = 0.0, 65535.0
    elif low >= 0 and high <= 255 and high > 1:
        low, high = 0.0, 255.0
    finite -= low
    finite *= 255.0 / max(high - low, 1e-9)
    return Image.fromarray(finite.astype(np.uint8))


def _shrunk(image: Image.Image, longest: int) -> Image.Image:
    if max(image.size) <= longest:
        return image.copy()
    width, height = image.size
    scale = longest / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode not in ("RGBA", "LA"):
        return image.convert("RGB")
    image = image.convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")


# ---------------------------------------------------------------- SVG


def open_svg(path: Path) -> Identity:
    """Raises Unreadable."""
    root = _svg(path)
    return Identity(SVG, 1, _svg_title(root))


def parse_svg(path: Path, first: int, last: int) -> list[ParsedPage]:
    """The drawing as one image block, with the words it is drawn with; without such its pixels are to be read."""
    if not first <= 1 <= last:
        return []
    words = svg_words(_svg(path))
    block = Block("image", words, page=1, box=WHOLE, pixels=encoded(draw_svg(path, LONGEST_SIDE), LONGEST_SIDE))
    return [ParsedPage(1, (block,), read_as="image", needs_ocr=not words)]


def draw_svg(path: Path, longest: int) -> Image.Image:
    """On white, its long side `longest` pixels. Nothing outside the file is looked at. Raises Unreadable."""
    import resvg_py  # loads its fonts' list: only where an SVG is met

    root = _svg(path)
    markup = ElementTree.tostring(root, "unicode")
    try:  # both sides given: it fits the drawing in, at its own shape
        data = bytes(
            resvg_py.svg_to_bytes(svg_string=markup, background="white", width=longest, height=longest, dpi=DPI)
        )
    except Exception as error:  # resvg names no errors of its own
        raise Unreadable(f"the drawing can't be drawn ({' '.join(str(error).split())[:120]})") from error
    with Image.open(BytesIO(data)) as image:
        return image.convert("RGB")


def svg_words(root: ElementTree.Element) -> str:
    """Its title, its description and its text elements, one a line."""
    lines: list[str] = []
    for element in root.iter():
        if _name(element) in ("title", "desc", "text"):
            line = " ".join("".join(element.itertext()).split())
            if line and line not in lines[-1:]:
                lines.append(line)
    return "\n".join(lines)


def _svg(path: Path) -> ElementTree.Element:
    """The drawing's tree, without anything that points out of it."""
    data = _markup(path)
    try:
        root = ElementTree.fromstring(data)  # noqa: S314  # expat ≥ 2.4 refuses entity bombs and fetches nothing
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise Unreadable(f"the drawing is not valid XML ({error})") from error
    if _name(root) != "svg":
        raise Unreadable("it is not an SVG drawing")
    for parent in list(root.iter()):
        for child in list(parent):
            if _name(child) in ("image", "feImage", "use") and not _is_inside(child):
                parent.remove(child)  # resvg would read any local file named here
    return root


def _markup(path: Path) -> bytes:
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if zipped else path.open("rb") as file:
            data = file.read(LARGEST_SVG + 1)
    except (OSError, EOFError) as error:
        raise Unreadable("the drawing is damaged") from error
    if len(data) > LARGEST_SVG:
        raise Unreadable(f"the drawing has more than {LARGEST_SVG >> 20} MB of markup")
    return data


def _is_inside(element: ElementTree.Element) -> bool:
    references = [value.strip() for key, value in element.attrib.items() if key.rsplit("}", 1)[-1] == "href"]
    return all(reference.startswith(("#", "data:")) for reference in references)


def _name(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1] if isinstance(element.tag, str) else ""


def _svg_title(root: ElementTree.Element) -> str | None:
    for child in root:
        if _name(child) == "title":
            return " ".join("".join(child.itertext()).split())[:200] or None
    return None
