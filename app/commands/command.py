"""What a command of the command line is: a name, a line of help, its arguments, and what it does."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """A new one is a file beside this one, with its `COMMAND`, and a line in the table of `app/cli.py`.

    Command files import nothing heavy at their top: `exhibit --help` reads them all.
    """

    name: str
    help: str  # one line, also the first of the command's own help
    run: Callable[[argparse.Namespace], int]  # returns the exit code; an ExhibitError is told by the caller
    arguments: Callable[[argparse.ArgumentParser], None] = lambda parser: None
    fails_with: int = 1  # the exit code when an ExhibitError ends it
