"""Lets torchvision be imported beside a CPU build of torch: `scripts/test-vllm.sh` puts this into vLLM's environment.

torchvision's compiled half wants CUDA's libraries, and without it `import torchvision` dies on two operators that
nobody here calls. They are declared just before its first import, in every process of the engine (a `.pth` file runs
`install()` at start), and torch is not imported for it any earlier than it would be.
"""

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder

SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


class _DeclareFirst(MetaPathFinder):
    def find_spec(self, fullname, path=None, target=None):  # type: ignore[no-untyped-def]
        if fullname != "torchvision":
            return None
        sys.meta_path.remove(self)
        if not _kept:
            declare()
        return PathFinder.find_spec(fullname, path, target)


def declare() -> None:
    import torch

    library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    library.define("nms" + SCHEMA)  # type: ignore[no-untyped-call]
    library.define("qnms" + SCHEMA)  # type: ignore[no-untyped-call]
    _kept.append(library)  # the declarations end with it


def install() -> None:
    """A `.pth` file may be read twice: `lib64` is another name of `lib`."""
    if any(isinstance(finder, _DeclareFirst) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, _DeclareFirst())


_kept: list[object] = []
