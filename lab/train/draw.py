"""One random drawing from a seed: the same seed gives the same drawing and facts."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from PIL import Image

from lab.train.canvas import Sheet
from lab.train.charts import CHARTS
from lab.train.facts import Facts

LONGEST = 224  # pixels of the longer side, more than the model sees: damage and crops come later

Table = dict[str, Callable[[random.Random], tuple[Any, Facts]]]


def tables() -> list[tuple[float, Table]]:
    """What is drawn, and with what weight."""
    from lab.train.diagrams import DIAGRAMS
    from lab.train.pages import PAGES
    from lab.train.plots import PLOTS
    from lab.train.scenes import SCENES
    from lab.train.textbook import TEXTBOOK

    return [(0.30, CHARTS), (0.11, PLOTS), (0.22, DIAGRAMS), (0.12, PAGES), (0.10, SCENES), (0.15, TEXTBOOK)]  # type: ignore[list-item]


def draw(seed: str, choice: list[tuple[float, Table]]) -> tuple[Image.Image, Facts]:
    rng = random.Random(seed)
    table = rng.choices([table for _, table in choice], [weight for weight, _ in choice])[0]
    drawing, facts = table[rng.choice(list(table))](rng)
    picture = drawing.picture(LONGEST) if isinstance(drawing, Sheet) else drawing
    return picture, facts
