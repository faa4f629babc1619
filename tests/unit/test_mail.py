"""E-mails as their readers see them, and what their writers got wrong."""

from __future__ import annotations

import io
from email.message import EmailMessage
from pathlib import Path

import pytest
from PIL import Image

from domain.errors import Unreadable
from ingest.parse.mail import MAX_PARTS, Mail, decoded_words, open_mail, parse_mail, read_mail
from ingest.parse.outlook import RTF_DICTIONARY, _as_eml, read_outlook, unpacked_rtf


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (90, 60), "navy").save(out, "PNG")
    return out.getvalue()


def saved(path: Path, data: bytes | EmailMessage) -> Path:
    path.write_bytes(data if isinstance(data, bytes) else data.as_bytes())
    return path


def letter(**headers: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in {
        "Subject": "Tides",
        "From": "Ann <ann@sea.example>",
        "To": "bob@sea.example",
        **headers,
    }.items():
        message[name] = value
    return message


def texts(path: Path) -> list[str]:
    return [block.text for block in parse_mail(path, 1, 1)[0].blocks]


def test_a_mail_shows_its_headers_and_its_body_under_its_subject(tmp_path: Path) -> None:
    message = letter(Cc="carl@sea.example")
    message.set_content("High water is at noon.\n\nLow water at six.")
    path = saved(tmp_path / "a.eml", message)
    [page] = parse_mail(path, 1, 1)
    assert [block.text for block in page.blocks] == [
        "Tides",
        "From: Ann <ann@sea.example>\nTo: bob@sea.example\nCc: carl@sea.example",
        "High water is at noon.",
        "Low water at six.",
    ]
    assert {block.place.heading for block in page.blocks if block.place} == {("Tides",)}
    assert open_mail(path).title == "Tides"


def test_the_richer_of_two_bodies_is_read_with_its_tables_and_pictures(tmp_path: Path) -> None:
    message = letter()
    message.set_content("Port Depth Calais 9")
    table = "<table><tr><th>Port</th><th>Depth</th></tr><tr><td>Calais</td><td>9</td></tr></table>"
    message.add_alternative(f"<h1>Depths</h1>{table}<img src='cid:map1' alt='The map'>", subtype="html")
    message.get_payload()[1].add_related(png(), "image", "png", cid="<map1>")  # type: ignore[union-attr,index]
    [page] = parse_mail(saved(tmp_path / "a.eml", message), 1, 1)
    kinds = {block.kind: block for block in page.blocks}
    assert kinds["table"].cells == (("Port", "Depth"), ("Calais", "9"))
    assert kinds["table"].place is not None
    assert kinds["table"].place.heading == ("Tides", "Depths")
    assert kinds["figure"].pixels
    assert kinds["figure"].caption == "The map"


def test_an_attachment_that_can_not_be_taken_in_is_told(tmp_path: Path) -> None:
    message = letter()
    message.set_content("See the song.")
    message.add_attachment(b"ID3\x03" + bytes(500), "audio", "mpeg", filename="song.mp3")
    message.add_attachment("a,b\n1,2\n", filename="good.csv")
    [page] = parse_mail(saved(tmp_path / "a.eml", message), 1, 1)
    [problem] = page.problems
    assert problem.message.startswith("the attachment song.mp3 was not taken in: this is a MP3")
    assert "Attachments: song.mp3, good.csv" in page.blocks[1].text


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("=?utf-8?b?5r2u5rGQ?=", "潮汐"),
        ("=?gb2312?b?s7HPqw==?= tables", "潮汐 tables"),
        ("=?no-such-charset?q?caf=E9?=", "café"),
        ("=?utf-8?b?broken", "=?utf-8?b?broken"),
        ("关于第一季度的会议".encode("gb18030").decode("ascii", "surrogateescape"), "关于第一季度的会议"),
        ("two\r\n lines\x00 and \x1b[31m colour", "two lines and [31m colour"),
    ],
)
def test_a_header_is_decoded_however_it_was_written(raw: str, words: str) -> None:
    assert decoded_words(raw) == words


@pytest.mark.parametrize("charset", ["gb2312", "x-made-up", "utf-8"])
def test_a_body_in_a_wrong_or_unknown_charset_is_read_by_its_bytes(tmp_path: Path, charset: str) -> None:
    body = "第一季度销售额增长了百分之十二，我们的报告在这里。".encode("gb18030")
    head = f"From: a@b.c\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset={charset}\n\n".encode()
    assert "第一季度销售额增长了百分之十二，我们的报告在这里。" in texts(saved(tmp_path / "a.eml", head + body))


def test_a_mail_that_is_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    message = letter()
    message.set_content("High water is at noon.")
    message.add_attachment(png(), "image", "png", filename="chart.png")
    path = saved(tmp_path / "a.eml", message.as_bytes()[:-60])
    assert "High water is at noon." in texts(path)
    assert [one.name for one in read_mail(path).attachments] == ["chart.png"]


def test_attachments_of_every_make_are_found(tmp_path: Path) -> None:
    inner = letter(Subject="The inner one")
    inner.set_content("Inside.")
    message = letter()
    message.set_content("Outside.")
    message.add_attachment(inner)
    message.add_attachment("x,y\n", subtype="csv", filename="../../etc/cr\u00f4n\u202e.csv")
    message.add_attachment(b"BEGIN:VCALENDAR\n", "text", "calendar")
    message.add_attachment(b"signature", "application", "pkcs7-signature", filename="smime.p7s")
    mail = read_mail(saved(tmp_path / "a.eml", message))
    assert [one.name for one in mail.attachments] == ["The inner one.eml", "crôn .csv", "attachment-3.ics"]
    assert b"Inside." in mail.attachments[0].data()


def test_encrypted_content_is_told(tmp_path: Path) -> None:
    message = letter()
    message.set_content(b"\x30\x80", "application", "pkcs7-mime", filename="smime.p7m")
    assert [p.message for p in parse_mail(saved(tmp_path / "a.eml", message), 1, 1)[0].problems] == [
        "its content is encrypted"
    ]


@pytest.mark.parametrize("data", [b"\n\n", b"no header at all", b"\xff" * 400])
def test_what_holds_no_mail_is_unreadable_or_mere_text(tmp_path: Path, data: bytes) -> None:
    path = saved(tmp_path / "a.eml", data)
    try:
        assert parse_mail(path, 1, 1)[0].blocks
    except Unreadable as error:
        assert str(error) == "there is no e-mail in it"  # noqa: PT017


def test_parts_thousands_deep_and_thousands_wide_end(tmp_path: Path) -> None:
    head = b"From: a@b.c\nMIME-Version: 1.0\n"
    deep = head + b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(3000))
    with pytest.raises(Unreadable):
        read_mail(saved(tmp_path / "deep.eml", deep))
    wide = (
        head
        + b'Content-Type: multipart/mixed; boundary="b"\n\n'
        + b"--b\nContent-Type: text/plain\n\nx\n" * (MAX_PARTS + 9)
    )
    assert read_mail(saved(tmp_path / "wide.eml", wide)).problems == [f"only its first {MAX_PARTS} parts were read"]


def test_an_outlook_message_inside_another_becomes_a_mail(tmp_path: Path) -> None:
    mail = Mail("潮汐 tables", [("From", "Ann"), ("To", "not an address <>")], plain=["High water."])
    again = read_mail(saved(tmp_path / "a.eml", _as_eml(mail)))
    assert (again.subject, again.headers, again.plain[0].strip()) == (mail.subject, mail.headers, "High water.")


@pytest.mark.parametrize("rest", [b"", bytes(504), bytes(2000), b"\xff" * 2000])
def test_a_damaged_outlook_message_is_called_that(tmp_path: Path, rest: bytes) -> None:
    path = saved(tmp_path / "a.msg", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + rest)
    with pytest.raises(Unreadable, match="the message is damaged or cut off"):
        read_outlook(path)


def test_outlooks_compressed_text_is_unpacked() -> None:
    assert len(RTF_DICTIONARY) == 207
    assert unpacked_rtf(b"\x10\x00\x00\x00\x05\x00\x00\x00MELA" + bytes(4) + b"Hello") == b"Hello"
    with pytest.raises(Unreadable):
        unpacked_rtf(b"\x10\x00")


def test_outlooks_compressed_text_of_the_specification() -> None:
    """The example of [MS-OXRTFCP] 4.1."""
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert unpacked_rtf(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


def headings(path: Path) -> dict[str, tuple[str, ...]]:
    return {block.text: block.place.heading for block in parse_mail(path, 1, 1)[0].blocks if block.place}


def test_quoted_history_and_signature_stand_apart_from_the_newest_message(tmp_path: Path) -> None:
    message = letter()
    message.set_content(
        "Low water is at seven.\n\nOn Friday Bob wrote:\n> Low water is at six.\n\nBy my clock.\n-- \nAnn"
    )
    found = headings(saved(tmp_path / "a.eml", message))
    assert found["On Friday Bob wrote:\n> Low water is at six."] == ("Tides", "Earlier messages")
    assert found["Low water is at seven."] == found["By my clock."] == ("Tides",)
    assert found["Ann" if "Ann" in found else "--\nAnn"] == ("Tides", "Signature")


def test_a_message_below_a_line_of_dashes_and_headers_is_history(tmp_path: Path) -> None:
    message = letter()
    message.set_content("New.\n\n-----Ursprüngliche Nachricht-----\nVon: Bob\nGesendet: Freitag\n\nOld.\n")
    found = headings(saved(tmp_path / "a.eml", message))
    assert found["Old."] == ("Tides", "Earlier messages")
    assert found["New."] == ("Tides",)


def test_a_mail_that_only_quotes_keeps_its_words(tmp_path: Path) -> None:
    message = letter()
    message.set_content("> All of it.\n")
    assert headings(saved(tmp_path / "a.eml", message))["> All of it."] == ("Tides",)
