"""A command of the command line: a name, a line of help, its arguments, and the function that runs it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """A new command is a file beside this one, with its `COMMAND`, and a row in the table of `app/cli.py`.

    Command files import nothing heavy at the top: `exhibit --help` reads them all.
    """

    name: str
    help: str  # one line, also the first of the command's own help
    run: Callable[[argparse.Namespace], int]  # returns the exit code; the caller prints an ExhibitError
    arguments: Callable[[argparse.ArgumentParser], None] = lambda parser: None
    fails_with: int = 1  # the exit code when an ExhibitError ends it
