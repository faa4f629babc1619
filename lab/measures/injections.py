"""`python -m lab.measures.injections [--data FOLDER]`: planted instructions and harmless text that get flagged.

The project's own set (`injections.jsonl`) is what the patterns were written with; the attacks and look-alikes in the
folder (BIPIA's `attacks.json`, NotInject's `harmless.jsonl`) are not.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from answering.output.suspicion import suspicions

OWN = Path(__file__).with_name("injections.jsonl")
# BIPIA's tasks that ask for other work: as text in a document they are ordinary questions, harmless by themselves
ORDINARY = frozenset(
    {"Information Retrieval", "Content Creation", "Learning and Tutoring", "Language Translation", "Programming Help"}
)
PAGE = "The harbour handled 2.4 million tonnes in 2024. {attack} The new crane went into service in May."


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.measures.injections", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/injection"))
    given = parser.parse_args()
    own = [json.loads(line) for line in OWN.read_text("utf-8").splitlines()]
    for family in dict.fromkeys(case["family"] for case in own):
        name = f"own, {family}" if family else "own, harmless look-alikes"
        say(name, [case["text"] for case in own if case["family"] == family])
    if (given.data / "attacks.json").exists():
        attacks: dict[str, Any] = json.loads((given.data / "attacks.json").read_text("utf-8"))
        for family, texts in attacks.items():
            name = "BIPIA, planted in a paragraph" + (" (ordinary requests)" if family in ORDINARY else "")
            say(f"{name}: {family}", [PAGE.format(attack=text) for text in texts])
        said = [text for family, texts in attacks.items() if family not in ORDINARY for text in texts]
        say("BIPIA, all but ordinary requests", [PAGE.format(attack=text) for text in said])
    if (given.data / "harmless.jsonl").exists():
        lines = (given.data / "harmless.jsonl").read_text("utf-8").splitlines()
        say("NotInject, harmless", [json.loads(line)["prompt"] for line in lines])
    return 0


def say(name: str, texts: Sequence[str]) -> None:
    flagged = sum(bool(suspicions(text)) for text in texts)
    print(f"{name:<70} flagged {flagged:4d} of {len(texts):4d}  {flagged / len(texts):.2f}")


if __name__ == "__main__":
    sys.exit(main())
