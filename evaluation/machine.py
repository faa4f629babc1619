"""Describes the machine and the versions that numbers were measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

NOTED = ("torch", "sentence-transformers", "transformers", "openvino", "chromadb", "pypdfium2", "rapidocr", "fastapi")


def machine(packages: Iterable[str] = NOTED) -> dict[str, Any]:
    return {
        "cpu": cpu_name(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": memory_gb(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": {name: found for name in packages if (found := installed(name))},
    }


def in_words(about: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    return (
        f"{about['cpu']}, {about['cores']} cores, {about['memory_gb']} GB, {about['system']}, "
        f"Python {about['python']}; {versions}"
    )


def cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name"))
    return next(named, platform.machine())


def memory_gb() -> float | None:
    info = Path("/proc/meminfo")
    if not info.exists():
        return None
    total_kb = next(line.split()[1] for line in info.read_text().splitlines() if line.startswith("MemTotal"))
    return round(int(total_kb) / 1024**2, 1)


def installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
