"""Charts and formulas by matplotlib: many figures in documents look like these."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from typing import Any

import matplotlib
import matplotlib.style
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from lab.train.charts import CORRELATIONS, SHAPES, TRENDS, cloud, labels, say_colours, say_names, series
from lab.train.facts import Facts
from lab.train.words import GROUPS, REGIONS, SECTORS, TOPICS, Pair

_STYLES = (
    "default",
    "default",
    "ggplot",
    "seaborn-v0_8-whitegrid",
    "seaborn-v0_8-darkgrid",
    "bmh",
    "fivethirtyeight",
    "dark_background",
    "Solarize_Light2",
    "grayscale",
    "classic",
    "tableau-colorblind10",
    "seaborn-v0_8-pastel",
)
_MAPS = {
    "Blues": ("blue shades", "蓝色渐变"),
    "Reds": ("red shades", "红色渐变"),
    "Greens": ("green shades", "绿色渐变"),
    "viridis": ("purple to yellow colours", "从紫到黄的配色"),
    "coolwarm": ("blue to red colours", "从蓝到红的配色"),
    "gray": ("gray shades", "灰度"),
    "hot": ("black, red and yellow colours", "黑红黄配色"),
}

Draw = Callable[[Any, random.Random, Facts], None]  # axes of any projection: matplotlib's types know only one


def _figure(kind: str, draw: Draw, rng: random.Random, **subplot: Any) -> tuple[Image.Image, Facts]:
    facts = Facts(kind)
    style = rng.choice(_STYLES)
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of missing glyphs and crowded layouts: such figures exist
        matplotlib.style.use(style)
        matplotlib.rcParams["font.family"] = rng.choice(("DejaVu Sans", "DejaVu Serif", "DejaVu Sans"))
        matplotlib.rcParams["font.size"] = rng.uniform(7, 12)
        wide = rng.uniform(3, 4.6)
        figure = Figure(figsize=(wide, wide / rng.uniform(1, 1.8)), dpi=224 / wide)
        axes = figure.add_subplot(**subplot)
        if style == "dark_background":
            facts.say("dark background|dark theme|on black", "深色背景|暗色主题")
        if rng.random() < 0.7:
            facts.topic = rng.choice(TOPICS)
            axes.set_title(
                facts.topic[0].capitalize() if rng.random() < 0.6 else facts.topic[0], fontsize=rng.uniform(9, 16)
            )
        if rng.random() < 0.4:
            axes.set_xlabel(rng.choice(TOPICS)[0])
            axes.set_ylabel(rng.choice(TOPICS)[0])
        draw(axes, rng, facts)
        figure.subplots_adjust(0.14, 0.15, 0.95, 0.88)
        return _pixels(figure), facts


def _pixels(figure: Figure) -> Image.Image:
    canvas: Any = FigureCanvasAgg(figure)  # untyped
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def _colours(axes: Any, n: int, rng: random.Random) -> list[str]:
    own = [to_hex(colour) for colour in matplotlib.rcParams["axes.prop_cycle"].by_key()["color"]]
    if rng.random() < 0.5:
        own = rng.sample([to_hex(c) for c in matplotlib.colormaps["tab20"](range(20))], 10)
    return (own * 3)[:n]


def _legend(axes: Any, rng: random.Random, facts: Facts, names: list[Pair]) -> None:
    if rng.random() < 0.75:
        where = rng.choice(("best", "upper left", "upper right", "lower right"))
        axes.legend(loc=where, frameon=rng.random() < 0.6, fontsize=rng.uniform(5, 9))
        facts.say("with a legend|legend inside", "有图例|图例在图内")
        say_names(facts, names, rng)


def _bar(axes: Any, rng: random.Random, facts: Facts) -> None:
    n = rng.randint(3, 12)
    names, [colour] = labels(rng, n), _colours(axes, 1, rng)
    trend = rng.choice(("up", "down", "random", "random", "peak"))
    facts.say(*TRENDS[trend])
    values = [v * 100 for v in series(rng, n, trend)]
    flat = facts.kind == "hbar"
    (axes.barh if flat else axes.bar)(range(n), values, 0.7, color=colour, edgecolor=rng.choice(("none", "black")))
    (axes.set_yticks if flat else axes.set_xticks)(range(n), [name[0] for name in names])
    if not flat and n > 5:
        axes.tick_params(axis="x", rotation=45)
    facts.count(n, "bars", "根柱子" if not flat else "根横条")
    say_colours(facts, [colour])
    say_names(facts, names, rng)


def _many(axes: Any, rng: random.Random, facts: Facts) -> None:
    groups, members = rng.randint(2, 7), rng.randint(2, 5)
    names, parts, colours = (
        labels(rng, groups),
        rng.sample(rng.choice((GROUPS, REGIONS, SECTORS)), members),
        _colours(axes, members, rng),
    )
    base = np.zeros(groups)
    for m in range(members):
        values = np.array([rng.uniform(0.2, 1) for _ in range(groups)])
        if facts.kind == "grouped":
            axes.bar(
                np.arange(groups) + m * 0.8 / members - 0.4, values, 0.8 / members, color=colours[m], label=parts[m][0]
            )
        else:
            axes.bar(range(groups), values, 0.65, base, color=colours[m], label=parts[m][0])
            base += values
    axes.set_xticks(range(groups), [name[0] for name in names])
    facts.count(
        groups,
        "groups of bars" if facts.kind == "grouped" else "bars|columns",
        "组柱子" if facts.kind == "grouped" else "根柱子",
    )
    facts.count(members, "series|parts", "个系列|种分类")
    say_colours(facts, colours)
    _legend(axes, rng, facts, parts)


def _line(axes: Any, rng: random.Random, facts: Facts) -> None:
    count, n = rng.choice((1, 1, 2, 2, 3, 4, 5)), rng.randint(5, 60)
    trend = rng.choice(tuple(TRENDS)) if count == 1 or rng.random() < 0.6 else ""
    if trend:
        facts.say(*TRENDS[trend])
    parts, colours = rng.sample(rng.choice((GROUPS, REGIONS, SECTORS)), count), _colours(axes, count, rng)
    marker, dash = rng.choice(("", "", "o", "s", "^", "x")), rng.choice(("-", "-", "-", "--", ":"))
    for i in range(count):
        values = series(rng, n, trend or rng.choice(tuple(TRENDS)))
        if facts.kind == "area":
            axes.fill_between(range(n), values, color=colours[i], alpha=0.6, label=parts[i][0])
        elif facts.kind == "step":
            axes.step(range(n), values, color=colours[i], label=parts[i][0])
        else:
            axes.plot(
                values,
                dash,
                marker=marker if n < 30 else "",
                color=colours[i],
                lw=rng.choice((1, 1.5, 2.5)),
                label=parts[i][0],
            )
    if marker and n < 30 and facts.kind == "line":
        facts.say("with markers|points marked", "带数据点标记")
    if dash != "-" and facts.kind == "line":
        facts.say("dashed line" if dash == "--" else "dotted line", "虚线" if dash == "--" else "点线")
    if rng.random() < 0.4:
        axes.grid(True)
    if count > 1:
        facts.count(count, "lines|curves", "条线|条曲线")
        _legend(axes, rng, facts, parts)
    else:
        facts.say("a single line|one line", "一条线|单条折线")
    say_colours(facts, colours)


def _stack(axes: Any, rng: random.Random, facts: Facts) -> None:
    count, n = rng.randint(2, 5), rng.randint(5, 30)
    parts, colours = rng.sample(rng.choice((GROUPS, REGIONS, SECTORS)), count), _colours(axes, count, rng)
    axes.stackplot(
        range(n),
        [series(rng, n, rng.choice(tuple(TRENDS))) for _ in range(count)],
        colors=colours,
        labels=[part[0] for part in parts],
    )
    facts.count(count, "layers|series", "层|个系列")
    say_colours(facts, colours)
    _legend(axes, rng, facts, parts)


def _pie(axes: Any, rng: random.Random, facts: Facts) -> None:
    n = rng.randint(2, 8)
    parts, colours = rng.sample(rng.choice((GROUPS, REGIONS, SECTORS)), n), _colours(axes, n, rng)
    percent = rng.random() < 0.5
    hole = {"width": rng.uniform(0.3, 0.5)} if facts.kind == "donut" else {}
    axes.pie(
        [rng.uniform(0.2, 1) for _ in range(n)],
        labels=[p[0] for p in parts] if rng.random() < 0.7 else None,
        colors=colours,
        autopct="%1.0f%%" if percent else None,
        wedgeprops={"edgecolor": "w", **hole},
        startangle=rng.uniform(0, 360),
    )
    axes.set_xlabel(""), axes.set_ylabel("")
    facts.count(n, "slices|sectors|parts", "个扇区|块|个部分")
    if percent:
        facts.say("percent labels|percentages written in it", "标有百分比")
    say_colours(facts, colours)
    say_names(facts, parts, rng)


def _scatter(axes: Any, rng: random.Random, facts: Facts) -> None:
    how = rng.choice(tuple(CORRELATIONS)) if facts.kind == "scatter" else rng.choice(("rising", "falling"))
    facts.say(*CORRELATIONS[how])
    n, colours = rng.randint(15, 150), _colours(axes, 1 if facts.kind == "fit" else rng.choice((1, 1, 2, 3)), rng)
    points = np.array(cloud(rng, n, how))
    sizes = (
        np.array([rng.uniform(20, 500) for _ in range(n)])[: n // 5 + 4]
        if facts.kind == "bubble"
        else rng.uniform(6, 30)
    )
    points = points[: n // 5 + 4] if facts.kind == "bubble" else points
    axes.scatter(
        *points.T,
        s=sizes,
        c=[colours[i % len(colours)] for i in range(len(points))],
        alpha=rng.uniform(0.5, 1),
        marker=rng.choice("oooxs^"),
    )
    if facts.kind == "fit":
        slope, start = np.polyfit(points[:, 0], points[:, 1], 1)
        axes.plot([0, 1], [start, start + slope], color=rng.choice(("red", "black", "orange")), lw=2)
    say_colours(facts, colours)


def _histogram(axes: Any, rng: random.Random, facts: Facts) -> None:
    shape, noise = rng.choice(tuple(SHAPES)), np.random.default_rng(rng.randrange(2**32))
    facts.say(*SHAPES[shape])
    samples: dict[str, Callable[[], Any]] = {
        "normal": lambda: noise.normal(0, 1, 900),
        "right": lambda: noise.gamma(1.5, 1, 900),
        "left": lambda: -noise.gamma(1.5, 1, 900),
        "uniform": lambda: noise.uniform(0, 1, 900),
        "two": lambda: np.concatenate([noise.normal(-2, 0.6, 500), noise.normal(2, 0.6, 400)]),
    }
    [colour] = _colours(axes, 1, rng)
    axes.hist(
        samples[shape](), bins=rng.randint(10, 40), color=colour, edgecolor=rng.choice(("none", "black", "white"))
    )
    say_colours(facts, [colour])


def _groups(axes: Any, rng: random.Random, facts: Facts) -> None:
    n, noise = rng.randint(2, 7), np.random.default_rng(rng.randrange(2**32))
    values = [noise.normal(rng.uniform(0, 4), rng.uniform(0.5, 1.5), 60) for _ in range(n)]
    if facts.kind == "box":
        axes.boxplot(values, patch_artist=rng.random() < 0.5, notch=rng.random() < 0.15)
        facts.count(n, "boxes|groups", "个箱体|组")
    elif facts.kind == "violin":
        axes.violinplot(values, showmedians=True)
        facts.count(n, "violins|groups", "个小提琴形|组")
    else:
        [colour] = _colours(axes, 1, rng)
        axes.errorbar(
            range(n),
            [v.mean() for v in values],
            [v.std() * 0.5 for v in values],
            fmt=rng.choice(("o", "s", "-o", "--^")),
            capsize=4,
            color=colour,
        )
        facts.count(n, "values|points", "个数值|个点")
        say_colours(facts, [colour])


def _matrix(axes: Any, rng: random.Random, facts: Facts) -> None:
    rows, columns, noise = rng.randint(3, 14), rng.randint(3, 14), np.random.default_rng(rng.randrange(2**32))
    diagonal = rng.random() < 0.35
    values = noise.random((rows, rows if diagonal else columns))
    if diagonal:
        values = values * 0.3 + np.eye(rows)
        facts.say("bright diagonal|confusion matrix", "对角线突出|混淆矩阵")
    colours = rng.choice(tuple(_MAPS))
    shown = axes.imshow(values, cmap=colours, aspect=rng.choice(("auto", "equal")))
    if rng.random() < 0.6:
        axes.figure.colorbar(shown, ax=axes)
        facts.say("colour bar on the right|colour scale at the right", "右侧有色标|右侧颜色条")
    facts.say(*_MAPS[colours])
    facts.say(
        f"{values.shape[0]} by {values.shape[1]} cells|{values.shape[0]} rows and {values.shape[1]} columns",
        f"{values.shape[0]}行{values.shape[1]}列",
    )


def _field(axes: Any, rng: random.Random, facts: Facts) -> None:
    x, y = np.meshgrid(np.linspace(-3, 3, 40), np.linspace(-3, 3, 40))
    shapes = {
        "peak": (np.exp(-(x**2 + y**2) / 2), "one peak|a hill", "一个峰|山丘"),
        "saddle": (x**2 - y**2, "saddle", "鞍面"),
        "bowl": (x**2 + y**2, "bowl", "碗形"),
        "waves": (np.sin(1.8 * x) * np.cos(1.8 * y), "waves|ripples", "波纹"),
    }
    values, english, chinese = shapes[rng.choice(tuple(shapes))]
    facts.say(english, chinese)
    colours = rng.choice(tuple(_MAPS))
    facts.say(*_MAPS[colours])
    if facts.kind == "surface":
        axes.plot_surface(
            x, y, values, cmap=colours, rcount=24, ccount=24
        ) if rng.random() < 0.7 else axes.plot_wireframe(x, y, values, rcount=16, ccount=16)
    elif rng.random() < 0.5:
        axes.contourf(x, y, values, 10, cmap=colours)
        facts.say("filled contours", "填充等高线")
    else:
        axes.contour(x, y, values, 10, cmap=colours)
        facts.say("contour lines only", "只有等高线")


def _radar(axes: Any, rng: random.Random, facts: Facts) -> None:
    n, count = rng.randint(3, 8), rng.randint(1, 3)
    angles, colours, names = (
        np.linspace(0, 2 * np.pi, n, endpoint=False),
        _colours(axes, count, rng),
        rng.sample(SECTORS, n),
    )
    for colour in colours:
        values = [rng.uniform(0.3, 1) for _ in range(n)]
        axes.plot([*angles, angles[0]], [*values, values[0]], color=colour)
        axes.fill(angles, values, color=colour, alpha=0.3)
    axes.set_xticks(angles, [name[0] for name in names])
    axes.set_xlabel(""), axes.set_ylabel("")
    facts.count(n, "axes|spokes", "个维度|个轴")
    say_colours(facts, colours)


def _function(axes: Any, rng: random.Random, facts: Facts) -> None:
    x = np.linspace(-5, 5, 200)
    shapes = {
        "sine": (np.sin(x * rng.uniform(1, 3)), "sine wave|sine curve", "正弦波|正弦曲线"),
        "sigmoid": (1 / (1 + np.exp(-x)), "sigmoid|S-shaped curve", "sigmoid函数|S形曲线"),
        "relu": (np.maximum(0, x), "ReLU|flat then rising straight", "ReLU函数|先平后升"),
        "parabola": (x**2, "parabola|U-shaped curve", "抛物线|U形曲线"),
        "bell": (np.exp(-(x**2) / 2), "bell curve|Gaussian", "钟形曲线|高斯曲线"),
        "exponential": (np.exp(x), "exponential growth", "指数增长"),
        "decay": (np.exp(-x), "exponential decay|decaying loss curve", "指数衰减|损失曲线下降"),
    }
    picked = rng.sample(tuple(shapes), rng.choice((1, 1, 2)))
    colours = _colours(axes, len(picked), rng)
    for name, colour in zip(picked, colours, strict=True):
        values, english, chinese = shapes[name]
        axes.plot(x, values, color=colour, lw=rng.choice((1, 2, 3)))
        facts.say(english, chinese)
    if rng.random() < 0.4:
        axes.grid(True)
    say_colours(facts, colours)


_FORMULAS = (
    (r"E = mc^2", "energy and mass", "质能方程"),
    (r"\sum_{i=1}^{n} x_i", "a sum", "求和"),
    (r"\int_0^\infty e^{-x} dx", "an integral", "积分"),
    (r"\frac{a}{b} + \frac{c}{d}", "fractions", "分数"),
    (r"x = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a}", "quadratic formula|square root", "求根公式|根号"),
    (r"\nabla f(x) = 0", "a gradient", "梯度"),
    (r"P(A|B) = \frac{P(B|A)P(A)}{P(B)}", "Bayes probability", "贝叶斯概率"),
    (r"\lim_{n \to \infty} a_n = 0", "a limit", "极限"),
    (r"\sigma = \sqrt{\frac{1}{N}\sum (x_i-\mu)^2}", "standard deviation", "标准差"),
    (r"\alpha + \beta = \gamma", "Greek letters", "希腊字母"),
    (r"\frac{\partial L}{\partial w}", "a partial derivative", "偏导数"),
    (r"y = w^T x + b", "linear model", "线性模型"),
    (r"A \cup B \subset C", "sets", "集合"),
)


def formula(rng: random.Random) -> tuple[Image.Image, Facts]:
    facts = Facts("formula")
    dark = rng.random() < 0.15
    count = rng.choice((1, 1, 1, 2, 3))
    figure = Figure(figsize=(3, rng.uniform(0.8, 2)), dpi=74, facecolor="#111111" if dark else "#ffffff")
    with matplotlib.rc_context({"mathtext.fontset": rng.choice(("dejavusans", "cm", "stix", "dejavuserif"))}):
        for k, (tex, english, chinese) in enumerate(rng.sample(_FORMULAS, count)):
            figure.text(
                0.5,
                (k + 0.5) / count,
                f"${tex}$",
                ha="center",
                va="center",
                fontsize=rng.uniform(12, 24),
                color="white" if dark else "black",
            )
            facts.say(english, chinese)
        picture = _pixels(figure)
    if count > 1:
        facts.count(count, "lines", "行")
    return picture, facts


def _plot(kind: str, draw: Draw, **subplot: Any) -> Callable[[random.Random], tuple[Image.Image, Facts]]:
    return lambda rng: _figure(kind, draw, rng, **subplot)


PLOTS = {
    "bar": _plot("bar", _bar),
    "hbar": _plot("hbar", _bar),
    "grouped": _plot("grouped", _many),
    "stacked": _plot("stacked", _many),
    "line": _plot("line", _line),
    "line again": _plot("line", _line),
    "area": _plot("area", _line),
    "step": _plot("step", _line),
    "stacked area": _plot("stacked area", _stack),
    "pie": _plot("pie", _pie),
    "donut": _plot("donut", _pie),
    "scatter": _plot("scatter", _scatter),
    "fit": _plot("fit", _scatter),
    "bubble": _plot("bubble", _scatter),
    "histogram": _plot("histogram", _histogram),
    "box": _plot("box", _groups),
    "violin": _plot("violin", _groups),
    "error bars": _plot("error bars", _groups),
    "heatmap": _plot("heatmap", _matrix),
    "contour": _plot("contour", _field),
    "surface": _plot("surface", _field, projection="3d"),
    "radar": _plot("radar", _radar, projection="polar"),
    "function": _plot("function", _function),
    "formula": formula,
    "formula again": formula,
    "formula more": formula,
}
