"""Simple pictures: shapes, marks, icons, faces, landscapes, and noise that looks like photographs."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image, ImageFilter

from lab.train.canvas import Sheet, a_colour, a_sheet, colour_words, mixed
from lab.train.charts import Drawing
from lab.train.facts import Facts
from lab.train.words import CLASSES

_SHAPES = {
    "circle": ("circles", "个圆形"),
    "square": ("squares", "个正方形"),
    "triangle": ("triangles", "个三角形"),
    "star": ("stars", "个星形"),
    "hexagon": ("hexagons", "个六边形"),
    "cross": ("crosses", "个十字"),
    "heart": ("hearts", "个心形"),
    "arrow": ("arrows", "个箭头"),
}


def _regular(x: float, y: float, r: float, n: int, turn: float, inner: float = 1) -> list[tuple[float, float]]:
    count = n * (1 if inner == 1 else 2)
    return [
        (
            x + r * (1 if i % 2 == 0 else inner) * math.cos(turn + 2 * math.pi * i / count),
            y + r * (1 if i % 2 == 0 else inner) * math.sin(turn + 2 * math.pi * i / count),
        )
        for i in range(count)
    ]


def shape(sheet: Sheet, name: str, x: float, y: float, r: float, fill: str, edge: str = "none") -> None:
    up = -math.pi / 2
    if name == "circle":
        sheet.circle(x, y, r, fill, edge, 2)
    elif name == "square":
        sheet.rect(x - r * 0.85, y - r * 0.85, r * 1.7, r * 1.7, fill, edge, line=2)
    elif name == "triangle":
        sheet.polygon(_regular(x, y, r, 3, up), fill, edge, 2)
    elif name == "star":
        sheet.polygon(_regular(x, y, r, 5, up, 0.42), fill, edge, 2)
    elif name == "hexagon":
        sheet.polygon(_regular(x, y, r, 6, 0), fill, edge, 2)
    elif name == "cross":
        a = r * 0.3
        sheet.polygon(
            [
                (x - a, y - r),
                (x + a, y - r),
                (x + a, y - a),
                (x + r, y - a),
                (x + r, y + a),
                (x + a, y + a),
                (x + a, y + r),
                (x - a, y + r),
                (x - a, y + a),
                (x - r, y + a),
                (x - r, y - a),
                (x - a, y - a),
            ],
            fill,
            edge,
            2,
        )
    elif name == "heart":
        sheet.path(
            f"M {x} {y + r} C {x - 2 * r} {y - r * 0.4} {x - r * 0.7} {y - r * 1.5} {x} {y - r * 0.4} "
            f"C {x + r * 0.7} {y - r * 1.5} {x + 2 * r} {y - r * 0.4} {x} {y + r} Z",
            fill,
            edge,
            2,
        )
    else:
        sheet.polygon(
            [
                (x - r, y - r * 0.3),
                (x + r * 0.1, y - r * 0.3),
                (x + r * 0.1, y - r * 0.8),
                (x + r, y),
                (x + r * 0.1, y + r * 0.8),
                (x + r * 0.1, y + r * 0.3),
                (x - r, y + r * 0.3),
            ],
            fill,
            edge,
            2,
        )


def shapes(rng: random.Random) -> Drawing:
    sheet, facts = a_sheet(rng, (1.0, 1.6)), Facts("shapes")
    cells = [(c, r) for c in range(4) for r in range(3)]
    rng.shuffle(cells)
    arranged = rng.random() < 0.3
    for name in rng.sample(tuple(_SHAPES), rng.choice((1, 1, 2, 2, 3))):
        n, colour = rng.randint(1, 4), a_colour(rng)
        radius, hollow = rng.uniform(14, 28), rng.random() < 0.2
        for c, r in [cells.pop() for _ in range(n)] if not arranged else sorted(cells.pop() for _ in range(n)):
            x, y = sheet.width * (c + rng.uniform(0.4, 0.6)) / 4, 240 * (r + rng.uniform(0.4, 0.6)) / 3
            shape(sheet, name, x, y, radius, "none" if hollow else colour, colour if hollow else "none")
        said, plural = colour_words(colour), _SHAPES[name]
        few = ("one", "一") if n == 1 else (("two", "两"), ("three", "三"), ("four", "四"))[n - 2]
        noun = name if n == 1 else plural[0]
        facts.say(
            f"{few[0]} {said[0]} {noun}|{n} {said[0]} {noun}",
            f"{few[1]}个{said[1]}{plural[1][1:]}|{n}个{said[1]}{plural[1][1:]}",
        )
    return sheet, facts


def logo(rng: random.Random) -> Drawing:
    sheet, facts = a_sheet(rng, (1.0, 1.8)), Facts("logo")
    x, y, colour, other = sheet.width / 2, 104.0, sheet.style.palette[0], sheet.style.palette[1]
    name, inner = rng.choice(tuple(_SHAPES)), rng.choice(tuple(_SHAPES))
    shape(sheet, name, x, y, 66, colour)
    letter = rng.random() < 0.5
    said = colour_words(colour)
    facts.say(f"{said[0]} {name}", f"{said[1]}{_SHAPES[name][1][1:]}")
    if letter:
        initial = rng.choice("ABCDEFGHKMNPRSTXZ")
        sheet.text(x, y, initial, 52, sheet.style.ground, bold=True)
        facts.say(f"letter {initial}", f"字母{initial}")
    else:
        shape(sheet, inner, x, y, 30, other)
        facts.say(f"a {colour_words(other)[0]} {inner} inside", f"内有{colour_words(other)[1]}{_SHAPES[inner][1][1:]}")
    if rng.random() < 0.6:
        brand = rng.choice(CLASSES).upper() if rng.random() < 0.5 else rng.choice(CLASSES)
        sheet.fitted(x, 204, brand, sheet.width * 0.9, 34, bold=True)
        facts.say(f"{brand} written below|name {brand}", f"下方写着{brand}")
    return sheet, facts


def _house(sheet: Sheet, x: float, y: float, s: float, colour: str) -> None:
    sheet.rect(x - s, y - s, 2 * s, s * 1.4, colour)
    sheet.polygon([(x - s * 1.2, y - s), (x, y - s * 1.9), (x + s * 1.2, y - s)], mixed(colour, "#441100", 0.6))
    sheet.rect(x - s * 0.2, y - s * 0.3, s * 0.45, s * 0.7, "#553311")
    sheet.rect(x - s * 0.8, y - s * 0.7, s * 0.4, s * 0.4, "#ddeeff")


def _tree(sheet: Sheet, x: float, y: float, s: float, colour: str) -> None:
    sheet.rect(x - s * 0.15, y - s * 0.6, s * 0.3, s, "#6b4423")
    sheet.circle(x, y - s * 1.1, s * 0.75, colour) if int(s) % 2 else sheet.polygon(
        [(x - s * 0.7, y - s * 0.5), (x, y - s * 2), (x + s * 0.7, y - s * 0.5)], colour
    )


def _car(sheet: Sheet, x: float, y: float, s: float, colour: str) -> None:
    sheet.rect(x - s * 1.3, y - s * 0.5, s * 2.6, s * 0.7, colour, r=4)
    sheet.polygon(
        [
            (x - s * 0.8, y - s * 0.5),
            (x - s * 0.5, y - s * 1.05),
            (x + s * 0.5, y - s * 1.05),
            (x + s * 0.9, y - s * 0.5),
        ],
        mixed(colour, "#ffffff", 0.3),
    )
    for side in (-0.75, 0.75):
        sheet.circle(x + s * side, y + s * 0.2, s * 0.3, "#222222", "#999999", 2)


def _person(sheet: Sheet, x: float, y: float, s: float, colour: str) -> None:
    sheet.circle(x, y - s * 1.5, s * 0.35, "#e0ac69")
    sheet.rect(x - s * 0.35, y - s * 1.15, s * 0.7, s, colour, r=4)
    for side in (-0.2, 0.2):
        sheet.lines([(x + s * side, y - s * 0.2), (x + s * side, y + s * 0.5)], "#333355", 5)


def _boat(sheet: Sheet, x: float, y: float, s: float, colour: str) -> None:
    sheet.polygon(
        [
            (x - s * 1.2, y - s * 0.2),
            (x + s * 1.2, y - s * 0.2),
            (x + s * 0.7, y + s * 0.4),
            (x - s * 0.7, y + s * 0.4),
        ],
        colour,
    )
    sheet.polygon([(x, y - s * 1.8), (x, y - s * 0.3), (x + s, y - s * 0.3)], "#f5f5f5", "#888888")


def _animal(sheet: Sheet, x: float, y: float, s: float, colour: str, ears: str) -> None:
    """A cat (pointed ears), a dog (hanging ears): side view."""
    sheet.ellipse(x, y - s * 0.5, s * 0.9, s * 0.45, colour)
    sheet.circle(x + s * 0.9, y - s, s * 0.4, colour)
    for a in (-0.6, -0.25, 0.3, 0.6):
        sheet.lines([(x + s * a, y - s * 0.3), (x + s * a, y + s * 0.4)], colour, 5)
    sheet.path(f"M {x - s * 0.85} {y - s * 0.6} q {-s * 0.5} {-s * 0.2} {-s * 0.4} {-s * 0.9}", stroke=colour, line=4)
    if ears == "up":
        for a in (0.65, 1.05):
            sheet.polygon(
                [(x + s * a, y - s * 1.2), (x + s * (a + 0.05), y - s * 1.75), (x + s * (a + 0.25), y - s * 1.25)],
                colour,
            )
    else:
        sheet.ellipse(x + s * 0.65, y - s * 0.95, s * 0.14, s * 0.35, mixed(colour, "#000000", 0.4))
        sheet.ellipse(x + s * 1.3, y - s * 0.9, s * 0.2, s * 0.14, mixed(colour, "#000000", 0.3))
    sheet.circle(x + s * 1.0, y - s * 1.08, 2, "#000000")


_THINGS: dict[str, tuple[Callable[[Sheet, float, float, float, str], None], str, str]] = {
    "house": (_house, "houses", "座房子"),
    "tree": (_tree, "trees", "棵树"),
    "car": (_car, "cars", "辆汽车"),
    "person": (_person, "people", "个人"),
    "boat": (_boat, "boats", "艘船"),
    "cat": (partial(_animal, ears="up"), "cats", "只猫"),
    "dog": (partial(_animal, ears="down"), "dogs", "只狗"),
}


def scene(rng: random.Random) -> Drawing:
    sheet, facts = a_sheet(rng, (1.1, 1.8)), Facts("scene")
    times = {
        "day": ("#8fd3f4", "daytime|blue sky", "白天|蓝天"),
        "sunset": ("#f9a65a", "sunset|orange sky", "日落|橙色天空"),
        "night": ("#101c3c", "night|dark sky with moon", "夜晚|夜空和月亮"),
        "gray": ("#b8bec6", "cloudy|gray sky", "阴天|灰色天空"),
    }
    time = rng.choice(tuple(times))
    sky, english, chinese = times[time]
    sheet.rect(0, 0, sheet.width, 240, sky)
    facts.say(english, chinese)
    if time in ("day", "sunset"):
        sheet.circle(
            sheet.width * rng.uniform(0.1, 0.9),
            44 if time == "day" else 120,
            22,
            "#ffe14d" if time == "day" else "#ff5e3a",
        )
        facts.say("sun in the sky|a sun", "有太阳|天上有太阳")
    elif time == "night":
        sheet.circle(sheet.width * rng.uniform(0.1, 0.9), 44, 18, "#f5f3ce")
        for _ in range(30):
            sheet.circle(rng.uniform(0, sheet.width), rng.uniform(0, 120), 1, "#ffffff")
    else:
        for _ in range(4):
            sheet.ellipse(rng.uniform(0, sheet.width), rng.uniform(20, 70), 40, 14, "#e8ebef")
    grounds = {
        "grass": ("#5aa34f", "green grass|meadow", "绿色草地"),
        "sea": ("#2a6f97", "sea|blue water", "大海|蓝色水面"),
        "snow": ("#f4f8fb", "snow", "雪地"),
        "desert": ("#e2b878", "desert|sand", "沙漠|沙地"),
        "road": ("#555555", "road|street", "道路|街道"),
    }
    ground = rng.choice(tuple(grounds))
    if rng.random() < 0.5:
        peak, n = mixed(sky, "#405060", 0.6), rng.randint(1, 4)
        for i in range(n):
            x = sheet.width * (i + 0.5) / n
            sheet.polygon([(x - 90, 160), (x, rng.uniform(50, 100)), (x + 90, 160)], peak)
        facts.say("mountains behind|mountains", "背景有山|山")
    sheet.rect(0, 156, sheet.width, 84, grounds[ground][0])
    facts.say(*grounds[ground][1:])
    slots = [sheet.width * (i + 0.5) / 6 for i in range(6)]
    rng.shuffle(slots)
    pool = ["boat"] if ground == "sea" else [name for name in _THINGS if name != "boat"]
    for name in rng.sample(pool, min(len(pool), rng.choice((1, 1, 2)))):
        draw, plural, measure = _THINGS[name]
        n, colour = rng.randint(1, 3), rng.choice(("#2e7d32", "#388e3c")) if name == "tree" else a_colour(rng)
        size = rng.uniform(16, 26)
        for _ in range(n):
            draw(sheet, slots.pop(), rng.uniform(178, 210), size, colour)
        named = colour_words(colour)
        few = (("one", "一"), ("two", "两"), ("three", "三"))[n - 1]
        facts.say(
            f"{few[0]} {named[0]} {name if n == 1 else plural}|{name if n == 1 else plural}",
            f"{few[1]}{measure[0]}{named[1]}{measure[1:]}|{measure[1:]}",
        )
    return sheet, facts


def face(rng: random.Random) -> Drawing:
    sheet, facts = a_sheet(rng, (0.9, 1.3)), Facts("face")
    x, y, skin = sheet.width / 2, 122.0, rng.choice(("#ffdd33", "#e0ac69", "#8d5524", "#f1c27d", "#ffcc99"))
    sheet.circle(x, y, 88, skin, "#333333", 2)
    for side in (-1, 1):
        sheet.circle(x + side * 32, y - 24, 9, "#222222")
    mood = rng.choice(("smiling", "sad", "surprised", "neutral"))
    if mood == "surprised":
        sheet.ellipse(x, y + 40, 14, 20, "#7a1f1f")
    else:
        bend = {"smiling": 40, "sad": -32, "neutral": 0}[mood]
        sheet.path(f"M {x - 40} {y + 34} Q {x} {y + 34 + bend} {x + 40} {y + 34}", stroke="#222222", line=5)
    facts.say(
        *{
            "smiling": ("smiling|happy", "微笑|高兴"),
            "sad": ("sad", "难过|悲伤"),
            "surprised": ("surprised|open mouth", "惊讶|张嘴"),
            "neutral": ("neutral", "无表情"),
        }[mood]
    )
    if rng.random() < 0.35:
        for side in (-1, 1):
            sheet.circle(x + side * 32, y - 24, 22, "none", "#222222", 4)
        sheet.lines([(x - 10, y - 24), (x + 10, y - 24)], "#222222", 4)
        facts.say("wearing glasses|with glasses", "戴眼镜")
    if rng.random() < 0.4:
        hair = rng.choice(("#222222", "#6b3e1e", "#d9a441", "#c0392b"))
        sheet.wedge(x, y, 90, math.pi * 1.1, math.pi * 1.9, hair, hole=70)
        facts.say(f"{colour_words(hair)[0]} hair", f"{colour_words(hair)[1]}头发")
    facts.say(*(("yellow", "黄色") if skin == "#ffdd33" else ("skin coloured", "肤色")))
    return sheet, facts


@dataclass(frozen=True, slots=True)
class Pen:
    """What icons are drawn with, on a sheet of 240 by 240."""

    sheet: Sheet
    rng: random.Random
    colour: str
    line: float

    def stroke(self, *points: tuple[float, float], wide: float = 1, colour: str = "") -> None:
        self.sheet.lines(points, colour or self.colour, self.line * wide)

    def hand(self, length: float) -> tuple[float, float]:
        turn = self.rng.uniform(0, 2 * math.pi)
        return 120 + length * math.cos(turn), 120 + length * math.sin(turn)


def _mail(pen: Pen) -> None:
    pen.sheet.rect(40, 64, 160, 112, "none", pen.colour, 8, pen.line)
    pen.stroke((44, 70), (120, 130), (196, 70))


def _magnifier(pen: Pen) -> None:
    pen.sheet.circle(104, 104, 54, "none", pen.colour, pen.line)
    pen.stroke((142, 142), (196, 196), wide=1.4)


def _gear(pen: Pen) -> None:
    for k in range(8):
        x, y = math.cos(math.pi * k / 4), math.sin(math.pi * k / 4)
        pen.sheet.lines([(120 + 40 * x, 120 + 40 * y), (120 + 86 * x, 120 + 86 * y)], pen.colour, 26)
    pen.sheet.circle(120, 120, 62, pen.colour)
    pen.sheet.circle(120, 120, 26, pen.sheet.style.ground)


def _home(pen: Pen) -> None:
    pen.sheet.polygon([(120, 40), (206, 118), (34, 118)], pen.colour)
    pen.sheet.rect(62, 114, 116, 82, pen.colour)
    pen.sheet.rect(104, 146, 32, 50, pen.sheet.style.ground)


def _lock(pen: Pen) -> None:
    pen.sheet.rect(60, 106, 120, 92, pen.colour, r=10)
    pen.sheet.path("M 82 106 V 80 a 38 38 0 0 1 76 0 V 106", stroke=pen.colour, line=pen.line)
    pen.sheet.circle(120, 146, 12, pen.sheet.style.ground)


def _clock(pen: Pen) -> None:
    pen.sheet.circle(120, 120, 84, "none", pen.colour, pen.line)
    pen.stroke(pen.hand(42), (120, 120), pen.hand(64))


def _user(pen: Pen) -> None:
    pen.sheet.circle(120, 82, 42, pen.colour)
    pen.sheet.path("M 40 204 a 80 70 0 0 1 160 0 Z", pen.colour)


def _battery(pen: Pen) -> None:
    pen.sheet.rect(34, 78, 154, 84, "none", pen.colour, 10, pen.line)
    pen.sheet.rect(192, 102, 16, 36, pen.colour)
    pen.sheet.rect(48, 92, 126 * pen.rng.uniform(0.2, 1), 56, pen.colour)


def _wifi(pen: Pen) -> None:
    for r in (30, 60, 90):
        arc = f"M {120 - r * 0.8} {180 - r * 0.75} A {r} {r} 0 0 1 {120 + r * 0.8} {180 - r * 0.75}"
        pen.sheet.path(arc, stroke=pen.colour, line=pen.line)
    pen.sheet.circle(120, 180, 12, pen.colour)


def _check(pen: Pen) -> None:
    pen.sheet.circle(120, 120, 86, pen.colour)
    pen.stroke((78, 122), (110, 154), (166, 90), wide=1.4, colour=pen.sheet.style.ground)


def _play(pen: Pen) -> None:
    pen.sheet.circle(120, 120, 86, "none", pen.colour, pen.line)
    pen.sheet.polygon([(96, 74), (96, 166), (172, 120)], pen.colour)


def _warning(pen: Pen) -> None:
    pen.sheet.polygon([(120, 36), (208, 192), (32, 192)], pen.colour, pen.sheet.style.ink, 6)
    pen.sheet.text(120, 142, "!", 90, "#111111", bold=True)


_ICONS: tuple[tuple[Callable[[Pen], None], str, str], ...] = (
    (_mail, "envelope|mail", "信封|邮件"),
    (_magnifier, "magnifying glass|search", "放大镜|搜索"),
    (_warning, "warning sign|exclamation mark in a triangle", "警告标志|三角形感叹号"),
    (_gear, "gear|settings", "齿轮|设置"),
    (_home, "house|home", "房子|主页"),
    (_lock, "padlock|lock", "锁|挂锁"),
    (_clock, "clock", "时钟"),
    (_user, "person|user", "人像|用户"),
    (_battery, "battery", "电池"),
    (_wifi, "wifi signal|wireless", "无线信号"),
    (_check, "check mark|tick", "对勾"),
    (_play, "play button|triangle in a circle", "播放按钮"),
)


def icon(rng: random.Random) -> Drawing:
    sheet, facts = a_sheet(rng, (1.0, 1.0)), Facts("icon")
    pen = Pen(sheet, rng, sheet.style.palette[0], rng.uniform(8, 14))
    draw, english, chinese = rng.choice(_ICONS)
    draw(pen)
    facts.say(english, chinese)
    facts.say(*colour_words(pen.colour))
    return sheet, facts


def photo(rng: random.Random) -> tuple[Image.Image, Facts]:
    """Soft clouds of noise in the colours of a subject: textures that drawings never have."""
    facts = Facts("photo")
    subjects = {
        "forest": ((40, 90, 40), ("green forest|leaves", "绿色森林|树叶")),
        "beach": ((210, 190, 150), ("sandy beach", "沙滩")),
        "ocean": ((40, 90, 140), ("blue ocean", "蓝色海洋")),
        "sky": ((140, 180, 220), ("blue sky with clouds", "蓝天白云")),
        "fire": ((200, 90, 30), ("fire|orange flames", "火焰")),
        "stone": ((120, 115, 110), ("gray stone|rock texture", "灰色岩石|石头纹理")),
        "dark": ((30, 30, 34), ("dark night photo", "昏暗的夜间照片")),
        "flower": ((190, 70, 130), ("pink flowers", "粉色花朵")),
        "wood": ((130, 90, 55), ("brown wood texture", "棕色木纹")),
    }
    subject = rng.choice(tuple(subjects))
    base, words = subjects[subject]
    facts.say(*words)
    noise = np.random.default_rng(rng.randrange(2**32))
    w, h = rng.randint(150, 224), rng.randint(130, 200)
    total = np.zeros((h, w, 1), dtype=np.float32)
    for octave in (4, 8, 16, 32, 64):
        stretch = 6 if subject == "wood" else 1
        small = noise.random((max(2, octave), max(2, octave // stretch)), dtype=np.float32)
        big = np.asarray(
            Image.fromarray((small * 255).astype(np.uint8)).resize((w, h), Image.Resampling.BICUBIC), dtype=np.float32
        )
        total[..., 0] += (big - 128) * (1.4 if octave < 10 else 0.7)
    tint = noise.uniform(0.7, 1.3, (1, 1, 3))
    light = np.linspace(rng.uniform(-40, 40), rng.uniform(-40, 40), h)[:, None, None]
    pixels = np.asarray(base)[None, None] + total * tint * 0.5 + light + noise.normal(0, rng.uniform(2, 9), (h, w, 3))
    if subject in ("ocean", "beach") and rng.random() < 0.6:
        line = int(h * rng.uniform(0.3, 0.6))
        pixels[:line] = pixels[:line] * 0.2 + np.array((150, 190, 230)) * 0.8
        facts.say("horizon", "地平线")
    picture = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    return picture.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1.2))), facts


SCENES = {
    "shapes": shapes,
    "logo": logo,
    "scene": scene,
    "scene again": scene,
    "face": face,
    "icon": icon,
    "photo": photo,
}
