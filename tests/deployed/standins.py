"""The images that ours are built on: the real ones where a registry answers, else stand-ins made from Debian packages.

Nothing about this machine's sources is written down: they are those of its apt and its pip.
"""

from __future__ import annotations

import functools
import http.server
import os
import re
import shlex
import shutil
import ssl
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.deployed.engine import Engine, NotHere

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = Path(__file__).parent / "standins"
PULL_S = 60
RELEASE = "bookworm"
DEBIAN, PYTHON = f"standin/debian:{RELEASE}", "standin/python:3.11"
POSTGRES, CHROMA = "standin/postgres:15", "standin/chroma:1.5.9"
PLAIN = ("index-url", "default-timeout", "timeout", "proxy")  # settings of pip that hold for a container as well
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
APT = {  # as in the images of Debian: nothing is flushed that goes away with the container, no packages are kept
    "etc/dpkg/dpkg.cfg.d/unsafe-io": "force-unsafe-io\n",
    "etc/apt/apt.conf.d/keep-nothing": 'Binary::apt::APT::Keep-Downloaded-Packages "false";\n',
}


def real_images_can_be_pulled(engine: Engine) -> bool:
    """Asked for the smallest of them."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    python = re.sub(r"\$\{\w+:-(.*)\}", r"\1", services["api"]["build"]["args"]["PYTHON_IMAGE"])
    command = ["timeout", str(PULL_S), "docker", "pull", "--quiet", python]
    return engine.run(command, check=False).returncode == 0


@contextmanager
def standins(engine: Engine, folder: Path) -> Iterator[dict[str, str]]:
    """The variables that name them, for `docker compose`. Postgres' is built until the end; Chroma's is left to
    `chroma_on_ours`. Raises NotHere."""
    with _served(folder / "wheels") as pip:
        _base(engine, folder, _package_index(pip))
        with ThreadPoolExecutor() as pool:
            postgres = pool.submit(_build, engine, "postgres", POSTGRES, DEBIAN=DEBIAN)
            _build(engine, "python", PYTHON, DEBIAN=DEBIAN)
            yield {
                "PYTHON_IMAGE": PYTHON,
                "POSTGRES_IMAGE": POSTGRES,
                "CHROMA_IMAGE": CHROMA,
                "BUILD_NETWORK": "host",  # as this machine reaches its package index
                **_torch(pip),
            }
            postgres.result()


def chroma_on_ours(engine: Engine, ours: str) -> None:
    _build(engine, "chroma", CHROMA, EXHIBIT=ours)


def _build(engine: Engine, name: str, tag: str, **args: str) -> None:
    given = [part for key, value in args.items() for part in ("--build-arg", f"{key}={value}")]
    engine.docker("build", "--network", "host", "--quiet", "--tag", tag, *given, FOLDERS / name)


# ---------------------------------------------------------------- Debian


def _base(engine: Engine, folder: Path, sources: dict[str, str]) -> None:
    """`sources`: files that say how pip reaches its index."""
    if not shutil.which("debootstrap"):
        raise NotHere("No registry of images answers, and debootstrap, which makes stand-ins, is not installed.")
    root, packed = folder / "debian", folder / "debian.tar"
    how = ("--variant=minbase", "--include=ca-certificates")
    engine.run(["debootstrap", *how, RELEASE, root, _mirror()])
    for name, text in (APT | sources).items():
        (root / name).write_text(text)
    with tarfile.open(packed, "w") as archive:
        archive.add(root, ".", filter=_without_packages)
    shutil.rmtree(root)
    engine.docker("import", packed, DEBIAN)
    packed.unlink()


def _without_packages(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if re.match(r"\./var/(cache/apt|lib/apt/lists)/.", member.name) else member


def _mirror() -> str:
    command = ["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    debian = [site for site in told if re.search(r"/debian/?$", site)]
    if not debian:
        raise NotHere("No registry of images answers, and apt knows no mirror of Debian to make stand-ins from.")
    return debian[0]


# ---------------------------------------------------------------- pip


def _configuration() -> dict[str, str]:
    """pip's settings on this machine, of files and environment alike."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    told = (line.partition("=") for line in lines)
    return {key.rpartition(".")[2]: " ".join(shlex.split(value)) for key, _, value in told}


@contextmanager
def _served(folder: Path) -> Iterator[dict[str, str]]:
    """pip's sources as a build reaches them: folders of this machine are served on loopback meanwhile."""
    folder.mkdir()
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    found = _configuration()
    told = {key.removeprefix("default-"): found[key] for key in PLAIN if key in found}
    for key, above in (("extra-index-url", True), ("find-links", False)):
        sources = [_reached(source, above, folder, address) for source in found.get(key, "").split()]
        if sources:
            told[key] = "\n    ".join(sources)
    try:
        yield told | {"trusted-host": "127.0.0.1", "cert": f"/{CERTIFICATES}"}
    finally:
        server.shutdown()
        server.server_close()


def _reached(source: str, above: bool, folder: Path, address: str) -> str:
    """`above`: an index links to files that lie beside its own folder."""
    path = Path(source.removeprefix("file://"))
    if not path.is_absolute():
        return source
    shown = path.parent if above else path
    link = folder / shown.as_posix().strip("/").replace("/", "-")
    if not link.exists():
        link.symlink_to(shown)
    return f"{address}/{link.name}/{path.relative_to(shown).as_posix()}/"


def _package_index(pip: dict[str, str]) -> dict[str, str]:
    lines = [f"{key} = {value}" for key, value in pip.items()]
    bundle = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile or ""
    authorities = Path(bundle).read_text() if bundle and Path(bundle).exists() else ""
    return {"etc/pip.conf": "\n".join(["[global]", *lines, ""]), CERTIFICATES: authorities}


def _torch(pip: dict[str, str]) -> dict[str, str]:
    """Where pip knows further sources, they have PyTorch's build for CPUs too; else it comes from PyTorch itself."""
    sources = " ".join(pip.get(key, "") for key in ("find-links", "extra-index-url")).split()
    return {"TORCH_INDEX": sources[0]} if sources else {}


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        return
