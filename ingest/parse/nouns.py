"""What users call documents of a kind, in questions about the library and in its answers.

The patterns are regular expressions of how a question names the kind; upper and lower case are the same.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Noun:
    english: str  # one of them; "s" makes several
    chinese: str
    asked: str = ""
    asked_chinese: str = ""


PDF = Noun("PDF", "PDF", r"pdfs?(?: (?:files?|documents?))?", r"(?:PDF|pdf)(?:文件|文档)?")
PICTURE = Noun(
    "picture",
    "图片",
    r"(?:images?|pictures?|photos?|photographs?|drawings?)(?: files?)?",
    r"图片|照片|图像",
)
WORD = Noun("Word document", "Word 文档", r"(?:word|docx?)(?: (?:files?|documents?))", r"(?:Word|word)(?:文件|文档)")
SPREADSHEET = Noun(
    "spreadsheet",
    "表格文件",
    r"(?:spreadsheets?|workbooks?|(?:excel|csv|xlsx?) files?)",
    r"表格文件|电子表格|(?:Excel|excel|CSV|csv)(?:文件|表格)?",
)
PRESENTATION = Noun(
    "presentation",
    "幻灯片",
    r"(?:presentations?|slide ?decks?|slideshows?|powerpoints?|(?:powerpoint|pptx?) files?)",
    r"幻灯片|演示文稿|(?:PPT|ppt)(?:文件)?",
)
MARKDOWN = Noun("Markdown file", "Markdown 文件", r"markdown files?")
TEXT = Noun("text file", "文本文件", r"(?:plain )?text files?")
WEB_PAGE = Noun("web page", "网页", r"(?:web ?pages?|html files?)")
MAIL = Noun("e-mail", "邮件", r"(?:e-?mails?)(?: messages?)?")
OTHER = Noun("other file", "其他文件")
