"""Charts of known kinds by Vega and pygal, two libraries that no drawing for the training came from."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import altair
import pygal
import resvg_py
import vl_convert
from PIL import Image
from pygal import style as pygal_styles

NAMES = ("north", "south", "east", "west", "apples", "pears", "milk", "bread", "trains", "ships", "wool", "steel")
TITLES = ("Harvest", "Visitors", "Rain", "Output", "Costs", "Members", "Results 2024", "Survey", "Stock", "Tickets")
_SCHEMES = ("tableau10", "category10", "set2", "dark2", "accent", "paired", "pastel1")
_THEMES: tuple[dict[str, Any], ...] = (
    {},
    {},
    {
        "background": "#222",
        "axis": {"labelColor": "#ddd", "gridColor": "#444", "titleColor": "#ddd"},
        "legend": {"labelColor": "#ddd"},
    },
    {"axis": {"grid": False}},
    {"view": {"stroke": None}, "background": "#f9f9f9"},
)


@dataclass(frozen=True, slots=True)
class Chart:
    kind: str
    library: str
    picture: Image.Image


def charts(per_kind: int, seed: str = "charts by others") -> list[Chart]:
    found = []
    for kind, spec in VEGA.items():
        found += [Chart(kind, "vega", _vega(spec, random.Random(f"{seed} {kind} {i}"))) for i in range(per_kind)]
    for kind, fill in PYGAL.items():
        found += [Chart(kind, "pygal", _pygal(fill, random.Random(f"{seed} {kind} {i}"))) for i in range(per_kind)]
    return found


# ---------------------------------------------------------------- Vega


def _vega(spec: Callable[[random.Random], Any], rng: random.Random) -> Image.Image:
    chart = spec(rng).properties(width=rng.randint(180, 380), height=rng.randint(150, 260))
    if rng.random() < 0.7:
        chart = chart.properties(title=rng.choice(TITLES))
    stated = chart.to_dict()
    stated.setdefault("config", {}).update(
        {**rng.choice(_THEMES), "range": {"category": {"scheme": rng.choice(_SCHEMES)}}}
    )
    return Image.open(io.BytesIO(vl_convert.vegalite_to_png(stated, scale=1))).convert("RGB")


def _rows(rng: random.Random, groups: int = 1) -> Any:
    names = rng.sample(NAMES, rng.randint(3, 8))
    parts = rng.sample([name for name in NAMES if name not in names], groups)
    return altair.Data(values=[{"name": n, "part": p, "value": rng.randint(5, 100)} for n in names for p in parts])


def _walk(rng: random.Random, groups: int = 1) -> Any:
    values, steps = [], rng.randint(8, 30)
    for part in rng.sample(NAMES, groups):
        level = rng.uniform(30, 60)
        for step in range(steps):
            level = max(3.0, level + rng.gauss(0, 8))
            values.append({"time": step, "part": part, "value": level})
    return altair.Data(values=values)


def _points(rng: random.Random) -> Any:
    slope = rng.choice((-1, 0, 1))
    xs = [rng.random() * 100 for _ in range(rng.randint(30, 100))]
    return altair.Data(
        values=[
            {
                "x": x,
                "y": 50 + slope * (x - 50) + rng.gauss(0, 12),
                "size": rng.randint(1, 60),
                "part": rng.choice("abc"),
            }
            for x in xs
        ]
    )


def _samples(rng: random.Random) -> Any:
    return altair.Data(
        values=[
            {"name": n, "value": rng.gauss(rng.uniform(30, 60), 9)}
            for n in rng.sample(NAMES, rng.randint(3, 6))
            for _ in range(40)
        ]
    )


def _colour(rng: random.Random) -> str:
    return rng.choice(("steelblue", "#d95f02", "#1b9e77", "firebrick", "purple", "#333333", "goldenrod"))


def _heat(rng: random.Random) -> Any:
    rows, columns = rng.randint(4, 9), rng.randint(4, 10)
    values = [{"x": x, "y": y, "v": rng.random()} for x in range(columns) for y in range(rows)]
    scale = altair.Scale(scheme=rng.choice(("blues", "viridis", "reds", "inferno", "greens")))
    return (
        altair.Chart(altair.Data(values=values))
        .mark_rect()
        .encode(x="x:O", y="y:O", color=altair.Color("v:Q", scale=scale))
    )


def _candles(rng: random.Random) -> Any:
    level, values = 50.0, []
    for day in range(rng.randint(15, 35)):
        close = level + rng.gauss(0, 4)
        values.append(
            {
                "day": day,
                "open": level,
                "close": close,
                "low": min(level, close) - rng.random() * 3,
                "high": max(level, close) + rng.random() * 3,
            }
        )
        level = close
    colour = altair.condition("datum.open < datum.close", altair.value("#06982d"), altair.value("#ae1325"))
    base = altair.Chart(altair.Data(values=values)).encode(x="day:O", color=colour)
    return base.mark_rule().encode(
        y=altair.Y("low:Q", scale=altair.Scale(zero=False)), y2="high:Q"
    ) + base.mark_bar().encode(y="open:Q", y2="close:Q")


def _errors(rng: random.Random) -> Any:
    base = altair.Chart(_samples(rng))
    return base.mark_errorbar(extent="stdev", ticks=True).encode(x="name:N", y="value:Q") + base.mark_point(
        filled=True, size=60
    ).encode(x="name:N", y="mean(value):Q")


def _fit(rng: random.Random) -> Any:
    base = altair.Chart(_points(rng))
    dots = base.mark_circle(color=_colour(rng)).encode(x="x:Q", y="y:Q")
    return dots + dots.transform_regression("x", "y").mark_line(color="red", size=3)


VEGA: dict[str, Callable[[random.Random], Any]] = {
    "bar": lambda r: altair.Chart(_rows(r)).mark_bar(color=_colour(r)).encode(x="name:N", y="value:Q"),
    "hbar": lambda r: altair.Chart(_rows(r)).mark_bar(color=_colour(r)).encode(y="name:N", x="value:Q"),
    "grouped": lambda r: (
        altair.Chart(_rows(r, r.randint(2, 4)))
        .mark_bar()
        .encode(x="name:N", xOffset="part:N", y="value:Q", color="part:N")
    ),
    "stacked": lambda r: (
        altair.Chart(_rows(r, r.randint(2, 4))).mark_bar().encode(x="name:N", y="value:Q", color="part:N")
    ),
    "line": lambda r: (
        altair.Chart(_walk(r, r.randint(1, 4)))
        .mark_line(point=r.random() < 0.4)
        .encode(x="time:Q", y="value:Q", color="part:N")
    ),
    "step": lambda r: (
        altair.Chart(_walk(r)).mark_line(interpolate="step", color=_colour(r)).encode(x="time:Q", y="value:Q")
    ),
    "area": lambda r: altair.Chart(_walk(r)).mark_area(color=_colour(r)).encode(x="time:Q", y="value:Q"),
    "stacked area": lambda r: (
        altair.Chart(_walk(r, r.randint(2, 4))).mark_area().encode(x="time:Q", y="value:Q", color="part:N")
    ),
    "pie": lambda r: altair.Chart(_rows(r)).mark_arc().encode(theta="value:Q", color="name:N"),
    "donut": lambda r: (
        altair.Chart(_rows(r)).mark_arc(innerRadius=r.randint(45, 65)).encode(theta="value:Q", color="name:N")
    ),
    "scatter": lambda r: (
        altair.Chart(_points(r)).mark_circle(size=r.randint(20, 60), color=_colour(r)).encode(x="x:Q", y="y:Q")
    ),
    "fit": _fit,
    "bubble": lambda r: (
        altair.Chart(_points(r))
        .transform_filter("datum.size > 35")
        .mark_circle(opacity=0.7)
        .encode(x="x:Q", y="y:Q", size=altair.Size("size:Q", scale=altair.Scale(range=[20, 1200])), color="part:N")
    ),
    "histogram": lambda r: (
        altair.Chart(_samples(r))
        .mark_bar(color=_colour(r))
        .encode(x=altair.X("value:Q", bin=altair.Bin(maxbins=30)), y="count()")
    ),
    "box": lambda r: altair.Chart(_samples(r)).mark_boxplot(color=_colour(r), size=26).encode(x="name:N", y="value:Q"),
    "error bars": _errors,
    "heatmap": _heat,
    "candlestick": _candles,
}


# ---------------------------------------------------------------- pygal

_STYLES = (
    pygal_styles.DefaultStyle,
    pygal_styles.LightStyle,
    pygal_styles.CleanStyle,
    pygal_styles.DarkStyle,
    pygal_styles.RedBlueStyle,
    pygal_styles.NeonStyle,
    pygal_styles.BlueStyle,
)
_VARIABLE = re.compile(r"font-family:\s*[^;]+;")


def _pygal(fill: Callable[[random.Random, dict[str, Any]], Any], rng: random.Random) -> Image.Image:
    options = {
        "style": rng.choice(_STYLES),
        "width": rng.randint(420, 640),
        "height": rng.randint(320, 440),
        "title": rng.choice((None, *TITLES)),
        "show_legend": rng.random() < 0.6,
        "legend_at_bottom": rng.random() < 0.4,
        "js": [],
        "explicit_size": True,
        "print_values": False,
    }
    chart = fill(rng, options)
    svg = _VARIABLE.sub("font-family: DejaVu Sans;", chart.render(is_unicode=True, disable_xml_declaration=True))
    return Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg)))).convert("RGB")


def _series(chart: Any, rng: random.Random, count: int, n: int) -> Any:
    chart.x_labels = rng.sample(NAMES, n) if n <= len(NAMES) else [str(i) for i in range(n)]
    for name in rng.sample(NAMES, count):
        chart.add(name, [rng.randint(5, 100) for _ in range(n)])
    return chart


def _slices(chart: Any, rng: random.Random) -> Any:
    for name in rng.sample(NAMES, rng.randint(3, 7)):
        chart.add(name, rng.randint(10, 100))
    return chart


def _xy(rng: random.Random, options: dict[str, Any]) -> Any:
    chart, slope = pygal.XY(stroke=False, dots_size=4, **options), rng.choice((-1, 0, 1))
    for name in rng.sample(NAMES, rng.randint(1, 3)):
        xs = [rng.random() * 10 for _ in range(40)]
        chart.add(name, [(x, slope * x + rng.gauss(0, 1.5)) for x in xs])
    return chart


def _pygal_box(rng: random.Random, options: dict[str, Any]) -> Any:
    chart = pygal.Box(**options)
    for name in rng.sample(NAMES, rng.randint(3, 6)):
        chart.add(name, [rng.gauss(rng.uniform(30, 60), 10) for _ in range(30)])
    return chart


PYGAL: dict[str, Callable[[random.Random, dict[str, Any]], Any]] = {
    "bar": lambda r, o: _series(pygal.Bar(**o), r, 1, r.randint(3, 9)),
    "hbar": lambda r, o: _series(pygal.HorizontalBar(**o), r, 1, r.randint(3, 8)),
    "grouped": lambda r, o: _series(pygal.Bar(**o), r, r.randint(2, 4), r.randint(3, 6)),
    "stacked": lambda r, o: _series(pygal.StackedBar(**o), r, r.randint(2, 4), r.randint(3, 8)),
    "line": lambda r, o: _series(pygal.Line(**o), r, r.randint(1, 4), r.randint(5, 12)),
    "area": lambda r, o: _series(pygal.Line(fill=True, **o), r, 1, r.randint(6, 12)),
    "stacked area": lambda r, o: _series(pygal.StackedLine(fill=True, **o), r, r.randint(2, 4), r.randint(6, 12)),
    "pie": lambda r, o: _slices(pygal.Pie(**o), r),
    "donut": lambda r, o: _slices(pygal.Pie(inner_radius=0.6, **o), r),
    "radar": lambda r, o: _series(pygal.Radar(fill=r.random() < 0.5, **o), r, r.randint(1, 3), r.randint(4, 8)),
    "scatter": _xy,
    "box": _pygal_box,
    "funnel": lambda r, o: _slices(pygal.Funnel(**o), r),
    "treemap": lambda r, o: _slices(pygal.Treemap(**o), r),
}  # fmt: skip
