"""Requests made from a service's own OpenAPI file, right and wrong ones, and what their replies must be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode, Response
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.waiting import HANG_S

EXAMPLES = 3  # of each operation, right and wrong, with names of things that are there and that are not
CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
LONGEST = 200_000  # characters of one case: what is longer tries the limits, which have tests of their own

Known = Mapping[str, str]


def tried(
    address: str, known: Known, headers: Mapping[str, str] | None = None, wrong: bool = True
) -> Counter[tuple[str, int]]:
    """How often each operation answered with each status. `known`: path parameters, and the collection of bodies, that
    name something; `wrong`: whether wrong requests are made too. Raises schemathesis's failures."""
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json", headers=dict(headers or {}))
    counted: Counter[tuple[str, int]] = Counter()
    with requests.Session() as session:
        session.headers.update(headers or {})
        for found in schema.get_all_operations():
            operation = found.ok()  # type: ignore[union-attr]
            for mode, names in _ways(operation, known):
                if mode is GenerationMode.NEGATIVE and not wrong:
                    continue
                _try(operation, mode, names, session, counted)
    return counted


def _ways(operation: APIOperation[Any, Any, Any, Any], known: Known) -> Iterator[tuple[GenerationMode, Known]]:
    there = {parameter.name for parameter in operation.path_parameters} & known.keys()
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        yield mode, {}
        if operation.method.upper() != "DELETE" and (there or operation.body):
            yield mode, known


def _try(
    operation: APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    known: Known,
    session: requests.Session,
    counted: Counter[Any],
) -> None:
    parameters = {one.name for one in operation.path_parameters}
    fixed = {name: value for name, value in known.items() if name in parameters}

    @seed(1)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(mode, path_parameters=fixed or None))
    def one(case: Case[Any]) -> None:
        if len(str(case.body)) > LONGEST:
            return
        if mode is GenerationMode.POSITIVE:
            _name_what_is_there(case, known)
        response = case.call(session=session, timeout=HANG_S)
        counted[(operation.label, response.status_code)] += 1
        case.validate_response(response, checks=CHECKS + ([negative_data_rejection] if _is_judged(response) else []))

    try:
        one()
    except Unsatisfiable:  # nothing can be wrong with a path that any letters make
        return


def _is_judged(response: Response) -> bool:
    return response.status_code != 413  # which schemathesis does not take for a refusal


def _name_what_is_there(case: Case[Any], known: Known) -> None:
    if isinstance(case.body, dict) and "collection" in known:
        case.body |= {key: known["collection"] for key in ("collection", "model") if key in case.body}
    if known and case.query:
        case.query.pop("replaces", None)
