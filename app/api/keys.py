"""The keys that open the service on any address but loopback."""

from __future__ import annotations

import secrets
from pathlib import Path

from app.settings import Settings
from domain.errors import BadConfiguration
from system.private_files import write_private

FILE = "api-key"


def keys_of(settings: Settings) -> tuple[tuple[str, ...], str | None]:
    """The valid keys, and the one that was made just now (to be printed once), if any.

    On loopback no key is needed, unless keys are set. Elsewhere, if none is set, one is made
    at the first start and kept in the data folder, readable by its owner only. Raises BadConfiguration.
    """
    given = tuple(key.get_secret_value() for key in settings.api_keys)
    if any(not key.strip() for key in given):
        raise BadConfiguration("EXHIBIT_API_KEYS holds an empty key.")
    if given or settings.loopback:
        return given, None
    path = settings.data_dir / FILE
    try:
        if path.exists():
            return (_read(path),), None
        made = f"ek-{secrets.token_urlsafe(32)}"
        write_private(path, made)
    except OSError as error:
        raise BadConfiguration(f"The key of the service can't be kept in {path}: {error.strerror}.") from error
    return (made,), made


def _read(path: Path) -> str:
    try:
        key = path.read_text(encoding="ascii").strip()
    except UnicodeDecodeError as error:
        raise BadConfiguration(f"{path} holds no key: it is not ASCII. Delete it, and a new one is made.") from error
    if not key:
        raise BadConfiguration(f"{path} is empty. Delete it, and a new key is made.")
    return key
