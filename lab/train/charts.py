"""Charts drawn on a sheet: each function draws one kind in a style of chance and says what it drew."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lab.train.canvas import Sheet, a_sheet, colour_name
from lab.train.facts import Facts
from lab.train.words import COLOURS, DAYS, GROUPS, MONTHS, QUARTERS, REGIONS, SECTORS, TIMES, TOPICS, Pair

Drawing = tuple[Sheet, Facts]


@dataclass(frozen=True, slots=True)
class Plot:
    """The rectangle of the axes, and the values that its lower and upper edge stand for."""

    x: float
    y: float
    w: float
    h: float
    low: float = 0
    high: float = 1

    def at(self, value: float) -> float:
        return self.y + self.h * (1 - (value - self.low) / (self.high - self.low or 1))


def labels(rng: random.Random, n: int) -> list[Pair]:
    pool = rng.choice((REGIONS, GROUPS, SECTORS, MONTHS, DAYS, QUARTERS, None, None))
    if pool is None or len(pool) < n:
        first = rng.choice((1, rng.randint(1960, 2020)))
        return [(str(first + i), str(first + i)) for i in range(n)]
    if pool in (MONTHS, DAYS, QUARTERS):
        return list(pool[:n])
    return rng.sample(pool, n)


def opened(rng: random.Random, kind: str, aspect: tuple[float, float] = (1.0, 1.9)) -> Drawing:
    """A sheet with, mostly, a title; the topic is in the title where there is one."""
    sheet = a_sheet(rng, aspect)
    facts = Facts(kind)
    if sheet.style.dark:
        facts.say("dark background|dark theme|on black", "深色背景|暗色主题")
    if rng.random() < 0.75:
        topic = rng.choice(TOPICS)
        facts.topic = topic
        words = sheet.style.word(topic)
        if rng.random() < 0.3:
            by = rng.choice(TIMES)
            words = f"{words} 按{by[1]}" if sheet.style.chinese else f"{words} by {by[0]}"
            facts.topic = (f"{topic[0]} by {by[0]}", f"按{by[1]}统计的{topic[1]}")
        if not sheet.style.chinese and rng.random() < 0.6:
            words = words.capitalize()
        sheet.fitted(sheet.width / 2, 14, words, sheet.width * 0.9, rng.uniform(13, 24), bold=rng.random() < 0.5)
    return sheet, facts


def plot_area(sheet: Sheet, rng: random.Random, where: str = "none") -> Plot:
    """`where`: of the legend. Some charts leave much of their page to margins."""
    roomy = rng.random() < 0.3
    left = rng.uniform(22, 44) + (66 if where == "left" else 0)
    right = 74 if where == "right" else rng.uniform(10, 40) if roomy else 10
    top = rng.uniform(32, 52) if roomy else 32
    return Plot(left, top, sheet.width - left - right, rng.uniform(190, 210) - top)


def axes(sheet: Sheet, plot: Plot, rng: random.Random, names: Sequence[Pair] = (), grid: bool = True) -> None:
    style = sheet.style
    ticks = rng.randint(3, 6)
    numbers = rng.random() < 0.85
    factor = rng.choice((1, 1, 10, 100, 1000)) if plot.high < 100 else 1
    if style.panel:
        sheet.rect(plot.x, plot.y - 4, plot.w, plot.h + 4, style.panel)
    columns = rng.randint(5, 14)
    for i in range(1, columns) if grid and rng.random() < 0.35 else ():
        x = plot.x + plot.w * i / columns
        sheet.lines([(x, plot.y), (x, plot.y + plot.h)], style.faint, 0.8, style.dash)
    for i in range(ticks + 1):
        value = plot.low + (plot.high - plot.low) * i / ticks
        y = plot.at(value)
        if grid and rng.random() < 0.9:
            sheet.lines([(plot.x, y), (plot.x + plot.w, y)], style.faint, 0.8, style.dash)
        if numbers:
            sheet.text(plot.x - 3, y, f"{value * factor:.3g}", style.size * 0.8, anchor="end")
    if rng.random() < 0.85:
        sheet.lines(
            [(plot.x, plot.y), (plot.x, plot.y + plot.h), (plot.x + plot.w, plot.y + plot.h)], style.ink, style.stroke
        )
    if rng.random() < 0.3:  # what the axes stand for
        upright = rng.choice(TOPICS)
        sheet.fitted(8, plot.y + plot.h / 2, style.word(upright), plot.h * 0.8, style.size * 0.9, turn=-90)
        sheet.fitted(plot.x + plot.w / 2, 233, style.word(rng.choice(TOPICS)), plot.w * 0.7, style.size * 0.9)
    step = plot.w / max(1, len(names))
    turn = rng.choice((0, 0, 0, -35)) if len(names) > 4 else 0
    for i, name in enumerate(names):
        words = style.word(name)
        sheet.fitted(
            plot.x + step * (i + 0.5),
            plot.y + plot.h + 10,
            words,
            step * (1.1 if not turn else 2),
            style.size * 0.9,
            turn=turn,
        )


def say_names(facts: Facts, names: Sequence[Pair], rng: random.Random) -> None:
    if names and not names[0][0].isdigit() and rng.random() < 0.7:
        few = names[: rng.randint(2, 3)]
        facts.say(" and ".join(name[0] for name in few), "和".join(name[1] for name in few))


LEGENDS = {"left": "图例在左侧|左边有图例", "right": "图例在右侧|右边有图例"}


def legend(sheet: Sheet, facts: Facts, names: Sequence[Pair], colours: Sequence[str], where: str) -> None:
    style = sheet.style
    if where in ("left", "right"):
        x = 4 if where == "left" else sheet.width - 66
        for i, (name, colour) in enumerate(zip(names, colours, strict=False)):
            y = 46 + i * style.size * 1.7
            if style.dots:
                sheet.circle(x + 4, y, 4.5, colour)
            else:
                sheet.rect(x, y - 4, 9, 9, colour)
            sheet.fitted(x + 12, y, style.word(name), 52, anchor="start")
        facts.say(f"legend on the {where}|a legend at the {where}", LEGENDS[where])
    elif where == "below":
        step = sheet.width / (len(names) + 0.5)
        for i, (name, colour) in enumerate(zip(names, colours, strict=False)):
            sheet.rect(12 + i * step, 225, 9, 9, colour)
            sheet.fitted(24 + i * step, 230, style.word(name), step - 16, anchor="start")
        facts.say("legend below|legend at the bottom", "图例在下方|底部有图例")


def a_legend(rng: random.Random) -> str:
    return rng.choice(("right", "right", "right", "left", "below", "below", "none", "none"))


TRENDS = {
    "up": ("rising trend|upward trend|increasing|going up", "上升趋势|逐渐上升|增长"),
    "down": ("falling trend|downward trend|decreasing|going down", "下降趋势|逐渐下降|减少"),
    "peak": ("rises then falls|peak in the middle", "先升后降|中间达到峰值"),
    "dip": ("falls then rises|dip in the middle", "先降后升|中间有低谷"),
    "flat": ("flat|stable level", "平稳|基本不变"),
    "waves": ("oscillating|waves up and down|periodic", "波动|周期性起伏"),
    "random": ("irregular|no clear trend", "不规则|无明显趋势"),
}


Curve = Callable[[float], float]  # of a share of the width, 0..1


def series(rng: random.Random, n: int, trend: str) -> list[float]:
    noise, phase, waves = rng.uniform(0, 0.08), rng.uniform(0, 6), rng.uniform(2, 4)
    steep, power = rng.uniform(0.5, 0.8), rng.choice((0.6, 1.0, 1.0, 1.0, 2.0))
    curves: dict[str, Curve] = {
        "up": lambda t: 0.12 + steep * float(t**power),
        "down": lambda t: 0.12 + steep * float((1 - t) ** power),
        "peak": lambda t: 0.15 + steep * math.exp(-(((t - 0.5) / 0.24) ** 2)),
        "dip": lambda t: 0.92 - steep * math.exp(-(((t - 0.5) / 0.24) ** 2)),
        "flat": lambda t: steep,
        "waves": lambda t: 0.5 + 0.36 * math.sin(phase + 2 * math.pi * waves * t),
        "random": lambda t: rng.uniform(0.1, 0.95),
    }
    if trend == "random" and rng.random() < 0.5:
        return _wandering(rng, n)
    curve, noise = curves[trend], noise if trend != "flat" else 0.02
    return [min(0.98, max(0.03, curve(i / max(1, n - 1)) + rng.gauss(0, noise))) for i in range(n)]


def _wandering(rng: random.Random, n: int) -> list[float]:
    """Each value a step away from the one before."""
    at, step, values = rng.uniform(0.3, 0.7), rng.uniform(0.04, 0.15), []
    for _ in range(n):
        at = min(0.98, max(0.03, at + rng.gauss(0, step)))
        values.append(at)
    return values


def a_trend(rng: random.Random, facts: Facts, names: Sequence[str] = tuple(TRENDS)) -> str:
    trend = rng.choice(names)
    facts.say(*TRENDS[trend])
    return trend


def say_colours(facts: Facts, colours: Sequence[str]) -> None:
    names = list(dict.fromkeys(colour_name(colour) for colour in colours))
    if len(names) > 4:
        facts.say("many colours|colourful", "多种颜色|彩色")
        return
    facts.say(" and ".join(names), "和".join(COLOURS[name] for name in names))


def scaled(plot: Plot, rng: random.Random) -> Plot:
    return Plot(plot.x, plot.y, plot.w, plot.h, 0, 1)


def bar(rng: random.Random) -> Drawing:
    sheet, facts = opened(rng, "bar")
    n = rng.randint(3, 12)
    names, plot, colour = labels(rng, n), plot_area(sheet, rng), sheet.style.palette[0]
    axes(sheet, plot, rng, names)
    values = series(rng, n, a_trend(rng, facts, ("up", "down", "peak", "random", "random", "random")))
    colourful = rng.random() < 0.25
    step, share = plot.w / n, rng.uniform(0.45, 0.9)
    numbered = n < 9 and rng.random() < 0.25
    for i, value in enumerate(values):
        x, y = plot.x + step * (i + (1 - share) / 2), plot.at(value)
        sheet.rect(x, y, step * share, plot.y + plot.h - y, sheet.style.palette[i] if colourful else colour)
        if numbered:
            sheet.text(x + step * share / 2, y - 6, f"{value * 100:.0f}", sheet.style.size * 0.8)
    facts.count(n, "bars|columns", "根柱子|个柱形")
    say_colours(facts, sheet.style.palette[:n] if colourful else [colour])
    if numbered:
        facts.say("values above the bars|numbers on the bars", "柱顶标有数值")
    say_names(facts, names, rng)
    return sheet, facts


def hbar(rng: random.Random) -> Drawing:
    sheet, facts = opened(rng, "hbar")
    n = rng.randint(3, 10)
    names, colour = labels(rng, n), sheet.style.palette[0]
    x0, step = rng.uniform(40, 80), 190 / n
    values = series(rng, n, rng.choice(("up", "down", "random")))
    colourful = rng.random() < 0.2
    for i in range(1, 5):
        x = x0 + (sheet.width - x0 - 10) * i / 4
        sheet.lines([(x, 30), (x, 222)], sheet.style.faint, 0.8)
    for i, value in enumerate(values):
        y = 30 + step * (i + 0.15)
        sheet.rect(x0, y, (sheet.width - x0 - 12) * value, step * 0.7, sheet.style.palette[i] if colourful else colour)
        sheet.fitted(x0 - 4, y + step * 0.35, sheet.style.word(names[i]), x0 - 6, anchor="end")
    sheet.lines([(x0, 28), (x0, 224)], sheet.style.ink, sheet.style.stroke)
    facts.count(n, "bars|horizontal bars", "根横条|个条形")
    say_colours(facts, sheet.style.palette[:n] if colourful else [colour])
    say_names(facts, names, rng)
    return sheet, facts


def _many_bars(rng: random.Random, kind: str) -> Drawing:
    sheet, facts = opened(rng, kind, (1.2, 2.0))
    groups, members, where = rng.randint(2, 7), rng.randint(2, 5), a_legend(rng)
    plot = plot_area(sheet, rng, where)
    names, parts = labels(rng, groups), rng.sample(rng.choice((GROUPS, REGIONS, SECTORS)), members)
    axes(sheet, plot, rng, names)
    colours, step = sheet.style.palette[:members], plot.w / groups
    for g in range(groups):
        base, room = plot.y + plot.h, rng.uniform(0.5, 0.98)
        shares = [rng.uniform(0.2, 1) for _ in range(members)]
        for m, share in enumerate(shares):
            if kind == "grouped":
                width, height = step * 0.8 / members, share * plot.h * 0.95
                sheet.rect(plot.x + step * (g + 0.1) + m * width, base - height, width * 0.95, height, colours[m])
            else:
                height = share / sum(shares) * plot.h * room
                base -= height
                sheet.rect(plot.x + step * (g + 0.2), base, step * 0.6, height, colours[m])
    legend(sheet, facts, parts, colours, where)
    facts.count(
        groups, "groups of bars" if kind == "grouped" else "bars|columns", "组柱子" if kind == "grouped" else "根柱子"
    )
    facts.count(members, "series|parts", "个系列|种分类")
    say_colours(facts, colours)
    say_names(facts, parts if where != "none" else names, rng)
    return sheet, facts


def grouped(rng: random.Random) -> Drawing:
    return _many_bars(rng, "grouped")


def stacked(rng: random.Random) -> Drawing:
    return _many_bars(rng, "stacked")


def line(rng: random.Random) -> Drawing:
    sheet, facts = opened(rng, "line")
    count, where = rng.choice((1, 1, 1, 2, 2, 3, 4, 5)), "none"
    if count > 1:
        where = a_legend(rng)
    plot, n = plot_area(sheet, rng, where), rng.randint(5, 40)
    axes(sheet, plot, rng, labels(rng, min(n, 6)))
    trend = a_trend(rng, facts) if count == 1 or rng.random() < 0.5 else ""
    colours = sheet.style.palette[:count]
    dashed, dots, width = rng.random() < 0.12, rng.random() < 0.35 and n < 25, rng.choice((0.8, 1.2, 2, 3, 4))
    extra = rng.choice((1.2, 1.2, 2.4))
    for i in range(count):
        values, shift = series(rng, n, trend or rng.choice(tuple(TRENDS))), 0.06 * i
        points = [(plot.x + plot.w * t / (n - 1), plot.at(value * (1 - shift))) for t, value in enumerate(values)]
        sheet.lines(points, colours[i], width, "6 4" if dashed else "")
        for x, y in points if dots else ():
            sheet.circle(x, y, width + extra, colours[i])
    if dots:
        facts.say("with markers|points marked by dots", "带数据点标记|带圆点")
    if dashed:
        facts.say("dashed line", "虚线")
    if count == 1:
        facts.say("a single line|one line", "一条线|单条折线")
    else:
        facts.count(count, "lines|curves", "条线|条曲线")
        parts = rng.sample(rng.choice((GROUPS, REGIONS, SECTORS)), count)
        legend(sheet, facts, parts, colours, where)
        if where != "none":
            say_names(facts, parts, rng)
    say_colours(facts, colours)
    return sheet, facts


def step(rng: random.Random) -> Drawing:
    sheet, facts = opened(rng, "step")
    plot, n, colour = plot_area(sheet, rng), rng.randint(5, 30), sheet.style.palette[0]
    axes(sheet, plot, rng, labels(rng, 5))
    values = series(rng, n, a_trend(rng, facts, ("up", "down", "dip", "peak", "waves", "random")))
    points = [(plot.x + plot.w * (t + side) / n, plot.at(value)) for t, value in enumerate(values) for side in (0, 1)]
    sheet.lines(points, colour, rng.choice((0.9, 1.5, 2.5)))
    say_colours(facts, [colour])
    return sheet, facts


def area(rng: random.Random) -> Drawing:
    sheet, facts = opened(rng, "area")
    plot, n, colour = plot_area(sheet, rng), rng.randint(6, 30), sheet.style.palette[0]
    axes(sheet, plot, rng, labels(rng, 6))
    values = series(rng, n, a_trend(rng, facts))
    points = [(plot.x + plot.w * t / (n - 1), plot.at(value)) for t, value in enumerate(values)]
    floor = plot.y + plot.h
    sheet.polygon([(plot.x, floor), *points, (plot.x + plot.w, floor)], colour, opacity=rng.uniform(0.4, 1))
    if rng.random() < 0.6:
        sheet.lines(points, colour, 2)
    say_colours(facts, [colour])
    return sheet, facts


def stacked_area(rng: random.Random) -> Drawing:
    sheet, facts = opened(rng, "stacked area", (1.2, 2.0))
    where, count, n = a_legend(rng), rng.randint(2, 5), rng.randint(6, 24)
    plot = plot_area(sheet, rng, where)
    axes(sheet, plot, rng, labels(rng, 5))
    colours, base = sheet.style.palette[:count], [0.0] * n
    for i in range(count):
        values = series(rng, n, rng.choice(("up", "flat", "peak", "waves", "down")))
        top = [b + v / count * 0.95 for b, v in zip(base, values, strict=True)]
        xs = [plot.x + plot.w * t / (n - 1) for t in range(n)]
        upper, lower = list(zip(xs, map(plot.at, top), strict=True)), list(zip(xs, map(plot.at, base), strict=True))
        sheet.polygon([*upper, *reversed(lower)], colours[i])
        base = top
    parts = rng.sample(rng.choice((GROUPS, REGIONS, SECTORS)), count)
    legend(sheet, facts, parts, colours, where)
    facts.count(count, "layers|series", "层|个系列")
    say_colours(facts, colours)
    if where != "none":
        say_names(facts, parts, rng)
    return sheet, facts


def _round(rng: random.Random, kind: str) -> Drawing:
    sheet, facts = opened(rng, kind)
    where, n = a_legend(rng), rng.randint(2, 8)
    x, y, r = (sheet.width - (66 if where == "right" else 0)) / 2, 126, rng.uniform(60, 86)
    x = max(x, r + 4)
    hole = r * rng.uniform(0.4, 0.7) if kind == "donut" else 0
    shares = [rng.uniform(0.15, 1) for _ in range(n)]
    big = rng.random() < 0.35
    if big:
        shares[0] = sum(shares[1:]) * rng.uniform(1.3, 3)
    colours, angle = sheet.style.palette[:n], rng.choice((-math.pi / 2, 0, rng.uniform(0, 6)))
    exploded = rng.random() < 0.15
    parts = rng.sample(rng.choice((GROUPS, REGIONS, SECTORS)), n)
    percent = rng.random() < 0.4
    for i, share in enumerate(shares):
        turn = share / sum(shares) * 2 * math.pi
        middle, out = angle + turn / 2, 9 if exploded and i == 0 else 0
        cx, cy = x + out * math.cos(middle), y + out * math.sin(middle)
        sheet.wedge(cx, cy, r, angle, angle + turn, colours[i], rng.choice(("none", sheet.style.ground)), hole)
        if percent and turn > 0.35:
            at = (hole + r) / 2 if hole else r * 0.62
            sheet.text(
                cx + at * math.cos(middle),
                cy + at * math.sin(middle),
                f"{100 * share / sum(shares):.0f}%",
                sheet.style.size * 0.85,
            )
        if where == "none" and rng.random() < 0.8:
            sheet.fitted(
                cx + (r + 16) * math.cos(middle), cy + (r + 12) * math.sin(middle), sheet.style.word(parts[i]), 40
            )
        angle += turn
    legend(sheet, facts, parts, colours, where)
    facts.count(n, "slices|sectors|parts", "个扇区|块|个部分")
    say_colours(facts, colours)
    say_names(facts, parts, rng)
    if big:
        facts.say("one slice more than half|one dominant part", "一块超过一半|有一个主要部分")
    if exploded:
        facts.say("one slice pulled out|exploded slice", "一块分离|突出一块")
    if percent:
        facts.say("percent labels|percentages written in it", "标有百分比")
    return sheet, facts


def pie(rng: random.Random) -> Drawing:
    return _round(rng, "pie")


def donut(rng: random.Random) -> Drawing:
    return _round(rng, "donut")


CORRELATIONS = {
    "rising": ("positive correlation|points rise to the right", "正相关|点向右上升"),
    "falling": ("negative correlation|points fall to the right", "负相关|点向右下降"),
    "none": ("no correlation|scattered everywhere", "无相关性|随机分布"),
    "clusters": ("clusters of points|separate groups of points", "聚类|点分成几簇"),
}


def cloud(rng: random.Random, n: int, how: str) -> list[tuple[float, float]]:
    if how == "clusters":
        centres = [(rng.uniform(0.15, 0.85), rng.uniform(0.15, 0.85)) for _ in range(rng.randint(2, 4))]
        picked = [rng.choice(centres) for _ in range(n)]
        return [(min(0.98, max(0.02, rng.gauss(x, 0.05))), min(0.98, max(0.02, rng.gauss(y, 0.05)))) for x, y in picked]
    spread, points = rng.uniform(0.03, 0.12), []
    for _ in range(n):
        t = rng.uniform(0.03, 0.97)
        y = {"rising": t, "falling": 1 - t}.get(how, rng.random()) * 0.85 + 0.08
        points.append((t, min(0.98, max(0.02, y + rng.gauss(0, spread)))))
    return points


def scatter(rng: random.Random, kind: str = "scatter") -> Drawing:
    sheet, facts = opened(rng, kind)
    plot = plot_area(sheet, rng)
    axes(sheet, plot, rng, labels(rng, rng.choice((0, 4, 6))))
    how = rng.choice(tuple(CORRELATIONS)) if kind == "scatter" else rng.choice(("rising", "falling"))
    facts.say(*CORRELATIONS[how])
    colours = sheet.style.palette[: 1 if kind == "fit" else rng.choice((1, 1, 2, 3))]
    n = rng.randint(15, 120)
    radius, hollow = rng.uniform(1.8, 4.5), rng.random() < 0.2
    points = [(plot.x + plot.w * x, plot.y + plot.h * (1 - y)) for x, y in cloud(rng, n, how)]
    for i, (x, y) in enumerate(points):
        colour = colours[i % len(colours)]
        sheet.circle(x, y, radius, "none" if hollow else colour, colour if hollow else "none", 1.2, 0.8)
    if kind == "fit":
        ends = (0.08, 0.93) if how == "rising" else (0.93, 0.08)
        fit = rng.choice(("#d62728", "#222222", "#ff7f0e"))
        sheet.lines(
            [(plot.x, plot.at(ends[0])), (plot.x + plot.w, plot.at(ends[1]))],
            fit if not sheet.style.dark else "#ff7f0e",
            2.5,
        )
    facts.say(*(("many points|dense", "点很多|密集") if n > 70 else ("few points|sparse", "点较少|稀疏")))
    if len(colours) > 1:
        facts.count(len(colours), "groups in different colours", "组不同颜色")
    say_colours(facts, colours)
    return sheet, facts


def fit(rng: random.Random) -> Drawing:
    return scatter(rng, "fit")


def bubble(rng: random.Random) -> Drawing:
    sheet, facts = opened(rng, "bubble")
    plot = plot_area(sheet, rng)
    axes(sheet, plot, rng, labels(rng, 4))
    n, colours = rng.randint(5, 22), sheet.style.palette[: rng.choice((1, 2, 4))]
    for i in range(n):
        x, y = plot.x + plot.w * rng.uniform(0.08, 0.92), plot.at(rng.uniform(0.1, 0.92))
        sheet.circle(x, y, rng.choice((4, 7, 10, 16, 22)), colours[i % len(colours)], sheet.style.ground, 1, 0.75)
    facts.say("circles of different sizes", "大小不同的圆")
    say_colours(facts, colours)
    return sheet, facts


SHAPES = {
    "normal": ("bell shaped|normal distribution", "钟形|正态分布"),
    "right": ("skewed to the right|long right tail", "右偏|右侧长尾"),
    "left": ("skewed to the left|long left tail", "左偏|左侧长尾"),
    "uniform": ("uniform distribution|flat distribution", "均匀分布"),
    "two": ("two peaks|bimodal distribution", "双峰分布|两个峰"),
}


def histogram(rng: random.Random) -> Drawing:
    sheet, facts = opened(rng, "histogram")
    plot, n, colour = plot_area(sheet, rng), rng.randint(8, 36), sheet.style.palette[0]
    axes(sheet, plot, rng, _edges(rng))
    shape = rng.choice(tuple(SHAPES))
    facts.say(*SHAPES[shape])
    edge = rng.choice((sheet.style.ground, sheet.style.ink, colour))
    heights: dict[str, Curve] = {
        "normal": lambda t: math.exp(-(((t - 0.5) / 0.2) ** 2)),
        "right": lambda t: math.exp(-4 * t) * min(1, 8 * t + 0.3),
        "left": lambda t: math.exp(-4 * (1 - t)) * min(1, 8 * (1 - t) + 0.3),
        "uniform": lambda t: 0.7,
        "two": lambda t: math.exp(-(((t - 0.25) / 0.11) ** 2)) + 0.8 * math.exp(-(((t - 0.75) / 0.11) ** 2)),
    }
    curve, gap, ragged = heights[shape], rng.choice((0, 0, 1, 2)), rng.choice((0.15, 0.15, 0.35, 0.7))
    for i in range(n):
        height = max(0.005, min(0.98, curve((i + 0.5) / n) * 0.92 * rng.uniform(1 - ragged, 1.06)))
        sheet.rect(plot.x + plot.w * i / n, plot.at(height), plot.w / n - gap, plot.h * height, colour, edge, line=0.7)
    say_colours(facts, [colour])
    return sheet, facts


def _edges(rng: random.Random) -> list[Pair]:
    """Of the bins: numbers in equal steps."""
    first, step, n = rng.choice((0, 0, 5, 20, -50, 100)), rng.choice((1, 2, 5, 10, 25)), rng.randint(4, 10)
    return [(str(first + i * step), str(first + i * step)) for i in range(n)]


def _per_group(rng: random.Random, kind: str, most: int = 7) -> tuple[Sheet, Facts, Plot, list[float], list[str]]:
    sheet, facts = opened(rng, kind)
    plot, n = plot_area(sheet, rng), rng.randint(2, most)
    names = labels(rng, n)
    axes(sheet, plot, rng, names)
    colours = list(sheet.style.palette[:n]) if rng.random() < 0.5 else [sheet.style.palette[0]] * n
    say_colours(facts, colours)
    say_names(facts, names, rng)
    return sheet, facts, plot, [plot.x + plot.w * (i + 0.5) / n for i in range(n)], colours


def box(rng: random.Random) -> Drawing:
    sheet, facts, plot, xs, colours = _per_group(rng, "box")
    width, ink = min(34, plot.w / len(xs) * 0.5), sheet.style.ink
    for x, colour in zip(xs, colours, strict=True):
        middle, spread = rng.uniform(0.3, 0.7), rng.uniform(0.06, 0.16)
        low, high = max(0.03, middle - spread * rng.uniform(2, 3)), min(0.97, middle + spread * rng.uniform(2, 3))
        sheet.lines([(x, plot.at(low)), (x, plot.at(high))], ink, 1.2)
        for end in (low, high):
            sheet.lines([(x - width / 4, plot.at(end)), (x + width / 4, plot.at(end))], ink, 1.2)
        sheet.rect(
            x - width / 2,
            plot.at(middle + spread),
            width,
            plot.h * spread * 2,
            rng.choice((colour, colour, sheet.style.ground)),
            ink,
        )
        at = plot.at(middle + rng.uniform(-0.5, 0.5) * spread)
        sheet.lines([(x - width / 2, at), (x + width / 2, at)], ink, 2)
        for _ in range(rng.choice((0, 0, 1, 3))):
            sheet.circle(x, plot.at(rng.choice((rng.uniform(0.01, low), rng.uniform(high, 0.99)))), 2, "none", ink)
    facts.count(len(xs), "boxes|groups", "个箱体|组")
    return sheet, facts


def violin(rng: random.Random) -> Drawing:
    sheet, facts, plot, xs, colours = _per_group(rng, "violin")
    width = min(34, plot.w / len(xs) * 0.45)
    for x, colour in zip(xs, colours, strict=True):
        middle, spread = rng.uniform(0.35, 0.65), rng.uniform(0.1, 0.18)
        heights = [middle + spread * 2.4 * (k / 14 - 1) for k in range(29)]
        widths = [width * math.exp(-((h - middle) ** 2) / (2 * spread**2)) * rng.uniform(0.92, 1.05) for h in heights]
        right = [(x + w, plot.at(h)) for h, w in zip(heights, widths, strict=True)]
        left = [(x - w, plot.at(h)) for h, w in zip(heights, widths, strict=True)]
        sheet.polygon([*right, *reversed(left)], colour, sheet.style.ink, 0.8, 0.9)
        sheet.lines([(x, plot.at(middle - spread)), (x, plot.at(middle + spread))], sheet.style.ink, 3)
    facts.count(len(xs), "violins|groups", "个小提琴形|组")
    return sheet, facts


def error_bars(rng: random.Random) -> Drawing:
    sheet, facts, plot, xs, colours = _per_group(rng, "error bars", 10)
    joined, columns = rng.random() < 0.4, rng.random() < 0.35
    values = [rng.uniform(0.25, 0.8) for _ in xs]
    if joined:
        sheet.lines([(x, plot.at(v)) for x, v in zip(xs, values, strict=True)], colours[0], 1.5)
    for x, value, colour in zip(xs, values, colours, strict=True):
        error = rng.uniform(0.04, 0.16)
        if columns:
            sheet.rect(x - plot.w / len(xs) * 0.3, plot.at(value), plot.w / len(xs) * 0.6, plot.h * value, colour)
        else:
            sheet.circle(x, plot.at(value), 3.2, colour)
        sheet.lines([(x, plot.at(value - error)), (x, plot.at(value + error))], sheet.style.ink, 1.4)
        for end in (value - error, value + error):
            sheet.lines([(x - 5, plot.at(end)), (x + 5, plot.at(end))], sheet.style.ink, 1.4)
    if columns:
        facts.say("bars with error bars|whiskers on bars", "柱子上带误差棒")
    facts.count(len(xs), "values|points", "个数值|个点")
    return sheet, facts


def ramp(rng: random.Random) -> tuple[list[str], Pair]:
    ramps = {
        "blues": (["#f7fbff", "#6baed6", "#08306b"], ("blue shades", "蓝色渐变")),
        "reds": (["#fff5f0", "#fb6a4a", "#67000d"], ("red shades", "红色渐变")),
        "greens": (["#f7fcf5", "#74c476", "#00441b"], ("green shades", "绿色渐变")),
        "viridis": (["#440154", "#21918c", "#fde725"], ("purple to yellow colours", "从紫到黄的配色")),
        "hot": (["#000000", "#e34a33", "#fff7bc"], ("black, red and yellow colours", "黑红黄配色")),
        "diverging": (["#2166ac", "#f7f7f7", "#b2182b"], ("blue to red colours", "从蓝到红的配色")),
        "gray": (["#ffffff", "#969696", "#000000"], ("gray shades", "灰度")),
    }
    return ramps[rng.choice(tuple(ramps))]


def shade(stops: Sequence[str], t: float) -> str:
    from lab.train.canvas import mixed

    return mixed(stops[0], stops[1], t * 2) if t < 0.5 else mixed(stops[1], stops[2], t * 2 - 1)


def heatmap(rng: random.Random) -> Drawing:
    sheet, facts = opened(rng, "heatmap", (1.0, 1.5))
    rows, columns = rng.randint(3, 14), rng.randint(3, 16)
    how = rng.choice(("random", "diagonal", "gradient", "spot", "triangle"))
    stops, words = ramp(rng)
    if how in ("diagonal", "triangle"):
        columns = rows
    x0, y0, right = rng.uniform(10, 50), 30, rng.choice((10, 34))
    w, h = (sheet.width - x0 - right) / columns, 188 / rows
    spot = (rng.random() * rows, rng.random() * columns)
    numbers, gap = rows < 7 and columns < 8 and rng.random() < 0.5, rng.choice((0, 0, 1))
    for i in range(rows):
        for j in range(columns):
            t = {
                "random": rng.random(),
                "diagonal": (0.85 if i == j else 0.25) + rng.uniform(-0.15, 0.15),
                "gradient": (i / rows + j / columns) / 2 + rng.uniform(-0.05, 0.05),
                "spot": math.exp(-(((i - spot[0]) / rows * 3) ** 2 + ((j - spot[1]) / columns * 3) ** 2)),
                "triangle": rng.random(),
            }[how]
            if how == "triangle" and j > i:
                continue
            t = min(1, max(0, t))
            sheet.rect(x0 + j * w, y0 + i * h, w - gap, h - gap, shade(stops, t))
            if numbers:
                sheet.fitted(
                    x0 + (j + 0.5) * w,
                    y0 + (i + 0.5) * h,
                    f"{t:.2f}"[1:],
                    w * 0.8,
                    fill="#ffffff" if sum(bytes.fromhex(shade(stops, t)[1:])) < 330 else "#222222",
                )
    if right > 20:
        for k in range(20):
            sheet.rect(sheet.width - 24, 30 + k * 9.4, 10, 9.6, shade(stops, 1 - k / 19))
        facts.say("colour bar on the right|colour scale at the right", "右侧有色标|右侧颜色条")
    facts.say(*words)
    facts.say(*{
        "random": ("random cells", "随机分布的单元格"),
        "diagonal": ("bright diagonal|confusion matrix", "对角线突出|混淆矩阵"),
        "gradient": ("values grow to one corner|smooth gradient", "向一角递增|平滑渐变"),
        "spot": ("one hot spot", "一个热点"),
        "triangle": ("lower triangle|correlation matrix", "下三角|相关矩阵"),
    }[how])  # fmt: skip
    facts.say(f"{rows} by {columns} cells|{rows} rows and {columns} columns", f"{rows}行{columns}列")
    if numbers:
        facts.say("numbers in the cells", "格内有数字")
    return sheet, facts


def radar(rng: random.Random) -> Drawing:
    sheet, facts = opened(rng, "radar", (1.0, 1.5))
    n, count, where = rng.randint(3, 9), rng.randint(1, 3), a_legend(rng)
    x, y, r = (sheet.width - (60 if where == "right" else 0)) / 2, 128, rng.uniform(64, 84)
    x = max(x, r + 4)
    names = rng.sample(rng.choice((SECTORS, GROUPS, TOPICS)), n)

    def at(i: int, radius: float) -> tuple[float, float]:
        angle = 2 * math.pi * i / n - math.pi / 2
        return x + radius * math.cos(angle), y + radius * math.sin(angle)

    for ring in range(1, 5):
        sheet.polygon(
            [at(i, r * ring / 4) for i in range(n)], "none", sheet.style.faint
        ) if rng.random() < 0.9 else None
    for i in range(n):
        sheet.lines([(x, y), at(i, r)], sheet.style.faint)
        sheet.fitted(*at(i, r + 9), sheet.style.word(names[i]), 44, sheet.style.size * 0.9)
    colours = sheet.style.palette[:count]
    for colour in colours:
        points = [at(i, r * rng.uniform(0.3, 1)) for i in range(n)]
        sheet.polygon(points, colour, opacity=0.35)
        sheet.lines(points, colour, 2, closed=True)
    facts.count(n, "axes|spokes", "个维度|个轴")
    say_colours(facts, colours)
    if count > 1:
        facts.count(count, "series|polygons", "个系列|个多边形")
        legend(sheet, facts, rng.sample(GROUPS, count), colours, where)
    return sheet, facts


def gantt(rng: random.Random) -> Drawing:
    from lab.train.words import STEPS

    sheet, facts = opened(rng, "gantt", (1.3, 2.1))
    n, x0 = rng.randint(4, 11), rng.uniform(50, 84)
    names, step, t = rng.sample(STEPS, n), 188 / n, 0.0
    for k in range(7):
        x = x0 + (sheet.width - x0 - 8) * k / 6
        sheet.lines([(x, 28), (x, 222)], sheet.style.faint, 0.8)
        sheet.text(x, 229, str(k + 1), 7)
    colours = [rng.choice(sheet.style.palette[: rng.choice((1, 3))]) for _ in range(n)]
    for i in range(n):
        long = rng.uniform(0.1, 0.35)
        y = 30 + step * i
        sheet.rect(
            x0 + (sheet.width - x0 - 8) * t,
            y + step * 0.2,
            (sheet.width - x0 - 8) * min(long, 1 - t),
            step * 0.6,
            colours[i],
            r=rng.choice((0, 2)),
        )
        sheet.fitted(x0 - 4, y + step / 2, sheet.style.word(names[i]), x0 - 6, anchor="end")
        t = min(0.85, max(0, t + long * rng.uniform(0.3, 1)))
    facts.count(n, "tasks|bars", "个任务|项任务")
    say_colours(facts, colours)
    say_names(facts, names, rng)
    return sheet, facts


def waterfall(rng: random.Random) -> Drawing:
    sheet, facts = opened(rng, "waterfall")
    plot, n, level = plot_area(sheet, rng), rng.randint(4, 9), rng.uniform(0.3, 0.6)
    names = labels(rng, n)
    axes(sheet, plot, rng, names)
    up, down, whole = "#2ca02c", "#d62728", sheet.style.palette[0]
    step = plot.w / n
    sheet.rect(plot.x + step * 0.15, plot.at(level), step * 0.7, plot.h * level, whole)
    for i in range(1, n - 1):
        change = rng.uniform(0.06, 0.22) * rng.choice((1, -1))
        new = min(0.95, max(0.08, level + change))
        sheet.rect(
            plot.x + step * (i + 0.15),
            plot.at(max(level, new)),
            step * 0.7,
            plot.h * abs(new - level),
            up if new > level else down,
        )
        level = new
    sheet.rect(plot.x + step * (n - 0.85), plot.at(level), step * 0.7, plot.h * level, whole)
    facts.say("green rises and red falls", "绿色为增红色为减")
    facts.count(n, "bars|steps", "根柱子|步")
    return sheet, facts


def funnel(rng: random.Random) -> Drawing:
    sheet, facts = opened(rng, "funnel", (1.0, 1.6))
    n, width = rng.randint(3, 7), sheet.width * 0.86
    colours = sheet.style.palette[:n] if rng.random() < 0.6 else [sheet.style.palette[0]] * n
    from lab.train.words import STEPS

    names, step, middle = rng.sample(STEPS, n), 190 / n, sheet.width / 2
    if rng.random() < 0.3:
        return _lying(rng, sheet, facts, colours, names)
    for i in range(n):
        nxt = width * rng.uniform(0.6, 0.88)
        y = 32 + i * step
        sheet.polygon(
            [
                (middle - width / 2, y),
                (middle + width / 2, y),
                (middle + nxt / 2, y + step - 2),
                (middle - nxt / 2, y + step - 2),
            ],
            colours[i],
        )
        sheet.fitted(middle, y + step / 2, sheet.style.word(names[i]), nxt * 0.8, fill="#ffffff")
        width = nxt
    facts.count(n, "stages|levels", "个阶段|层")
    say_colours(facts, colours)
    say_names(facts, names, rng)
    return sheet, facts


def _lying(rng: random.Random, sheet: Sheet, facts: Facts, colours: Sequence[str], names: Sequence[Pair]) -> Drawing:
    """A funnel from left to right, around a line in the middle of axes."""
    plot, n = plot_area(sheet, rng), len(names)
    axes(sheet, plot, rng, names)
    middle, step, height = plot.y + plot.h / 2, plot.w / n, plot.h * rng.uniform(0.6, 0.95)
    for i in range(n):
        x, nxt = plot.x + i * step, height * (rng.uniform(0.6, 0.9) if rng.random() < 0.8 else rng.uniform(0.9, 1.2))
        left, right = height / 2, min(nxt, plot.h) / 2
        sheet.polygon(
            [(x, middle - left), (x + step, middle - right), (x + step, middle + right), (x, middle + left)], colours[i]
        )
        height = right * 2
    facts.count(n, "stages|levels", "个阶段|层")
    facts.say("from left to right|lying on its side", "从左到右|横向")
    say_colours(facts, colours)
    say_names(facts, names, rng)
    return sheet, facts


def gauge(rng: random.Random) -> Drawing:
    sheet, facts = opened(rng, "gauge", (1.1, 1.6))
    x, y, r, value = sheet.width / 2, 175, 100, rng.random()
    bands = rng.choice(
        (
            ["#2ca02c", "#ffcc00", "#d62728"],
            [sheet.style.palette[0], sheet.style.faint],
            ["#d62728", "#ffcc00", "#2ca02c"],
        )
    )
    for i, colour in enumerate(bands):
        start, end = (i / len(bands), (i + 1) / len(bands)) if len(bands) == 3 else ((0, value), (value, 1))[i]
        sheet.wedge(x, y, r, math.pi * (1 + start), math.pi * (1 + end) + 0.001, colour, hole=r * 0.65)
    angle = math.pi * (1 + value)
    sheet.lines([(x, y), (x + r * 0.8 * math.cos(angle), y + r * 0.8 * math.sin(angle))], sheet.style.ink, 4)
    sheet.circle(x, y, 7, sheet.style.ink)
    sheet.text(x, y + 26, f"{value * 100:.0f}%", 20, bold=True)
    level = (
        ("low value|needle at the left", "数值低|指针在左")
        if value < 0.33
        else ("high value|needle at the right", "数值高|指针在右")
        if value > 0.66
        else ("middle value|needle in the middle", "数值居中|指针在中间")
    )
    facts.say(*level)
    facts.say("half circle", "半圆形")
    return sheet, facts


def treemap(rng: random.Random) -> Drawing:
    sheet, facts = opened(rng, "treemap")
    boxes = [(6.0, 30.0, sheet.width - 12, 202.0)]
    n = rng.randint(4, 12)
    while len(boxes) < n:
        boxes.sort(key=lambda b: -b[2] * b[3])
        x, y, w, h = boxes.pop(0)
        cut = rng.uniform(0.35, 0.65)
        boxes += (
            [(x, y, w * cut, h), (x + w * cut, y, w * (1 - cut), h)]
            if w > h
            else [(x, y, w, h * cut), (x, y + h * cut, w, h * (1 - cut))]
        )
    names = rng.sample(SECTORS, n)
    colours = [sheet.style.palette[i % rng.randint(3, 8)] for i in range(n)]
    for (x, y, w, h), name, colour in zip(boxes, names, colours, strict=True):
        sheet.rect(x, y, w - 2, h - 2, colour)
        sheet.fitted(x + w / 2, y + h / 2, sheet.style.word(name), w * 0.8, fill="#ffffff")
    facts.count(n, "rectangles", "个矩形")
    say_colours(facts, colours)
    say_names(facts, names, rng)
    return sheet, facts


def candlestick(rng: random.Random) -> Drawing:
    sheet, facts = opened(rng, "candlestick", (1.2, 2.0))
    plot, n = plot_area(sheet, rng), rng.randint(10, 40)
    axes(sheet, plot, rng, labels(rng, 5))
    up, down = rng.choice((("#26a69a", "#ef5350"), ("#d62728", "#2ca02c"), ("#ffffff", "#222222")))
    values = series(rng, n + 1, a_trend(rng, facts, ("up", "down", "waves", "peak")))
    for i in range(n):
        x, a, b = plot.x + plot.w * (i + 0.5) / n, values[i], values[i + 1] + rng.gauss(0, 0.03)
        sheet.lines(
            [(x, plot.at(max(a, b) + rng.uniform(0, 0.05))), (x, plot.at(min(a, b) - rng.uniform(0, 0.05)))],
            sheet.style.ink,
            1,
        )
        sheet.rect(
            x - plot.w / n * 0.33,
            plot.at(max(a, b)),
            plot.w / n * 0.66,
            max(1, abs(a - b) * plot.h),
            up if b > a else down,
            sheet.style.ink if up == "#ffffff" else "none",
        )
    facts.say(
        *{
            "#26a69a": ("green and red", "绿色和红色"),
            "#d62728": ("red and green", "红色和绿色"),
            "#ffffff": ("black and white", "黑白"),
        }[up]
    )
    return sheet, facts


def function(rng: random.Random) -> Drawing:
    sheet, facts = opened(rng, "function", (1.0, 1.7))
    plot = plot_area(sheet, rng)
    waves = rng.uniform(8, 26)
    shapes: dict[str, tuple[Curve, str, str]] = {
        "sine": (lambda t: 0.5 + 0.4 * math.sin(t * waves), "sine wave|sine curve", "正弦波|正弦曲线"),
        "sigmoid": (
            lambda t: 0.06 + 0.86 / (1 + math.exp(-12 * (t - 0.5))),
            "sigmoid|S-shaped curve",
            "sigmoid函数|S形曲线",
        ),
        "relu": (lambda t: 0.06 + max(0.0, t - 0.5) * 1.7, "ReLU|flat then rising straight", "ReLU函数|先平后升"),
        "parabola": (lambda t: 0.06 + 3.4 * (t - 0.5) ** 2, "parabola|U-shaped curve", "抛物线|U形曲线"),
        "bell": (
            lambda t: 0.06 + 0.84 * math.exp(-(((t - 0.5) / 0.16) ** 2)),
            "bell curve|Gaussian",
            "钟形曲线|高斯曲线",
        ),
        "exponential": (lambda t: 0.05 + 0.9 * math.exp(5 * (t - 1)), "exponential growth", "指数增长"),
        "decay": (
            lambda t: 0.05 + 0.9 * math.exp(-5 * t),
            "exponential decay|decaying loss curve",
            "指数衰减|损失曲线下降",
        ),
        "log": (
            lambda t: 0.08 + 0.84 * math.log(1 + 30 * t) / math.log(31),
            "logarithm|saturating curve",
            "对数曲线|趋于饱和",
        ),
        "cubic": (lambda t: 0.5 + 3.2 * (t - 0.5) ** 3, "cubic curve", "三次曲线"),
    }
    count = rng.choice((1, 1, 1, 2))
    colours = sheet.style.palette[:count]
    if rng.random() < 0.6:
        axes(sheet, plot, rng, labels(rng, 5))
    else:
        middle = plot.x + plot.w / 2
        sheet.arrow((plot.x, plot.at(0.06)), (plot.x + plot.w, plot.at(0.06)))
        sheet.arrow((middle, plot.y + plot.h), (middle, plot.y))
    for name, colour in zip(rng.sample(tuple(shapes), count), colours, strict=True):
        curve, english, chinese = shapes[name]
        sheet.lines(
            [(plot.x + plot.w * t / 80, plot.at(min(0.99, max(0.01, curve(t / 80))))) for t in range(81)],
            colour,
            rng.choice((1.5, 2.5, 3.5)),
        )
        facts.say(english, chinese)
    say_colours(facts, colours)
    return sheet, facts


def contour(rng: random.Random) -> Drawing:
    sheet, facts = opened(rng, "contour", (1.0, 1.6))
    plot = plot_area(sheet, rng)
    axes(sheet, plot, rng, labels(rng, 5), grid=False)
    stops, words = ramp(rng)
    filled, centres = rng.random() < 0.5, rng.choice((1, 1, 2))
    if filled:
        sheet.rect(plot.x, plot.y, plot.w, plot.h, shade(stops, 0.02))
    for c in range(centres):
        cx, cy = plot.x + plot.w * (0.5 if centres == 1 else 0.3 + 0.4 * c), plot.y + plot.h * rng.uniform(0.4, 0.6)
        wobble, squeeze = [rng.uniform(-0.12, 0.12) for _ in range(3)], rng.uniform(0.5, 1)
        for level in range(8, 0, -1):
            r = (plot.h * 0.48 if centres == 1 else plot.h * 0.32) * level / 8
            points = []
            for k in range(48):
                a = 2 * math.pi * k / 48
                rr = r * (1 + wobble[0] * math.cos(a) + wobble[1] * math.cos(2 * a) + wobble[2] * math.sin(3 * a))
                points.append(
                    (
                        cx + rr * math.cos(a) * min(1.4, plot.w / plot.h) * (0.6 if centres == 2 else 0.9),
                        cy + rr * math.sin(a) * squeeze,
                    )
                )
            colour = shade(stops, 1 - level / 9)
            sheet.polygon(
                points,
                colour if filled else "none",
                colour if filled else shade(stops, 0.3 + 0.5 * (1 - level / 9)),
                1.4,
            )
    facts.say(*words)
    facts.say(*(("filled contours", "填充等高线") if filled else ("contour lines only", "只有等高线")))
    facts.say(
        *(("one peak|one centre", "一个中心|单峰") if centres == 1 else ("two peaks|two centres", "两个中心|双峰"))
    )
    return sheet, facts


def map_(rng: random.Random) -> Drawing:
    """Regions of an invented land: cells of a jittered lattice inside a coast."""
    sheet, facts = opened(rng, "map", (1.0, 1.7))
    sea = rng.random() < 0.4
    if sea:
        sheet.rect(0, 26, sheet.width, 214, "#a6cee3")
        facts.say("blue sea around|surrounded by sea", "周围是蓝色海洋")
    across, down = rng.randint(3, 7), rng.randint(3, 6)
    grid = {
        (i, j): (
            sheet.width * (0.08 + 0.84 * (i + rng.uniform(-0.28, 0.28)) / across),
            34 + 196 * (j + rng.uniform(-0.28, 0.28)) / down,
        )
        for i in range(across + 1)
        for j in range(down + 1)
    }
    stops, words = ramp(rng)
    plain = rng.random() < 0.35
    land = rng.choice(("#e8e4d8", "#c7e9c0", "#fee8c8", "#dddddd"))
    shown = 0
    for i in range(across):
        for j in range(down):
            if (abs(i - (across - 1) / 2) / across) ** 2 + (abs(j - (down - 1) / 2) / down) ** 2 > rng.uniform(
                0.16, 0.3
            ):
                continue
            corners = _ragged([grid[i, j], grid[i + 1, j], grid[i + 1, j + 1], grid[i, j + 1]])
            sheet.polygon(
                corners,
                land if plain else shade(stops, rng.uniform(0.1, 0.95)),
                "#ffffff" if rng.random() < 0.5 else "#666666",
                1,
            )
            shown += 1
    if plain:
        for _ in range(rng.randint(3, 10)):
            sheet.circle(sheet.width * rng.uniform(0.2, 0.8), rng.uniform(60, 200), rng.uniform(2, 6), "#d62728")
        facts.say("red dots on it|places marked in red", "标有红点|红色标记地点")
    else:
        facts.say(*words)
    for _ in range(rng.randint(0, 5)):
        sheet.fitted(
            sheet.width * rng.uniform(0.25, 0.75),
            rng.uniform(60, 200),
            sheet.style.word(rng.choice(REGIONS)),
            50,
            fill="#222222",
        )
    return sheet, facts


def _ragged(corners: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Edges bent the same way from either side, so that neighbours share their border."""
    points = []
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        points.append((x0, y0))
        for t in (0.25, 0.5, 0.75):
            x, y = x0 + (x1 - x0) * t, y0 + (y1 - y0) * t
            points.append((x + 5 * math.sin(x * 0.5 + y * 0.9), y + 5 * math.cos(x * 0.8 - y * 0.4)))
    return points


CHARTS = {
    "bar": bar, "hbar": hbar, "grouped": grouped, "stacked": stacked, "line": line, "step": step, "area": area,
    "stacked area": stacked_area, "pie": pie, "donut": donut, "scatter": scatter, "fit": fit, "bubble": bubble,
    "histogram": histogram, "box": box, "violin": violin, "error bars": error_bars, "heatmap": heatmap, "radar": radar,
    "gantt": gantt, "waterfall": waterfall, "funnel": funnel, "gauge": gauge, "treemap": treemap,
    "candlestick": candlestick, "function": function, "contour": contour, "map": map_,
}  # fmt: skip
