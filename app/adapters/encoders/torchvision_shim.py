"""Lets torchvision be imported beside a CPU build of torch that its compiled operators weren't made for.

`import torchvision`, and so open_clip and transformers, dies with `operator torchvision::nms does not exist`
where its compiled half can't load. Only its transforms are used here, so declaring the two operators is enough.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_OPERATORS = ("nms", "qnms")
_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def declare_operators() -> None:
    """To be called before the first import of torchvision, open_clip or transformers; cheap when repeated."""
    _declared()


@cache  # the library object must stay alive, and declaring twice is an error
def _declared() -> Any:
    import torch  # slow to import; callers import it next anyway

    _load_compiled_part(torch)
    missing = [operator for operator in _OPERATORS if not hasattr(torch.ops.torchvision, operator)]
    if not missing:
        return None
    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for operator in missing:
        library.define(operator + _SCHEMA)  # type: ignore[no-untyped-call]
    return library


def _load_compiled_part(torch: Any) -> None:
    """If torchvision's own operators can be loaded, they are used."""
    found = find_spec("torchvision")
    if found is None or found.origin is None:
        return
    for library in Path(found.origin).parent.glob("_C.*"):
        with suppress(OSError):  # a CPU build of torch lacks libraries that it links to
            torch.ops.load_library(str(library))
