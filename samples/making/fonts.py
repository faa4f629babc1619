"""The fonts that the samples are drawn with: reportlab brings one, the other lies beside the samples."""

from __future__ import annotations

from pathlib import Path

import reportlab
from PIL import ImageFont
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

LATIN = Path(reportlab.__file__).parent / "fonts"
CHINESE = Path(__file__).parent.parent / "fonts" / "DroidSansFallback-subset.ttf"


def latin(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(LATIN / ("VeraBd.ttf" if bold else "Vera.ttf"), size)


def register_chinese() -> str:
    """Makes the Chinese font known to reportlab, and returns its name."""
    pdfmetrics.registerFont(TTFont("DroidSansFallback", CHINESE))
    return "DroidSansFallback"
