"""`exhibit verify`: compares everything that is stored, repairs it and compacts it."""

from __future__ import annotations

import argparse

from app.api.schemas import CompactionOut, FindingOut, VerifyOut
from app.commands.command import Command
from app.commands.connecting import connected, connection_arguments
from app.commands.showing import faint, json_of, plain


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--repair", action="store_true", help="repair what can be repaired, remove what belongs to nothing"
    )
    parser.add_argument("--compact", action="store_true", help="give the space of what was deleted back to the disk")
    parser.add_argument("--json", action="store_true", help="print the service's report")
    connection_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """The exit code is 1 when something is wrong and was not repaired."""
    with connected(options) as exhibit:
        report = exhibit.verify(repair=options.repair, compact=options.compact)
    print(json_of(report) if options.json else "\n".join(lines_of(report, options.repair)))
    return 0 if report.whole else 1


COMMAND = Command("verify", "compare catalogue, vectors, words and files; repair and compact them", run, arguments)


def lines_of(report: VerifyOut, repaired: bool) -> list[str]:
    checked = ", ".join(f"{count:,} {what}" for what, count in report.checked.items())
    lines = [faint(f"Compared {checked}, in {report.took_s:.1f} s.")]
    for finding in report.findings:
        lines += _finding(finding)
    if report.erasing:
        lines.append(f"{report.erasing} deleted documents are still being erased.")
    if report.compaction is not None:
        lines += _compaction(report.compaction)
    if not report.findings:
        lines.append("Everything is there, and nothing else.")
    elif report.whole:
        lines.append("Everything was repaired.")
    else:
        lines.append(
            "Not everything could be repaired." if repaired else "`exhibit verify --repair` repairs what it can."
        )
    return lines


def _finding(finding: FindingOut) -> list[str]:
    within = f" of {plain(finding.collection)}" if finding.collection else ""
    space = f" ({finding.space})" if finding.space else ""
    mended = f", {finding.mended} repaired" if finding.mended else ""
    examples = ", ".join(plain(example) for example in finding.examples)
    return [
        f"{finding.count} {finding.part}{space}{within}: {finding.message.rstrip('.')}{mended}",
        faint(f"    {examples}"),
    ]


def _compaction(compaction: CompactionOut) -> list[str]:
    lines = [
        f"  {part:<10} {_megabytes(size):>10} → {_megabytes(compaction.after.get(part, 0)):>10}"
        for part, size in compaction.before.items()
    ]
    freed = sum(compaction.before.values()) - sum(compaction.after.values())
    return ["Compacted:", *lines, *compaction.notices, f"{_megabytes(max(0, freed))} were given back to the disk."]


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
