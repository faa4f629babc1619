"""Diagrams of boxes, circles and arrows, drawn on a sheet."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from itertools import pairwise

from lab.train.canvas import Point, Sheet, colour_words
from lab.train.charts import Drawing, opened, say_colours, say_names
from lab.train.facts import Facts
from lab.train.words import CLASSES, FIELDS, HEADINGS, PARTS, ROLES, SECTORS, STEPS, Pair


def _sheet(rng: random.Random, kind: str, aspect: tuple[float, float] = (1.0, 1.9)) -> Drawing:
    return opened(rng, kind, aspect)


def node(
    sheet: Sheet, rng: random.Random, x: float, y: float, w: float, h: float, words: str, shape: str, fill: str
) -> None:
    """A node around (x, y)."""
    style = sheet.style
    edge = style.ink if fill in ("none", style.ground) else rng.choice((style.ink, fill))
    if shape == "circle":
        sheet.ellipse(x, y, w / 2, h / 2, fill, edge, style.stroke)
    elif shape == "diamond":
        sheet.polygon([(x, y - h / 2), (x + w / 2, y), (x, y + h / 2), (x - w / 2, y)], fill, edge, style.stroke)
    elif shape == "slanted":
        sheet.polygon(
            [
                (x - w / 2 + 8, y - h / 2),
                (x + w / 2 + 4, y - h / 2),
                (x + w / 2 - 8, y + h / 2),
                (x - w / 2 - 4, y + h / 2),
            ],
            fill,
            edge,
            style.stroke,
        )
    elif shape == "cylinder":
        sheet.path(
            f"M {x - w / 2} {y - h / 2 + 5} v {h - 10} a {w / 2} 5 0 0 0 {w} 0 v {-h + 10} "
            f"a {w / 2} 5 0 0 0 {-w} 0 a {w / 2} 5 0 0 0 {w} 0",
            fill,
            edge,
            style.stroke,
        )
    else:
        sheet.rect(x - w / 2, y - h / 2, w, h, fill, edge, 8 if shape == "rounded" else 0, style.stroke)
    dark_fill = fill != "none" and sum(bytes.fromhex(fill[1:])) < 360
    sheet.fitted(
        x,
        y,
        words,
        w * 0.84 if shape != "diamond" else w * 0.6,
        fill="#ffffff" if dark_fill else "#222222" if fill != "none" else style.ink,
    )


def _fill(sheet: Sheet, rng: random.Random, facts: Facts) -> str:
    if rng.random() < 0.3:
        facts.say("outlines only|no fill", "只有线框|无填充")
        return "none"
    colour = sheet.style.palette[0]
    names = colour_words(colour)
    facts.say(f"{names[0]} boxes|{names[0]}", f"{names[1]}方框|{names[1]}")
    return colour


def flowchart(rng: random.Random) -> Drawing:
    sheet, facts = _sheet(rng, "flowchart", (0.8, 1.9))
    n, across = rng.randint(3, 7), rng.random() < 0.4
    names, fill, shape = rng.sample(STEPS, n), _fill(sheet, rng, facts), rng.choice(("box", "rounded"))
    if across:
        at = [(sheet.width * (i + 0.5) / n, 128.0) for i in range(n)]
        w, h = sheet.width / n * 0.72, rng.uniform(26, 46)
        facts.say("left to right|horizontal", "从左到右|横向")
    else:
        at = [(sheet.width * 0.42, 30 + 205 * (i + 0.5) / n) for i in range(n)]
        w, h = rng.uniform(70, 100), 205 / n * 0.62
        facts.say("top to bottom|vertical", "从上到下|纵向")
    decision = rng.randrange(1, n - 1) if rng.random() < 0.7 and n > 2 else -1
    for (x0, y0), (x1, y1) in pairwise(at):
        start, end = ((x0 + w / 2, y0), (x1 - w / 2, y1)) if across else ((x0, y0 + h / 2), (x1, y1 - h / 2))
        sheet.arrow(start, end)
    for i, (x, y) in enumerate(at):
        kind = "diamond" if i == decision else "rounded" if i in (0, n - 1) else shape
        node(
            sheet,
            rng,
            x,
            y,
            w * (1.1 if kind == "diamond" else 1),
            h * (1.15 if kind == "diamond" else 1),
            sheet.style.word(names[i]),
            kind,
            fill,
        )
    if decision > 0:
        x, y = at[decision]
        back = at[max(0, decision - 1)]
        side: list[Point] = (
            [(x, y - h * 0.58), (x, y - 60), (back[0], y - 60), (back[0], back[1] - h / 2)]
            if across
            else [(x + w * 0.55, y), (x + w * 0.55 + 40, y), (x + w * 0.55 + 40, back[1]), (back[0] + w / 2, back[1])]
        )
        sheet.lines(side[:-1], sheet.style.ink, sheet.style.stroke)
        sheet.arrow(side[-2], side[-1])
        sheet.text(
            side[1][0] - 12,
            side[1][1] - 8,
            sheet.style.word(rng.choice((("no", "否"), ("yes", "是")))),
            sheet.style.size * 0.9,
        )
        facts.say("a decision diamond|with a decision|yes/no branch", "带判断菱形|有是否分支")
    facts.count(n, "steps|boxes", "个步骤|个方框")
    say_names(facts, names, rng)
    return sheet, facts


def _tree_levels(rng: random.Random, most: int) -> list[list[int]]:
    """Each level: the parent of each node, as its number in the level above."""
    levels = [[0]]
    for _ in range(rng.randint(1, 3)):
        parents = [p for p in range(len(levels[-1])) for _ in range(rng.choice((0, 1, 2, 2, 3)))] or [0, 0]
        if len(parents) > most:
            parents = parents[:most]
        levels.append(parents)
    return levels


def tree(rng: random.Random, kind: str = "tree") -> Drawing:
    sheet, facts = _sheet(rng, kind, (1.0, 1.9))
    levels, fill = _tree_levels(rng, 7), _fill(sheet, rng, facts)
    sideways = kind == "tree" and rng.random() < 0.25
    shape = "circle" if kind == "tree" and rng.random() < 0.5 else rng.choice(("box", "rounded"))
    small, names = shape == "circle", rng.sample(ROLES, 20)
    spots = [
        [_tree_spot(sheet, levels, depth, i, sideways) for i in range(len(level))] for depth, level in enumerate(levels)
    ]
    for depth in range(1, len(levels)):
        for (x, y), parent in zip(spots[depth], levels[depth], strict=True):
            px, py = spots[depth - 1][parent]
            bent = [(px, py), (px, (py + y) / 2), (x, (py + y) / 2), (x, y)]
            sheet.lines(bent if kind == "org" else [(px, py), (x, y)], sheet.style.ink, sheet.style.stroke)
    for depth, level in enumerate(levels):
        w, h = (24.0, 24.0) if small else _tree_box(sheet, len(levels), len(level), sideways)
        for i, (x, y) in enumerate(spots[depth]):
            name = rng.choice("ABCDEFGHXYZ0123456789") if small else sheet.style.word(names[(depth * 7 + i) % 20])
            node(sheet, rng, x, y, w, h, name, shape, fill if fill != "none" else sheet.style.ground)
    facts.count(sum(map(len, levels)), "nodes" if small else "boxes|nodes", "个节点" if small else "个方框|个节点")
    facts.count(len(levels), "levels", "层")
    if small:
        facts.say("circles joined by lines|round nodes", "圆形节点|圆圈连线")
    else:
        say_names(facts, [names[(d * 7) % 20] for d in range(len(levels))], rng)
    return sheet, facts


def _tree_spot(sheet: Sheet, levels: Sequence[Sequence[int]], depth: int, i: int, sideways: bool) -> Point:
    along, across = (i + 0.5) / len(levels[depth]), (depth + 0.5) / len(levels)
    return (sheet.width * across, 28 + 206 * along) if sideways else (sheet.width * along, 28 + 206 * across)


def _tree_box(sheet: Sheet, levels: int, beside: int, sideways: bool) -> tuple[float, float]:
    if sideways:
        return sheet.width / levels * 0.6, min(26, 206 / beside * 0.7)
    return min(70, sheet.width / max(beside, 3) * 0.86), min(30, 206 / levels * 0.5)


def org(rng: random.Random) -> Drawing:
    return tree(rng, "org")


def mind_map(rng: random.Random) -> Drawing:
    sheet, facts = _sheet(rng, "mind map", (1.1, 1.9))
    n, x, y = rng.randint(3, 8), sheet.width / 2, 130.0
    names = rng.sample(SECTORS, n)
    colours = sheet.style.palette[:n]
    turn = rng.random()
    for i in range(n):
        angle = 2 * math.pi * (i + turn) / n
        bx, by = x + sheet.width * 0.3 * math.cos(angle), y + 72 * math.sin(angle)
        sheet.path(f"M {x} {y} Q {(x + bx) / 2} {y} {bx} {by}", stroke=colours[i], line=rng.choice((2, 3, 4)))
        for k in range(rng.choice((0, 0, 2))):
            tx, ty = bx + 34 * (1 if bx > x else -1), by + 16 * (k - 0.5)
            sheet.lines([(bx, by), (tx, ty)], colours[i], 1.5)
        sheet.rect(bx - 26, by - 9, 52, 18, colours[i], r=9)
        sheet.fitted(bx, by, sheet.style.word(names[i]), 46, fill="#ffffff")
    sheet.ellipse(x, y, 38, 20, sheet.style.palette[n], sheet.style.ink)
    sheet.fitted(x, y, sheet.style.word(rng.choice(HEADINGS)), 66, fill="#ffffff", bold=True)
    facts.count(n, "branches", "个分支")
    facts.say("branches around a centre", "中心向外的分支")
    say_names(facts, names, rng)
    return sheet, facts


def network(rng: random.Random) -> Drawing:
    sheet, facts = _sheet(rng, "network", (1.0, 1.7))
    n, how = rng.randint(4, 24), rng.choice(("random", "random", "star", "ring", "clusters", "full"))
    x, y = sheet.width / 2, 132.0
    if how == "full":
        n = rng.randint(4, 8)
    at: list[Point] = []
    for i in range(n):
        angle = 2 * math.pi * i / n
        if how in ("ring", "full"):
            at.append((x + 84 * math.cos(angle), y + 84 * math.sin(angle)))
        elif how == "star":
            at.append((x, y) if i == 0 else (x + sheet.width * 0.38 * math.cos(angle), y + 84 * math.sin(angle)))
        elif how == "clusters":
            side = i % 2
            at.append((sheet.width * (0.28 + 0.44 * side) + rng.gauss(0, 24), y + rng.gauss(0, 34)))
        else:
            at.append((sheet.width * rng.uniform(0.08, 0.92), rng.uniform(36, 226)))
    edges = {
        "star": [(0, i) for i in range(1, n)],
        "ring": [(i, (i + 1) % n) for i in range(n)],
        "full": [(i, j) for i in range(n) for j in range(i)],
        "clusters": [(i, j) for i in range(n) for j in range(i) if (i - j) % 2 == 0 and rng.random() < 0.5] + [(0, 1)],
        "random": [
            (i, min(range(n), key=lambda j: (j == i) * 1e9 + math.dist(at[i], at[j]) * rng.uniform(0.5, 1.6)))
            for i in range(n)
            for _ in range(2)
        ],
    }[how]
    directed, radius = rng.random() < 0.3, rng.uniform(5, 12)
    colours = sheet.style.palette[: rng.choice((1, 1, 2, 3))]
    for i, j in edges:
        (x0, y0), (x1, y1) = at[i], at[j]
        if directed:
            far = math.dist(at[i], at[j]) or 1
            sheet.arrow((x0, y0), (x1 - (x1 - x0) * radius / far, y1 - (y1 - y0) * radius / far), line=1)
        else:
            sheet.lines([(x0, y0), (x1, y1)], rng.choice((sheet.style.ink, sheet.style.faint)), 1.2)
    for i, (nx, ny) in enumerate(at):
        sheet.circle(nx, ny, radius, colours[i % len(colours)], sheet.style.ink)
    facts.say(
        *{
            "star": ("star shaped|hub with spokes", "星形|中心连接"),
            "ring": ("ring of nodes", "环形连接"),
            "full": ("fully connected nodes", "全连接的节点"),
            "clusters": ("two clusters of nodes", "两个节点簇"),
            "random": ("nodes here and there", "分散的节点"),
        }[how]
    )
    if directed:
        facts.say("directed edges|arrows between nodes", "有向边|节点之间有箭头")
    facts.count(n, "nodes|circles", "个节点|个圆")
    say_colours(facts, colours)
    return sheet, facts


def neural(rng: random.Random) -> Drawing:
    sheet, facts = _sheet(rng, "neural", (1.0, 1.7))
    sizes = [rng.randint(2, 6) for _ in range(rng.randint(2, 5))]
    upwards = rng.random() < 0.35
    colours = sheet.style.palette[: len(sizes)] if rng.random() < 0.5 else [sheet.style.palette[0]] * len(sizes)
    radius = rng.uniform(7, 12)

    def at(layer: int, i: int) -> Point:
        along, across = (layer + 0.5) / len(sizes), (i + 0.5) / sizes[layer] if sizes[layer] > 1 else 0.5
        return (
            (sheet.width * (0.08 + 0.84 * across), 234 - 200 * along)
            if upwards
            else (sheet.width * along, 34 + 196 * across)
        )

    dropped = rng.random() < 0.15
    for layer in range(len(sizes) - 1):
        for i in range(sizes[layer]):
            for j in range(sizes[layer + 1]):
                if not dropped or rng.random() < 0.5:
                    sheet.lines([at(layer, i), at(layer + 1, j)], sheet.style.ink, 0.8)
    for layer, size in enumerate(sizes):
        for i in range(size):
            sheet.circle(*at(layer, i), radius, colours[layer], sheet.style.ink)
            if radius > 10:
                sheet.text(
                    *at(layer, i), f"{'xhhho'[min(layer, 4)] if layer < len(sizes) - 1 else 'o'}{i + 1}", 8, "#222222"
                )
    facts.count(len(sizes), "layers", "层")
    facts.say(f"{sizes[0]} inputs and {sizes[-1]} outputs", f"{sizes[0]}个输入{sizes[-1]}个输出")
    facts.say(*(("bottom to top", "自下而上") if upwards else ("left to right", "从左到右")))
    if dropped:
        facts.say("some connections missing|dropout", "部分连接缺失|随机失活")
    say_colours(facts, colours)
    return sheet, facts


def class_diagram(rng: random.Random) -> Drawing:
    sheet, facts = _sheet(rng, "class diagram", (1.1, 1.9))
    n = rng.randint(2, 5)
    names, fill = rng.sample(CLASSES, n), _fill(sheet, rng, facts)
    spots = [(0.25, 85), (0.75, 85), (0.25, 185), (0.75, 185), (0.5, 135)][:n]
    size = sheet.style.size * 0.8
    for (a, y0), (b, y1) in pairwise(spots):
        sheet.lines(
            [(sheet.width * a, y0), (sheet.width * b, y1)],
            sheet.style.ink,
            sheet.style.stroke,
            rng.choice(("", "", "4 3")),
        )
    for (a, y), name in zip(spots, names, strict=True):
        x, w, rows = sheet.width * a, min(96, sheet.width * 0.4), rng.randint(2, 4)
        h = (rows + 1.4) * size * 1.25
        sheet.rect(x - w / 2, y - h / 2, w, h, sheet.style.ground, sheet.style.ink, line=sheet.style.stroke)
        sheet.rect(x - w / 2, y - h / 2, w, size * 1.5, fill, sheet.style.ink, line=sheet.style.stroke)
        sheet.fitted(
            x,
            y - h / 2 + size * 0.75,
            name,
            w * 0.9,
            size * 1.1,
            bold=True,
            fill=sheet.style.ink if fill == "none" else "#111111",
        )
        for r in range(rows):
            sheet.fitted(
                x - w / 2 + 4,
                y - h / 2 + size * (2.2 + 1.25 * r),
                rng.choice("+-") + rng.choice(FIELDS),
                w * 0.9,
                size,
                anchor="start",
            )
    facts.count(n, "classes", "个类")
    facts.say(" and ".join(names[:2]), "和".join(names[:2]))
    return sheet, facts


def sequence_diagram(rng: random.Random) -> Drawing:
    sheet, facts = _sheet(rng, "sequence diagram", (1.1, 1.9))
    n, messages = rng.randint(2, 5), rng.randint(3, 8)
    names, fill = rng.sample(PARTS, n), _fill(sheet, rng, facts)
    xs = [sheet.width * (i + 0.5) / n for i in range(n)]
    for x, name in zip(xs, names, strict=True):
        sheet.lines([(x, 50), (x, 234)], sheet.style.ink, 1, "4 3")
        node(sheet, rng, x, 42, sheet.width / n * 0.78, 20, sheet.style.word(name), "box", fill)
    for m in range(messages):
        i, y = rng.randrange(n - 1), 66 + 164 * (m + 0.5) / messages
        start, end = (xs[i], xs[i + 1]) if rng.random() < 0.6 else (xs[i + 1], xs[i])
        sheet.arrow((start, y), (end, y), line=1.2, dash="" if start < end else "4 2")
        sheet.fitted(
            (start + end) / 2,
            y - 6,
            sheet.style.word(rng.choice(STEPS)),
            sheet.width / n * 0.8,
            sheet.style.size * 0.75,
        )
    facts.count(n, "participants|lifelines", "个参与者|条生命线")
    facts.count(messages, "messages|arrows", "条消息|个箭头")
    say_names(facts, names, rng)
    return sheet, facts


def state_machine(rng: random.Random) -> Drawing:
    sheet, facts = _sheet(rng, "state machine", (1.1, 1.8))
    n, fill = rng.randint(2, 6), _fill(sheet, rng, facts)
    x, y, r = sheet.width / 2, 132.0, 17.0
    at = [
        (x + sheet.width * 0.34 * math.cos(2 * math.pi * i / n - 1.57), y + 74 * math.sin(2 * math.pi * i / n - 1.57))
        for i in range(n)
    ]
    for i in range(n):
        j = (i + 1) % n
        (x0, y0), (x1, y1) = at[i], at[j]
        far = math.dist(at[i], at[j]) or 1
        ux, uy = (x1 - x0) / far, (y1 - y0) / far
        sheet.arrow((x0 + ux * r, y0 + uy * r), (x1 - ux * r, y1 - uy * r), line=1.4)
        if rng.random() < 0.4:
            sheet.path(
                f"M {x0 - 8} {y0 - r + 2} C {x0 - 20} {y0 - r - 24} {x0 + 20} {y0 - r - 24} {x0 + 8} {y0 - r + 2}",
                stroke=sheet.style.ink,
                line=1.4,
            )
        if rng.random() < 0.5:
            sheet.text(
                (x0 + x1) / 2 + uy * 9, (y0 + y1) / 2 - ux * 9, rng.choice(("0.5", "0.2", "0.9", "a", "b", "0", "1")), 9
            )
    for i, (sx, sy) in enumerate(at):
        node(
            sheet,
            rng,
            sx,
            sy,
            2 * r,
            2 * r,
            f"{rng.choice(('S', 'q'))}{i}",
            "circle",
            fill if fill != "none" else sheet.style.ground,
        )
    facts.count(n, "states|circles", "个状态|个圆")
    return sheet, facts


def chain(rng: random.Random) -> Drawing:
    """A row of cells over a row of inputs, arrows from each to the next: what sequence models look like."""
    sheet, facts = _sheet(rng, "chain", (1.3, 2.2))
    n, rows = rng.randint(3, 6), rng.randint(1, 3)
    fill, shape = _fill(sheet, rng, facts), rng.choice(("box", "rounded", "circle"))
    step = sheet.width / n
    size, ys = min(30, step * 0.55), [200 - 150 * k / rows for k in range(rows + 1)]
    both = rng.random() < 0.2
    for k, y in enumerate(ys):
        for i in range(n):
            x = step * (i + 0.5)
            if k and i < n - 1:
                sheet.arrow((x + size / 2, y), (x + step - size / 2, y), line=1.4)
                if both:
                    sheet.arrow((x + step - size / 2, y + 6), (x + size / 2, y + 6), line=1.4)
            if k:
                sheet.arrow((x, ys[k - 1] - size / 2), (x, y + size / 2), line=1.4)
            node(sheet, rng, x, y, size, size, f"{'xhsz'[k]}{i + 1}", shape if k else "circle", fill if k else "none")
    facts.count(n, "time steps|cells in a row", "个时间步|个单元")
    facts.say(
        *(
            ("one row of states|single layer", "单层")
            if rows == 1
            else (f"{rows} layers deep|{rows} stacked rows", f"{rows}层堆叠|深{rows}层")
        )
    )
    if both:
        facts.say("both directions|bidirectional", "双向")
    return sheet, facts


def circuit(rng: random.Random) -> Drawing:
    sheet, facts = _sheet(rng, "circuit", (1.1, 1.8))
    ink, line = sheet.style.ink, max(1.4, sheet.style.stroke)
    x0, x1, y0, y1 = 36.0, sheet.width - 36, 60.0, 205.0
    sheet.lines([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], ink, line, closed=True)
    middle = rng.choice((0, 1, 2))
    spots: list[tuple[float, float, bool]] = [
        (x0 + (x1 - x0) * 0.3, y0, True),
        (x0 + (x1 - x0) * 0.7, y0, True),
        (x1, 132, False),
        (x0, 132, False),
    ]
    for k in range(middle):
        x = x0 + (x1 - x0) * (k + 1) / (middle + 1)
        sheet.lines([(x, y0), (x, y1)], ink, line)
        spots.append((x, 132, False))
    used: dict[str, int] = {}
    for x, y, across in spots:
        part = rng.choice(("resistor", "resistor", "capacitor", "battery", "lamp", "coil", "switch"))
        used[part] = used.get(part, 0) + 1
        _component(sheet, part, x, y, across)
        sheet.text(
            x + (0 if across else 24),
            y - (18 if across else 0),
            {"resistor": "R", "capacitor": "C", "battery": "V", "lamp": "L", "coil": "L", "switch": "S"}[part]
            + str(used[part]),
            10,
        )
    chinese = {
        "resistor": "电阻",
        "capacitor": "电容",
        "battery": "电池",
        "lamp": "灯泡",
        "coil": "线圈",
        "switch": "开关",
    }
    for part, count in used.items():
        facts.say(f"{part}s|{count} {part}s" if count > 1 else f"a {part}", f"{count}个{chinese[part]}|{chinese[part]}")
    facts.count(middle + 1, "loops", "个回路")
    return sheet, facts


# What each part is of, along its wire: strokes of points, and circles (at, radius).
_STROKES: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "resistor": (((-15, 0), (-12, -7), (-7, 7), (-2, -7), (3, 7), (8, -7), (12, 7), (15, 0)),),
    "capacitor": (((-3, -11), (-3, 11)), ((3, -11), (3, 11)), ((-15, 0), (-3, 0)), ((3, 0), (15, 0))),
    "battery": (((-6, -11), (-6, 11)), ((-1, -5), (-1, 5)), ((4, -11), (4, 11)), ((9, -5), (9, 5))),
    "lamp": (((-9, -9), (9, 9)), ((-9, 9), (9, -9))),
    "switch": (((-15, 0), (11, -11)),),
}
_CIRCLES = {
    "lamp": ((0, 13.0),),
    "coil": ((-11, 4.5), (-4, 4.5), (4, 4.5), (11, 4.5)),
    "switch": ((-15, 2.6), (15, 2.6)),
}


def _component(sheet: Sheet, part: str, x: float, y: float, across: bool) -> None:
    ink, ground = sheet.style.ink, sheet.style.ground

    def turned(a: float, b: float) -> Point:
        return (x + a, y + b) if across else (x + b, y + a)

    sheet.lines([turned(-15, 0), turned(15, 0)], ground, 5)
    for along, radius in _CIRCLES.get(part, ()):
        sheet.circle(*turned(along, 0), radius, ground if part == "lamp" else "none", ink, 1.8)
    for stroke in _STROKES.get(part, ()):
        sheet.lines([turned(a, b) for a, b in stroke], ink, 2)


def block_diagram(rng: random.Random) -> Drawing:
    sheet, facts = _sheet(rng, "block diagram", (1.1, 2.0))
    columns, rows = rng.randint(2, 4), rng.randint(1, 3)
    n = columns * rows
    names, fill = rng.sample(PARTS, n), _fill(sheet, rng, facts)
    colours = sheet.style.palette[:3] if fill != "none" and rng.random() < 0.5 else [fill]
    w, h = sheet.width / columns * 0.64, 190 / rows * rng.uniform(0.35, 0.6)
    at = [(sheet.width * (c + 0.5) / columns, 36 + 196 * (r + 0.5) / rows) for r in range(rows) for c in range(columns)]
    for i, (x, y) in enumerate(at):
        if i % columns < columns - 1:
            nx = at[i + 1][0]
            sheet.arrow((x + w / 2, y), (nx - w / 2, y))
        if i + columns < n and rng.random() < 0.6:
            sheet.arrow((x, y + h / 2), (x, at[i + columns][1] - h / 2))
    has_store = False
    for (x, y), name in zip(at, names, strict=True):
        shape = rng.choice(("box", "box", "rounded", "cylinder"))
        has_store |= shape == "cylinder"
        node(sheet, rng, x, y, w, min(h, 60), sheet.style.word(name), shape, rng.choice(colours))
    if rng.random() < 0.3:
        sheet.rect(8, 34, sheet.width - 16, 198, "none", sheet.style.ink, 6, 1.2)
        facts.say("inside a frame|surrounded by a border", "外有边框")
    if has_store:
        facts.say("with a cylinder|a database drum", "带圆柱形数据库")
    facts.count(n, "blocks|boxes", "个模块|个方框")
    facts.say("connected by arrows", "箭头连接")
    say_names(facts, names, rng)
    return sheet, facts


def layers(rng: random.Random) -> Drawing:
    sheet, facts = _sheet(rng, "layers", (0.7, 1.7))
    n = rng.randint(3, 9)
    names = rng.sample(PARTS, n)
    colours = sheet.style.palette[:n] if rng.random() < 0.6 else [sheet.style.palette[0]] * n
    arrows, twice = rng.random() < 0.5, rng.random() < 0.3 and sheet.width > 260
    step, xs = 200 / n, [0.27, 0.73] if twice else [0.5]
    w = sheet.width * (0.4 if twice else rng.uniform(0.5, 0.9))
    for share in xs:
        x = sheet.width * share
        for i in range(n):
            y = 32 + step * (i + 0.5)
            sheet.rect(
                x - w / 2,
                y - step * (0.3 if arrows else 0.47),
                w,
                step * (0.6 if arrows else 0.94),
                colours[i],
                sheet.style.ink,
            )
            dark = sum(bytes.fromhex(colours[i][1:])) < 360
            sheet.fitted(
                x,
                y,
                sheet.style.word(names[i]),
                w * 0.9,
                min(sheet.style.size, step * 0.55),
                fill="#ffffff" if dark else "#222222",
            )
            if arrows and i < n - 1:
                sheet.arrow((x, y + step * 0.7), (x, y + step * 0.3), line=1.2)
    if twice:
        facts.say("two stacks side by side", "左右两列")
    facts.count(n, "layers", "层")
    say_colours(facts, colours)
    say_names(facts, names, rng)
    return sheet, facts


def grid(rng: random.Random) -> Drawing:
    sheet, facts = _sheet(rng, "grid", (1.3, 2.1))
    colour = sheet.style.palette[0]
    sizes = [rng.randint(2, 5), rng.randint(2, 3), rng.randint(2, 4)]
    signs = rng.choice((("*", "="), ("×", "="), ("+", "="), ("", "→")))
    x, cell = 16.0, min(26.0, (sheet.width - 90) / sum(sizes))
    numbered = rng.random() < 0.6
    for k, size in enumerate(sizes):
        shaded = rng.randint(1, size)
        y0 = 130 - size * cell / 2
        for i in range(size):
            for j in range(size):
                on = i < shaded and j < shaded
                sheet.rect(
                    x + j * cell, y0 + i * cell, cell, cell, colour if on else sheet.style.ground, sheet.style.ink
                )
                if numbered:
                    sheet.text(
                        x + (j + 0.5) * cell,
                        y0 + (i + 0.5) * cell,
                        str(rng.randint(0, 9)),
                        cell * 0.5,
                        "#111111" if on and sum(bytes.fromhex(colour[1:])) > 360 else "#ffffff" if on else "",
                    )
        x += size * cell
        if k < 2:
            sheet.text(x + 16, 130, signs[k], 18)
            x += 32
    facts.say(
        "{0} by {0}, {1} by {1} and {2} by {2} cells".format(*sizes),
        "{0}乘{0}、{1}乘{1}和{2}乘{2}的方格".format(*sizes),
    )
    facts.say(f"{colour_words(colour)[0]} shaded cells", f"{colour_words(colour)[1]}阴影方格")
    if numbered:
        facts.say("numbers in the cells", "格内有数字")
    return sheet, facts


def venn(rng: random.Random) -> Drawing:
    sheet, facts = _sheet(rng, "venn", (1.0, 1.6))
    n, x, y = rng.choice((2, 2, 3, 3, 4)), sheet.width / 2, 134.0
    r, colours = rng.uniform(42, 58), sheet.style.palette[:n]
    names = rng.sample(SECTORS, n)
    hollow = rng.random() < 0.2
    for i in range(n):
        angle = 2 * math.pi * i / n + (0 if n == 2 else math.pi / 6)
        cx, cy = x + r * 0.66 * math.cos(angle), y + r * 0.66 * math.sin(angle)
        sheet.circle(
            cx,
            cy,
            r,
            "none" if hollow else colours[i],
            sheet.style.ink if hollow else "none",
            1.6,
            1 if hollow else 0.55,
        )
        sheet.fitted(
            cx + r * 0.35 * math.cos(angle), cy + r * 0.35 * math.sin(angle), sheet.style.word(names[i]), r * 0.9
        )
    facts.count(n, "circles|sets", "个圆|个集合")
    if not hollow:
        say_colours(facts, colours)
    say_names(facts, names, rng)
    return sheet, facts


def cycle(rng: random.Random) -> Drawing:
    sheet, facts = _sheet(rng, "cycle", (1.0, 1.6))
    n, x, y, fill = rng.randint(3, 7), sheet.width / 2, 133.0, _fill(sheet, rng, facts)
    names, shape = rng.sample(STEPS, n), rng.choice(("circle", "rounded", "box"))
    at = [
        (
            x + min(92, sheet.width * 0.36) * math.cos(2 * math.pi * i / n - 1.57),
            y + 76 * math.sin(2 * math.pi * i / n - 1.57),
        )
        for i in range(n)
    ]
    for i in range(n):
        (x0, y0), (x1, y1) = at[i], at[(i + 1) % n]
        sheet.arrow((x0 + (x1 - x0) * 0.36, y0 + (y1 - y0) * 0.36), (x0 + (x1 - x0) * 0.66, y0 + (y1 - y0) * 0.66))
    for (nx, ny), name in zip(at, names, strict=True):
        node(sheet, rng, nx, ny, 52, 34 if shape == "circle" else 24, sheet.style.word(name), shape, fill)
    facts.count(n, "steps|stages", "个步骤|个阶段")
    say_names(facts, names, rng)
    return sheet, facts


def pyramid(rng: random.Random) -> Drawing:
    sheet, facts = _sheet(rng, "pyramid", (1.0, 1.6))
    n, x, wide = rng.randint(3, 6), sheet.width / 2, sheet.width * 0.42
    colours, names = sheet.style.palette[:n], rng.sample(SECTORS, n)
    upside = rng.random() < 0.2
    for i in range(n):
        a, b = i / n, (i + 1) / n
        y0, y1 = (232 - 200 * a, 232 - 200 * b) if upside else (32 + 200 * a, 32 + 200 * b)
        sheet.polygon(
            [(x - wide * a, y0), (x + wide * a, y0), (x + wide * b, y1), (x - wide * b, y1)],
            colours[i],
            sheet.style.ground,
            2,
        )
        sheet.fitted(x, (y0 + y1) / 2, sheet.style.word(names[i]), wide * b * 1.4, fill="#ffffff")
    if upside:
        facts.say("upside down|inverted", "倒置的")
    facts.count(n, "levels|layers", "层|个层级")
    say_colours(facts, colours)
    return sheet, facts


def timeline(rng: random.Random) -> Drawing:
    sheet, facts = _sheet(rng, "timeline", (1.4, 2.3))
    n, y, year = rng.randint(3, 8), 132.0, rng.randint(1850, 2010)
    colours = sheet.style.palette[:n] if rng.random() < 0.5 else [sheet.style.palette[0]] * n
    names = rng.sample(STEPS, n)
    sheet.arrow((8, y), (sheet.width - 6, y), line=rng.choice((2, 4, 6)))
    for i in range(n):
        x, side = sheet.width * (i + 0.6) / (n + 0.4), 1 if i % 2 else -1
        sheet.lines([(x, y), (x, y + side * 36)], sheet.style.ink, 1.2)
        sheet.circle(x, y, 7, colours[i], sheet.style.ground, 1.5)
        year += rng.randint(1, 12)
        sheet.text(x, y - side * 16, str(year), sheet.style.size * 0.85)
        sheet.fitted(x, y + side * 46, sheet.style.word(names[i]), sheet.width / n * 1.5)
    facts.count(n, "events|dates", "个事件|个日期")
    say_colours(facts, colours)
    say_names(facts, names, rng)
    return sheet, facts


def word_cloud(rng: random.Random) -> Drawing:
    sheet, facts = _sheet(rng, "word cloud", (1.0, 1.8))
    facts.topic = None
    sheet.parts.clear()
    pool: list[Pair] = rng.sample([*PARTS, *SECTORS, *STEPS], 34)
    x, y, big = 8.0, 22.0, rng.randrange(8, 20)
    row = 0.0
    for i, pair in enumerate(pool):
        size = 30 if i == big else rng.choice((9, 11, 13, 17, 21))
        words = sheet.style.word(pair)
        w = sum(1.0 if ord(c) > 0x2E00 else 0.58 for c in words) * size + 6
        if x + w > sheet.width:
            x, y, row = 8.0, y + row * 1.05, 0.0
        if y > 226:
            break
        sheet.text(x, y, words, size, rng.choice(sheet.style.palette[:6]), "start", bold=size > 20)
        x, row = x + w, max(row, size)
    say_names(facts, [pool[big]], rng)
    return sheet, facts


DIAGRAMS = {
    "flowchart": flowchart,
    "tree": tree,
    "org": org,
    "mind map": mind_map,
    "network": network,
    "neural": neural,
    "class diagram": class_diagram,
    "sequence diagram": sequence_diagram,
    "state machine": state_machine,
    "chain": chain,
    "circuit": circuit,
    "block diagram": block_diagram,
    "layers": layers,
    "grid": grid,
    "venn": venn,
    "cycle": cycle,
    "pyramid": pyramid,
    "timeline": timeline,
    "word cloud": word_cloud,
}
