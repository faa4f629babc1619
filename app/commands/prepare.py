"""`exhibit prepare`: what a deployment needs before its processes start. The image and the compose file run it."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
from pathlib import Path

from app.api.keys import keys_of
from app.commands.command import Command
from app.commands.serve import DOES_NOT_START, log_ours
from app.settings import load_settings
from domain.errors import BadConfiguration
from system.private_files import write_private

PASSWORD = "postgres-password"  # what Postgres's image reads  # noqa: S105  (a file's name)
PASSFILE = "pgpass"  # what libpq reads


def run(options: argparse.Namespace) -> int:
    log_ours()
    settings = load_settings()
    if options.models:
        from app.compose.encoders import make_number_formats  # imported here: the models behind it take seconds

        make_number_formats(settings)
    if options.seed is not None and settings.models == "bundled":
        seed_cache(options.seed, settings.cache_dir)
    if options.secrets is not None:
        make_secrets(options.secrets, os.environ.get("POSTGRES_PASSWORD", ""))
        keys_of(settings)  # made here, before several processes would
    return 0


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--models", action="store_true", help="put the models in this machine's number format")
    parser.add_argument(
        "--seed", type=Path, metavar="FOLDER", help="a cache made elsewhere, whose parts are copied where they lack"
    )
    parser.add_argument("--secrets", type=Path, metavar="FOLDER", help="where the database's password is made and kept")


COMMAND = Command("prepare", "make what docker compose needs before its first start", run, arguments, DOES_NOT_START)


def make_secrets(folder: Path, given: str) -> None:
    """Keeps the given password, else the one that is there, else makes one. Raises BadConfiguration."""
    kept = folder / PASSWORD
    try:
        password = given or (kept.read_text("utf-8").strip() if kept.exists() else "") or secrets.token_urlsafe(32)
        if any(not letter.isprintable() for letter in password):
            raise BadConfiguration("POSTGRES_PASSWORD holds a character that can't be printed.")
        write_private(kept, password)
        escaped = password.replace("\\", r"\\").replace(":", r"\:")
        write_private(folder / PASSFILE, f"*:*:*:*:{escaped}")
    except OSError as error:
        raise BadConfiguration(f"The secrets can't be kept in {folder}: {error.strerror}.") from error


def seed_cache(seed: Path, cache: Path) -> None:
    """Copies what the cache lacks; what is made for another processor lies there unused. Raises BadConfiguration."""
    if not seed.is_dir():
        return
    try:
        cache.mkdir(parents=True, exist_ok=True)
        for made in sorted(path for path in seed.iterdir() if path.is_dir() and not (cache / path.name).exists()):
            copying = cache / f"{made.name}.copying"
            shutil.rmtree(copying, ignore_errors=True)
            shutil.copytree(made, copying)
            copying.rename(cache / made.name)
    except OSError as error:
        raise BadConfiguration(f"The cache folder {cache} can't be filled: {error.strerror}.") from error
