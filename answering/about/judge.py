"""Judges whether evidence is about what was asked: each subject and restriction is looked for where a quote stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from answering.about.context import Context
from answering.about.standing import of_restriction, of_subject
from domain.question import Asks, Restriction, Subject

THRESHOLD = 0.5  # of `about`, from which an answer counts as one to the question
_STANDS = 0.5  # of a subject's words; with fewer it is missing


@dataclass(frozen=True, slots=True)
class Looked:
    """How far each subject and restriction of a question stands in some contexts."""

    subjects: tuple[tuple[Subject, float], ...] = ()
    restrictions: tuple[tuple[Restriction, float], ...] = ()

    @property
    def share(self) -> float:
        """0..1, the mean; 0 as soon as a name, code, number or restriction is missing. 1 where nothing is named."""
        exact = [value for one, value in self.subjects if one.exact] + [value for _, value in self.restrictions]
        if exact and min(exact) == 0.0:
            return 0.0
        values = [value for _, value in (*self.subjects, *self.restrictions)]
        return sum(values) / len(values) if values else 1.0

    @property
    def missing(self) -> tuple[Subject | Restriction, ...]:
        """Names, codes and restrictions first: a thing may be named otherwise there, these may not."""
        of_subjects = [one for one, value in self.subjects if value < _STANDS]
        of_restrictions = [one for one, value in self.restrictions if value < _STANDS]
        exact = [one for one in of_subjects if one.exact]
        return (*exact, *of_restrictions, *(one for one in of_subjects if not one.exact))

    @property
    def found(self) -> tuple[Subject | Restriction, ...]:
        both: tuple[tuple[Subject | Restriction, float], ...] = (*self.subjects, *self.restrictions)
        return tuple(one for one, value in both if value >= _STANDS)

    @property
    def of_another(self) -> bool:
        """Names or codes are asked for, and not one of these subjects stands there."""
        named = [value for one, value in self.subjects if one.exact]
        return bool(named) and max(named) < _STANDS

    @property
    def lacks(self) -> tuple[Subject | Restriction, ...]:
        """What is named exactly, and stands nowhere in the contexts: no synonym can stand for it."""
        return tuple(one for one in self.missing if one.exact)


def looked(asks: Asks, contexts: Sequence[Context]) -> Looked:
    """Each subject where it stands best: an answer about two things quotes one context for each."""
    return Looked(
        tuple((one, max((of_subject(one, context) for context in contexts), default=0.0)) for one in asks.subjects),
        tuple(
            (one, max((of_restriction(one, context) for context in contexts), default=0.0)) for one in asks.restrictions
        ),
    )
