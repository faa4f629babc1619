"""Pictures drawn by code: a morning in the harbour, a chart of the islands, and a scanned letter of 1931."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from making.fonts import latin
from PIL import Image, ImageDraw, ImageFilter
from reportlab.lib.pagesizes import A5
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = 1280, 860
HORIZON = 430

LETTER = """Port Amber, 3 March 1931

To the Schoolmistress of Skerry

Dear Miss Halloran,

in answer to yours of last week: yes, the
Post will carry the barometer for your
school free of charge, on the condition
that the children write down its reading
every morning and send us the figures
by the Friday boat.

The crate is marked with a blue star.
Please keep the straw, it is borrowed
from the donkey.

Your obedient servant,

Anselm Brandvik
Postmaster"""


def make_harbour(path: Path) -> None:
    """A red lighthouse, the boat Marjorie, three crates of eels, a gull and a sign, in morning light."""
    scale = 2  # drawn twice as large and reduced, so that edges are smooth
    picture = Image.fromarray(sky_and_sea(WIDTH * scale, HEIGHT * scale, HORIZON * scale))
    pen = Scaled(ImageDraw.Draw(picture), scale)
    draw_lighthouse(pen)
    draw_boat(pen)
    draw_quay(pen)
    draw_gull(pen, 560, 140)
    draw_gull(pen, 640, 105)
    small = picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).filter(ImageFilter.GaussianBlur(0.6))
    Image.fromarray(as_a_camera_sees_it(np.asarray(small))).save(path, "JPEG", quality=82)


class Scaled:
    """ImageDraw in the picture's own coordinates, whatever the scale it is drawn at."""

    def __init__(self, draw: ImageDraw.ImageDraw, scale: int) -> None:
        self.draw, self.scale = draw, scale

    def polygon(self, points: list[tuple[float, float]], fill: str) -> None:
        self.draw.polygon([(x * self.scale, y * self.scale) for x, y in points], fill=fill)

    def box(self, x0: float, y0: float, x1: float, y1: float, fill: str, outline: str | None = None) -> None:
        corners = [value * self.scale for value in (x0, y0, x1, y1)]
        self.draw.rectangle(corners, fill=fill, outline=outline, width=2 * self.scale)

    def oval(self, x0: float, y0: float, x1: float, y1: float, fill: str) -> None:
        self.draw.ellipse([value * self.scale for value in (x0, y0, x1, y1)], fill=fill)

    def line(self, points: list[tuple[float, float]], fill: str, width: int) -> None:
        self.draw.line([(x * self.scale, y * self.scale) for x, y in points], fill=fill, width=width * self.scale)

    def text(self, x: float, y: float, words: str, size: int, fill: str) -> None:
        font = latin(size * self.scale, bold=True)
        self.draw.text((x * self.scale, y * self.scale), words, font=font, fill=fill, anchor="mm")


def sky_and_sea(width: int, height: int, horizon: int) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    up = np.clip(y / horizon, 0, 1)[..., None]
    sky = np.array([96, 150, 205]) * (1 - up) + np.array([255, 214, 170]) * up
    glow = np.exp(-(((x - 0.3 * width) / (0.12 * width)) ** 2 + ((y - 0.95 * horizon) / (0.15 * height)) ** 2))
    sky = sky + glow[..., None] * np.array([60, 35, -10])
    down = np.clip((y - horizon) / (height - horizon), 0, 1)[..., None]
    waves = np.sin(y / (4 + 40 * down[..., 0]) + 3 * np.sin(x / (90 + 300 * down[..., 0])))
    sea = np.array([120, 160, 175]) * (1 - down) + np.array([22, 62, 84]) * down + waves[..., None] * 9
    sea = sea + (np.exp(-(((x - 0.3 * width) / (0.06 * width)) ** 2)) * (waves > 0.3))[..., None] * 38
    return np.clip(np.where((y < horizon)[..., None], sky, sea), 0, 255).astype(np.uint8)


def draw_lighthouse(pen: Scaled) -> None:
    pen.polygon([(860, 470), (910, 425), (1010, 400), (1130, 410), (1230, 445), (1280, 470)], "#4b4a45")
    top, bottom, bands = 150, 415, 6
    for band in range(bands):
        y0 = top + (bottom - top) * band / bands
        y1 = top + (bottom - top) * (band + 1) / bands
        half0, half1 = 27 + 17 * band / bands, 27 + 17 * (band + 1) / bands
        color = "#c0392b" if band % 2 == 0 else "#f4f1ea"
        pen.polygon([(1070 - half0, y0), (1070 + half0, y0), (1070 + half1, y1), (1070 - half1, y1)], color)
    pen.box(1032, 140, 1108, 152, "#2c2c2c")
    pen.box(1050, 105, 1090, 140, "#ffe9a3", "#2c2c2c")
    pen.polygon([(1042, 105), (1098, 105), (1070, 76)], "#8e2a1f")
    pen.box(1060, 375, 1082, 415, "#3a2a1d")


def draw_boat(pen: Scaled) -> None:
    pen.oval(250, 590, 800, 640, "#16394a")
    pen.polygon([(235, 490), (800, 490), (745, 610), (300, 610)], "#1f5f8b")
    pen.polygon([(235, 490), (800, 490), (793, 506), (243, 506)], "#f2ead8")
    pen.text(520, 553, "MARJORIE", 46, "#f7f3e8")
    pen.box(560, 395, 700, 490, "#f2ead8", "#5b4a36")
    for x in (578, 622, 666):
        pen.box(x, 415, x + 26, 447, "#3f6f86", "#5b4a36")
    pen.box(612, 350, 640, 395, "#c0392b")
    pen.line([(400, 490), (400, 270)], "#5b4030", 8)
    pen.line([(400, 285), (555, 395)], "#5b4030", 3)
    pen.polygon([(404, 275), (462, 292), (404, 312)], "#d98324")


def draw_quay(pen: Scaled) -> None:
    pen.polygon([(0, 700), (1280, 660), (1280, 860), (0, 860)], "#7b766c")
    for x in range(-40, 1300, 118):
        pen.line([(x, 702), (x - 60, 860)], "#5f5b53", 3)
    for x, y in ((905, 620), (1030, 612), (968, 540)):
        pen.box(x, y, x + 116, y + 82, "#b98548", "#6e4b22")
        pen.line([(x, y + 28), (x + 116, y + 28)], "#6e4b22", 2)
        pen.text(x + 58, y + 55, "EELS", 26, "#3d2812")
    pen.line([(150, 560), (150, 790)], "#4a3a2a", 12)
    pen.box(40, 560, 262, 668, "#f4f1ea", "#4a3a2a")
    pen.text(151, 594, "FERRY TO TOLLE", 21, "#16324f")
    pen.text(151, 634, "06:20", 34, "#c0392b")


def draw_gull(pen: Scaled, x: float, y: float) -> None:
    pen.line([(x - 34, y - 12), (x - 12, y - 16), (x, y), (x + 12, y - 16), (x + 34, y - 12)], "#f5f5f0", 5)


def as_a_camera_sees_it(pixels: np.ndarray) -> np.ndarray:
    """A little grain, and corners darker than the middle."""
    height, width, _ = pixels.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    vignette = 1 - 0.28 * np.clip(x**2 + y**2 - 0.5, 0, None)
    grain = np.random.default_rng(1887).normal(0, 3.0, (height, width, 1))
    return np.clip(pixels * vignette[..., None] + grain, 0, 255).astype(np.uint8)


def make_letter(path: Path) -> None:
    """A typed letter as a scanner gives it: a page that is one slightly turned picture, without text."""
    paper = Image.new("L", (1050, 1480), 236)
    pen = ImageDraw.Draw(paper)
    pen.multiline_text((120, 130), LETTER, font=latin(33), fill=45, spacing=20)
    turned = paper.rotate(0.7, resample=Image.Resampling.BICUBIC, fillcolor=236)
    pixels = np.asarray(turned, dtype=np.float32)
    spots = np.random.default_rng(1931).normal(0, 5, pixels.shape)
    scanned = Image.fromarray(np.clip(pixels + spots, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.7))
    jpeg = io.BytesIO()
    scanned.save(jpeg, "JPEG", quality=55)
    canvas = Canvas(str(path), pagesize=A5, invariant=1)
    canvas.setTitle("Letter of 3 March 1931")
    canvas.drawImage(ImageReader(jpeg), 0, 0, *A5)
    canvas.save()


MAP_SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 420" font-family="sans-serif">
  <title>Chart of the Windrose Isles</title>
  <desc>The five islands, the wreck and the depths of the three sounds</desc>
  <rect width="640" height="420" fill="#cfe6ee"/>
  <g fill="#b7c98a" stroke="#4a5a2a" stroke-width="2">
    <path d="M70 250 q40 -70 110 -40 q50 30 20 90 q-60 50 -110 20 q-40 -20 -20 -70z"/>
    <path d="M270 120 q60 -60 130 -20 q40 50 -20 90 q-70 30 -110 -10 q-20 -30 0 -60z"/>
    <path d="M420 215 q25 -25 55 -5 q15 30 -15 42 q-40 5 -40 -37z"/>
    <path d="M300 320 q50 -30 90 0 q10 40 -40 50 q-60 0 -50 -50z"/>
    <path d="M545 95 q30 -25 50 5 q5 35 -28 38 q-35 -5 -22 -43z"/>
  </g>
  <g fill="#22331a" font-size="17" font-weight="bold" text-anchor="middle">
    <text x="130" y="275">Amber</text><text x="330" y="150">Great Finch</text><text x="448" y="268">Little Finch</text>
    <text x="345" y="345">Tolle</text><text x="568" y="160">Skerry</text>
  </g>
  <g fill="#16324f" font-size="14" text-anchor="middle">
    <text x="225" y="230">Bell Sound 38 m</text><text x="500" y="60">Gannet Sound 64 m</text>
    <text x="220" y="375">Herring Sound 21 m</text>
  </g>
  <g stroke="#8e2a1f" stroke-width="3"><path d="M486 318 l16 16 m0 -16 l-16 16"/></g>
  <text x="494" y="356" fill="#8e2a1f" font-size="14" text-anchor="middle">wreck of the Philomena</text>
  <path d="M590 330 l12 40 l-12 -8 l-12 8z" fill="#16324f"/><text x="590" y="390" text-anchor="middle">N</text>
</svg>
"""


def make_map(path: Path) -> None:
    path.write_text(MAP_SVG, encoding="utf-8")


def make_route() -> bytes:
    """The drone's route for the slide, as a PNG."""
    picture = Image.new("RGB", (1000, 460), "#e8f1f4")
    pen = ImageDraw.Draw(picture)
    stops = ((130, 330, "Port Amber"), (470, 200, "Tolle church"), (850, 110, "Skerry school"))
    for (x0, y0, _), (x1, y1, _), words in zip(stops, stops[1:], ("11.5 km, 10 min", "8.2 km, 7 min"), strict=False):
        pen.line([(x0, y0), (x1, y1)], fill="#d98324", width=6)
        pen.text(((x0 + x1) / 2 + 70, (y0 + y1) / 2 + 45), words, font=latin(26), fill="#16324f", anchor="mm")
    for x, y, name in stops:
        pen.ellipse([x - 16, y - 16, x + 16, y + 16], fill="#16324f")
        pen.text((x, y - 42), name, font=latin(28, bold=True), fill="#16324f", anchor="mm")
    pen.text((500, 425), "emergency landing: Bell Rock", font=latin(24), fill="#8e2a1f", anchor="mm")
    png = io.BytesIO()
    picture.save(png, "PNG", optimize=True)
    return png.getvalue()
