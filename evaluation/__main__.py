"""`python -m evaluation`: `exhibit eval` without the installed command."""

from __future__ import annotations

import argparse
import sys

from evaluation.command import run
from evaluation.options import add_options


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m evaluation")
    add_options(parser)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
