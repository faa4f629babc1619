"""The command line, `exhibit …`: a table of commands, each a file in `app/commands/`."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

from app.commands import (
    ask,
    delete,
    documents,
    evaluate,
    ingest,
    prepare,
    reindex,
    search,
    serve,
    status,
    verify,
    worker,
)
from app.commands.command import Command
from app.commands.serve import DOES_NOT_START
from domain.errors import BadConfiguration, ExhibitError
from system.allocator import keep_little

COMMANDS: tuple[Command, ...] = (
    serve.COMMAND,
    worker.COMMAND,
    ingest.COMMAND,
    search.COMMAND,
    ask.COMMAND,
    documents.COMMAND,
    status.COMMAND,
    delete.COMMAND,
    verify.COMMAND,
    reindex.COMMAND,
    evaluate.COMMAND,
    prepare.COMMAND,
)
CLOSING = (
    "Commands that use documents speak to the running service: the one at --url or EXHIBIT_URL, else the one that owns "
    "the data folder (EXHIBIT_DATA_DIR), else the one at EXHIBIT_HOST and EXHIBIT_PORT. Where none runs they open the "
    "data folder themselves. `exhibit COMMAND --help` shows the options of each."
)
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    keep_little()
    options = parser().parse_args(arguments)
    command: Command = options.command
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        return command.run(options)
    except ExhibitError as error:
        print(f"exhibit: {error}", file=sys.stderr)
        return DOES_NOT_START if isinstance(error, BadConfiguration) else command.fails_with
    except BrokenPipeError:  # `exhibit documents | head`
        sys.stderr.close()
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(prog="exhibit", description="Ask your own documents and pictures.", epilog=CLOSING)
    commands = whole.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        one = commands.add_parser(command.name, help=command.help, description=command.help)
        command.arguments(one)
        one.set_defaults(command=command)
    return whole


if __name__ == "__main__":
    sys.exit(main())
