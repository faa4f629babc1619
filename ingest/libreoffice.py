"""Turns old Office files into today's and draws slides and sheets, with LibreOffice, where it is installed: without
macros, in a folder of its own.

Each run has a profile of its own (two runs sharing one wait for each other, or fail), whose settings switch macros,
links and downloads off before the program first starts, and a home of its own, which both vanish with it.
"""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from domain.errors import Unreadable

PROGRAMS = ("soffice", "libreoffice", "/Applications/LibreOffice.app/Contents/MacOS/soffice")
TIMEOUT_S = 90.0
MEMORY = 3 << 30  # address space that data may take
LARGEST_FILE = 1 << 30  # that it may write
AGAIN = (79, 81)  # exit codes with which it asks to be started again, once its profile is made
PR_SET_PDEATHSIG = 1
SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
{items}
</oor:items>
"""
ITEM = (
    '<item oor:path="/org.openoffice.Office.{path}"><prop oor:name="{name}" oor:op="fuse">'
    "<value>{value}</value></prop></item>"
)
SAFE = (
    ("Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Common/Security/Scripting", "DisableActiveContent", "true"),
    ("Writer/Content/Update", "Link", "0"),  # never
    ("Calc/Content/Update", "Link", "1"),  # never
)


LIBC = ctypes.CDLL(None, use_errno=True)


@cache
def installed() -> str | None:
    """The program itself: the script that starts it, and its splash screen, would not end with this process."""
    for name in PROGRAMS:
        if found := shutil.which(name):
            program = Path(found).resolve().with_name("soffice.bin")
            return str(program) if program.is_file() else found
    return None


def converted(path: Path, extension: str, target: str, options: str = "") -> bytes:
    """The file in another format (`docx`, …); `options`: of LibreOffice's filter for it. Raises Unreadable."""
    program = installed()
    if program is None:
        raise Unreadable("it is read through LibreOffice, which is not installed")
    with tempfile.TemporaryDirectory(prefix="exhibit-office-") as folder:
        home = Path(folder)
        _write_profile(home / "profile")
        source = home / f"document{extension}"
        source.symlink_to(path.resolve())
        _run(_command(program, home, source, f"{target}{options}"), home)
        made = home / "out" / f"document.{target}"
        if not made.is_file():
            raise Unreadable("LibreOffice can't read it: it is damaged, or needs a password")
        return made.read_bytes()


def _command(program: str, home: Path, source: Path, target: str) -> list[str]:
    return [
        program,
        "--headless",
        "--invisible",
        "--norestore",
        "--nolockcheck",
        "--nodefault",
        "--nologo",
        f"-env:UserInstallation={(home / 'profile').as_uri()}",
        "--convert-to",
        target,
        "--outdir",
        str(home / "out"),
        str(source),
    ]


def _write_profile(profile: Path) -> None:
    (profile / "user").mkdir(parents=True)
    items = "\n".join(ITEM.format(path=path, name=name, value=value) for path, name, value in SAFE)
    (profile / "user" / "registrymodifications.xcu").write_text(SETTINGS.format(items=items), encoding="utf-8")


def _run(command: list[str], home: Path) -> None:
    """Starts a process group, so that all that the program starts ends with it."""
    environment = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "SAL_USE_VCLPLUGIN": "svp",
        "http_proxy": "http://127.0.0.1:9",  # nowhere: what a document links to is not fetched
        "https_proxy": "http://127.0.0.1:9",
    }
    if _exit_code(command, home, environment) in AGAIN:
        _exit_code(command, home, environment)


def _exit_code(command: list[str], home: Path, environment: dict[str, str]) -> int:
    process = subprocess.Popen(  # noqa: S603  # the program is ours to choose, and the file's name
        command,
        cwd=home,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
        preexec_fn=_limits,
    )
    try:
        return process.wait(TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise Unreadable(f"LibreOffice took longer than {TIMEOUT_S:g} s to read it") from error
    finally:
        _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):  # all of the group has ended
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _limits() -> None:
    if sys.platform == "linux":  # it ends when we are killed
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (int(TIMEOUT_S), int(TIMEOUT_S)))
