"""A sheet to draw on, written as SVG, and the styles that drawings come in."""

from __future__ import annotations

import colorsys
import io
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import resvg_py
from PIL import Image

from lab.train.words import COLOURS, Pair

CHINESE_FONT = "WenQuanYi Micro Hei"
HAS_CHINESE_FONT = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc").exists()
_FONTS = ("DejaVu Sans", "DejaVu Sans", "DejaVu Sans Condensed", "DejaVu Serif", "DejaVu Sans Mono")
_PALETTES = (
    "4e79a7 f28e2b e15759 76b7b2 59a14f edc948 b07aa1 ff9da7 9c755f bab0ac",
    "1f77b4 ff7f0e 2ca02c d62728 9467bd 8c564b e377c2 7f7f7f bcbd22 17becf",
    "66c2a5 fc8d62 8da0cb e78ac3 a6d854 ffd92f e5c494 b3b3b3",
    "e41a1c 377eb8 4daf4a 984ea3 ff7f00 ffff33 a65628 f781bf",
    "0072b2 e69f00 009e73 cc79a7 56b4e9 d55e00 f0e442 000000",
    "264653 2a9d8f e9c46a f4a261 e76f51 8ab17d 6d597a",
    "003f5c 58508d bc5090 ff6361 ffa600 2f4b7c",
    "5470c6 91cc75 fac858 ee6666 73c0de 3ba272 fc8452 9a60b4",
    "4285f4 ea4335 fbbc05 34a853 ff6d01 46bdc6",
    "222222 666666 999999 cccccc 444444",
)

Point = tuple[float, float]


def colour_name(colour: str) -> str:
    """The plain word for `#rrggbb`."""
    r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    hue, light, saturation = colorsys.rgb_to_hls(r, g, b)
    chroma = max(r, g, b) - min(r, g, b)
    if chroma < 0.13:
        return "black" if light < 0.2 else "white" if light > 0.9 else "gray"
    degrees = hue * 360
    if light < 0.45 and ((12 <= degrees < 50 and saturation < 0.9) or (degrees < 12 and saturation < 0.4)):
        return "brown"
    if light > 0.65 and (degrees >= 300 or degrees < 12):
        return "pink"
    for limit, name in ((13, "red"), (42, "orange"), (68, "yellow"), (160, "green"), (196, "teal"), (256, "blue"),
                        (300, "purple"), (342, "pink"), (361, "red")):  # fmt: skip
        if degrees < limit:
            return name
    return "red"


def colour_words(colour: str) -> Pair:
    name = colour_name(colour)
    return name, COLOURS[name]


def a_colour(rng: random.Random) -> str:
    r, g, b = colorsys.hls_to_rgb(rng.random(), rng.uniform(0.3, 0.7), rng.uniform(0.5, 1.0))
    return f"#{int(r * 255):02x}{int(g * 255):02x}{int(b * 255):02x}"


def mixed(colour: str, other: str, share: float) -> str:
    """`share` of the other colour."""
    pairs = ((int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


@dataclass(frozen=True, slots=True)
class Style:
    ground: str
    ink: str
    faint: str
    palette: tuple[str, ...]
    font: str
    size: float  # of ordinary text, in sheet units; a sheet is about 240 high
    stroke: float
    chinese: bool
    dark: bool
    fill: float  # opacity of what is filled with a colour of the palette: under 1, it gets an outline
    panel: str  # what lies behind the data, where that is not the ground itself
    dash: str  # of grid lines
    dots: bool  # in a legend, instead of squares

    @classmethod
    def draw(cls, rng: random.Random) -> Style:
        dark = rng.random() < 0.2
        ground, ink = (
            ("#" + bytes(rng.randint(8, 50) for _ in range(3)).hex(), "#e8e8e8") if dark else ("#ffffff", "#222222")
        )
        if not dark and rng.random() < 0.25:
            ground = rng.choice(("#f7f7f7", "#faf6ee", "#eef3fa", "#eaeaf2", "#fffbe6", "#f0fff0"))
        palette = [f"#{colour}" for colour in rng.choice(_PALETTES).split()]
        if rng.random() < 0.25:
            palette = [a_colour(rng) for _ in range(8)]
        rng.shuffle(palette)
        palette = [
            colour if colour_name(colour) not in ("black", "white") or not dark else a_colour(rng) for colour in palette
        ]
        chinese = HAS_CHINESE_FONT and rng.random() < 0.3
        return cls(
            ground,
            ink,
            mixed(ground, ink, rng.uniform(0.12, 0.3)),
            tuple(palette * 3),
            CHINESE_FONT if chinese else rng.choice(_FONTS),
            rng.uniform(8, 14),
            rng.choice((1, 1, 1.5, 2, 2.5)),
            chinese,
            dark,
            rng.uniform(0.1, 0.8) if rng.random() < 0.15 else 1,
            _panel(rng, ground, ink),
            rng.choice(("4 3", "2 2", "6 4")) if rng.random() < 0.25 else "",
            rng.random() < 0.3,
        )

    def word(self, pair: Pair) -> str:
        return pair[1] if self.chinese else pair[0]


def _panel(rng: random.Random, ground: str, ink: str) -> str:
    if rng.random() < 0.75:
        return ""
    return rng.choice((mixed(ground, ink, rng.uniform(0.03, 0.15)), "#ebebeb", "#ffffff", "#e5ecf6", "#f0f0f0"))


@dataclass(slots=True)
class Sheet:
    style: Style
    width: float
    height: float
    parts: list[str] = field(default_factory=list)

    def _painted(self, fill: str, stroke: str) -> str:
        """The two attributes; a colour of the palette may be translucent, and is outlined then."""
        if self.style.fill == 1 or fill not in self.style.palette:
            return f'fill="{fill}" stroke="{stroke}"'
        return f'fill="{fill}" fill-opacity="{self.style.fill:.2f}" stroke="{fill if stroke == "none" else stroke}"'

    def rect(self, x: float, y: float, w: float, h: float, fill: str = "none", stroke: str = "none", r: float = 0,
             line: float = 1, opacity: float = 1) -> None:  # fmt: skip
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(w, 0.1):.1f}" height="{max(h, 0.1):.1f}" rx="{r}" '
            f'{self._painted(fill, stroke)} stroke-width="{line}" opacity="{opacity}"/>'
        )

    def circle(
        self,
        x: float,
        y: float,
        r: float,
        fill: str = "none",
        stroke: str = "none",
        line: float = 1,
        opacity: float = 1,
    ) -> None:
        self.parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{max(r, 0.1):.1f}" fill="{fill}" '
            f'stroke="{stroke}" stroke-width="{line}" opacity="{opacity}"/>'
        )

    def ellipse(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        fill: str = "none",
        stroke: str = "none",
        line: float = 1,
        opacity: float = 1,
    ) -> None:
        self.parts.append(
            f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{rx:.1f}" ry="{ry:.1f}" fill="{fill}" '
            f'stroke="{stroke}" stroke-width="{line}" opacity="{opacity}"/>'
        )

    def lines(
        self,
        points: Sequence[Point],
        stroke: str,
        line: float = 1,
        dash: str = "",
        fill: str = "none",
        closed: bool = False,
        opacity: float = 1,
    ) -> None:
        tag = "polygon" if closed else "polyline"
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        at = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(
            f'<{tag} points="{at}" {self._painted(fill, stroke)} stroke-width="{line}"{dashed} opacity="{opacity}"/>'
        )

    def polygon(
        self, points: Sequence[Point], fill: str, stroke: str = "none", line: float = 1, opacity: float = 1
    ) -> None:
        self.lines(points, stroke, line, fill=fill, closed=True, opacity=opacity)

    def path(self, d: str, fill: str = "none", stroke: str = "none", line: float = 1, opacity: float = 1) -> None:
        self.parts.append(f'<path d="{d}" {self._painted(fill, stroke)} stroke-width="{line}" opacity="{opacity}"/>')

    def arrow(self, start: Point, end: Point, colour: str = "", line: float = 0, dash: str = "") -> None:
        colour, line = colour or self.style.ink, line or self.style.stroke
        self.lines((start, end), colour, line, dash)
        angle, head = math.atan2(end[1] - start[1], end[0] - start[0]), 4 + 2 * line
        self.polygon(
            [
                end,
                *(
                    (end[0] - head * math.cos(angle + turn), end[1] - head * math.sin(angle + turn))
                    for turn in (0.45, -0.45)
                ),
            ],
            colour,
        )

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float = 0,
        fill: str = "",
        anchor: str = "middle",
        bold: bool = False,
        turn: float = 0,
        font: str = "",
    ) -> None:
        """`y` is the middle of the line."""
        size = size or self.style.size
        font = CHINESE_FONT if any(ord(c) > 0x2E00 for c in words) else font or self.style.font
        turned = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn else ""
        weight = ' font-weight="bold"' if bold else ""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y + size * 0.36:.1f}" font-family="{font}" font-size="{size:.1f}" '
            f'text-anchor="{anchor}" fill="{fill or self.style.ink}"{weight}{turned}>{escape(words)}</text>'
        )

    def fitted(self, x: float, y: float, words: str, width: float, size: float = 0, **more: Any) -> None:
        """Text made small enough for the width."""
        size = size or self.style.size
        length = sum(1.0 if ord(c) > 0x2E00 else 0.6 for c in words) * size
        self.text(x, y, words, min(size, size * width / max(length, 1)), **more)

    def wedge(
        self, x: float, y: float, r: float, start: float, end: float, fill: str, stroke: str = "none", hole: float = 0
    ) -> None:
        """Angles in radians, clockwise from the right."""
        end = min(end, start + 2 * math.pi - 0.001)
        large = int(end - start > math.pi)

        def at(radius: float, angle: float) -> str:
            return f"{x + radius * math.cos(angle):.2f} {y + radius * math.sin(angle):.2f}"

        inner = f"L {at(hole, end)} A {hole} {hole} 0 {large} 0 {at(hole, start)}" if hole else f"L {x} {y}"
        self.path(f"M {at(r, start)} A {r} {r} 0 {large} 1 {at(r, end)} {inner} Z", fill, stroke)

    def svg(self, zoom: float = 1) -> str:
        size = f'width="{self.width * zoom:.0f}" height="{self.height * zoom:.0f}"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {self.width:.0f} {self.height:.0f}">'
            f'<rect width="100%" height="100%" fill="{self.style.ground}"/>{"".join(self.parts)}</svg>'
        )

    def picture(self, longest: int) -> Image.Image:
        zoom = longest / max(self.width, self.height)
        png = resvg_py.svg_to_bytes(svg_string=self.svg(zoom))
        return Image.open(io.BytesIO(bytes(png))).convert("RGB")


def a_sheet(rng: random.Random, aspect: tuple[float, float] = (1.0, 1.9)) -> Sheet:
    return Sheet(Style.draw(rng), 240 * rng.uniform(*aspect), 240)
