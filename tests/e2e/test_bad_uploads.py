"""Bad files cost themselves: a problem or a document's state with one clear sentence, and nothing else."""

from __future__ import annotations

import time
from email.message import EmailMessage
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pypdfium2
import pytest

from tests.e2e.service import SAMPLES, Service

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


def zipped(**members: bytes) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return out.getvalue()


def test_a_mail_in_an_archive_is_found_with_its_attachment_and_deleted_with_it(service: Service) -> None:
    letter = EmailMessage()
    letter["From"], letter["Subject"] = "ann@sea.example", "Wreckfish quota"
    letter.set_content("The quota of wreckfish was raised.")
    letter.add_attachment("vessel,wreckfish\nGannet,4711\nTern,12\n", filename="wreckfish.csv")
    archive = zipped(mails__quota_eml=letter.as_bytes(), broken_pdf=b"\x7fELF" + b"\0" * 99, bomb_txt=bytes(64 << 20))
    status, body = post(service, ("year.zip", archive))
    assert status == 202
    assert {one["name"]: one["status"] for one in body["rejected"]} == {  # type: ignore[attr-defined]
        "year.zip/broken.pdf": 415,
        "year.zip/bomb.txt": 413,
    }
    documents = service.finished(*body["documents"])  # type: ignore[misc]
    mail, table = sorted(documents, key=lambda document: document["name"])
    assert [(mail["name"], mail["status"]), (table["name"], table["status"])] == [
        ("quota.eml", "ready"),
        ("wreckfish.csv", "ready"),
    ]
    assert table["metadata"]["parent_id"] == mail["id"]
    assert {hit["document"] for hit in service.search("wreckfish", top_k=2)} == {"quota.eml", "wreckfish.csv"}
    assert service.http.delete(f"/v1/documents/{mail['id']}").status_code == 204
    assert service.http.get(f"/v1/documents/{table['id']}").status_code == 410
    assert not {"quota.eml", "wreckfish.csv"} & {hit["document"] for hit in service.search("wreckfish")}


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:{port}/healthz", "http://localhost:{port}/", "http://[::ffff:127.0.0.1]:{port}/",
     "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "file:///etc/passwd", "http://me:pw@a.example/"],
)  # fmt: skip
def test_an_address_that_leads_inside_is_refused(service: Service, address: str) -> None:
    url = address.format(port=service.port)
    answer = service.http.post("/v1/collections/default/documents", json={"url": url})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["detail"]
