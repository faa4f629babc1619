"""Bad files cost themselves: a problem or a document's state with one clear sentence, and nothing else."""

from __future__ import annotations

import time
from io import BytesIO

import pypdfium2
import pytest

from tests.e2e.service import SAMPLES, Service

pytestmark = pytest.mark.timeout(300)  # the first one starts the service and takes the samples in

PDF = (SAMPLES / "annual-report-2025.pdf").read_bytes()


def post(service: Service, *files: tuple[str, bytes]) -> tuple[int, dict[str, object]]:
    answer = service.http.post("/v1/collections/default/documents", files=[("file", one) for one in files])
    return answer.status_code, answer.json()


@pytest.mark.parametrize("content", [b"", b"\x7fELF\x02\x01\x01" + b"\0" * 100, b"Rar!\x1a\x07\x01\x00" + b"x" * 50])
def test_what_is_not_accepted_is_refused_by_content(content: bytes, service: Service) -> None:
    status, problem = post(service, ("report.pdf", content))
    assert status in (415, 422)
    assert problem["detail"]


def test_a_refusal_names_what_is_accepted(service: Service) -> None:
    status, problem = post(service, ("a.pdf", b"\x7fELF\x02\x01\x01" + b"\0" * 100))
    assert status == 415
    assert "PDF" in str(problem["detail"])


def test_the_extension_does_not_matter(service: Service) -> None:
    [document] = service.upload(("picture.png", PDF + b"%" + str(time.time()).encode()))
    assert document["media_type"] == "application/pdf"
    assert service.finished(document)[0]["status"] == "ready"


def test_one_bad_file_does_not_cost_the_others(service: Service) -> None:
    note = f"# Good\n\nA good note, {time.time()}.".encode()
    status, body = post(service, ("good.md", note), ("bad.bin", b"\x7fELF" + b"\0" * 100))
    assert status == 202
    assert [document["name"] for document in body["documents"]] == ["good.md"]  # type: ignore[attr-defined]
    assert [one["name"] for one in body["rejected"]] == ["bad.bin"]  # type: ignore[attr-defined]


def test_a_truncated_pdf_ends_with_a_sentence(service: Service) -> None:
    [document] = service.upload(("truncated.pdf", PDF[:900]))
    [finished] = service.finished(document)
    assert finished["status"] in ("failed", "partial")
    assert finished["problems"][0]["message"]


def test_an_encrypted_pdf_needs_a_password(service: Service) -> None:
    [document] = service.upload(("locked.pdf", encrypted()))
    [finished] = service.finished(document)
    assert finished["status"] == "failed"
    assert "needs a password" in finished["problems"][0]["message"]
    assert finished["findable"] is False


def encrypted() -> bytes:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    out = BytesIO()
    canvas = Canvas(out, encrypt=StandardEncryption("secret"))
    canvas.drawString(100, 700, "hidden")
    canvas.save()
    with pytest.raises(pypdfium2.PdfiumError):
        pypdfium2.PdfDocument(out.getvalue())
    return out.getvalue()


@pytest.mark.parametrize("name", ["../../../etc/passwd.md", "a\r\nb.md", "..\\..\\x.md"])
def test_a_path_in_a_name_stays_a_name(name: str, service: Service) -> None:
    [document] = service.upload((name, f"# Name\n\n{name!r} {time.time()}".encode()))
    assert "/" not in document["name"]
    assert "\n" not in document["name"]
    assert service.finished(document)[0]["status"] == "ready"
