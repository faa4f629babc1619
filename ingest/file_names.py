"""The names that files come with: the senders choose them, so they are cleaned before anyone sees them."""

from __future__ import annotations

import re
import unicodedata

LONGEST_NAME = 255
LONGEST_PATH = 1000


def clean_name(name: str) -> str:
    """The last part of a path, without control characters and marks that turn text around; never empty."""
    name = re.split(r"[/\\]", _visible(name))[-1].strip(" .")
    return name[-LONGEST_NAME:] or "unnamed"


def clean_path(path: str) -> str:
    """A path inside an archive as it is shown; nothing is ever written under it."""
    return _visible(path).replace("\\", "/").strip(" ")[-LONGEST_PATH:] or "unnamed"


def _visible(name: str) -> str:
    name = unicodedata.normalize("NFC", name[-10 * LONGEST_PATH :])
    return "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") else " " for c in name)
