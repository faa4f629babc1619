"""Draws screens and sheets of paper: tables, code, windows, forms, pages, slides, bar and QR codes."""

from __future__ import annotations

import random
from collections.abc import Callable

from lab.train.canvas import Sheet, a_sheet, colour_words, mixed
from lab.train.charts import Drawing, opened, say_names
from lab.train.facts import Facts
from lab.train.words import FILLER_EN, FILLER_ZH, HEADINGS, PARTS, REGIONS, SECTORS, STEPS, TOPICS

_RULES = {
    "all": ("ruled on all sides|with grid lines", "全框线|有网格线"),
    "rows": ("horizontal lines only", "只有横线"),
    "few": ("three-line table|few rules", "三线表"),
    "none": ("without lines|no rules", "无线条"),
}


def table(rng: random.Random) -> Drawing:
    sheet, facts = opened(rng, "table", (0.9, 1.9))
    style = sheet.style
    rows, columns = rng.randint(2, 12), rng.randint(2, 7)
    header = rng.choice((style.palette[0], style.faint, "none"))
    rules, stripes = rng.choice(tuple(_RULES)), rng.random() < 0.3
    x0, y0, w = 8.0, 32.0, (sheet.width - 16) / columns
    h = min(198 / (rows + 1), rng.uniform(14, 40))
    names, heads = rng.sample(rng.choice((REGIONS, SECTORS)), min(rows, 24)), rng.sample(TOPICS, columns)
    if header != "none":
        sheet.rect(x0, y0, w * columns, h, header)
    for r in range(2, rows + 1, 2) if stripes else ():
        sheet.rect(x0, y0 + r * h, w * columns, h, mixed(style.ground, style.ink, 0.08))
    cells = [[style.word(head) for head in heads]]
    cells += [[style.word(name), *(_figure(rng) for _ in range(columns - 1))] for name in names]
    light = header not in ("none", style.faint) and sum(bytes.fromhex(header[1:])) < 400
    for r, row in enumerate(cells):
        for c, words in enumerate(row):
            fill, size = "#ffffff" if light and not r else "", min(style.size, h * 0.62)
            sheet.fitted(x0 + (c + 0.5) * w, y0 + (r + 0.5) * h, words, w * 0.9, size, bold=not r, fill=fill)
    _rule(sheet, rules, x0, y0, w, h, rows, columns)
    facts.say(f"{rows} rows and {columns} columns|{rows} by {columns}", f"{rows}行{columns}列")
    if header not in ("none", style.faint):
        named = colour_words(header)
        facts.say(f"{named[0]} header|{named[0]} header row", f"{named[1]}表头")
    facts.say(*_RULES[rules])
    if stripes:
        facts.say("striped rows", "隔行底色")
    say_names(facts, heads, rng)
    return sheet, facts


def _figure(rng: random.Random) -> str:
    return rng.choice((f"{rng.uniform(0, 100):.1f}", f"{rng.randint(1, 9999):,}", f"{rng.randint(1, 99)}%"))


def _rule(sheet: Sheet, rules: str, x0: float, y0: float, w: float, h: float, rows: int, columns: int) -> None:
    ink, right, bottom = sheet.style.ink, x0 + w * columns, y0 + h * (rows + 1)
    across = {"none": (), "few": (0, 1, rows + 1)}.get(rules, range(rows + 2))
    for r in across:
        sheet.lines([(x0, y0 + r * h), (right, y0 + r * h)], ink, 1.6 if rules == "few" else 0.9)
    for c in range(columns + 1) if rules == "all" else ():
        sheet.lines([(x0 + c * w, y0), (x0 + c * w, bottom)], ink, 0.9)


def _filler(rng: random.Random, chinese: bool, length: int) -> str:
    if chinese:
        return "".join(rng.choice(FILLER_ZH) for _ in range(length // 2))
    words = ""
    while len(words) < length:
        words += rng.choice(FILLER_EN) + " "
    return words[:length]


_CODE_COLOURS = {
    "dark": ("#1e1e1e", "#d4d4d4", "#569cd6", "#ce9178", "#6a9955"),
    "light": ("#ffffff", "#222222", "#0000ff", "#a31515", "#008000"),
}
_CODE = (
    "def {0}({1}):",
    "    return {1} + {2}",
    "    for {1} in {0}:",
    "if {1} > {2}:",
    "import {0}",
    "class {0}:",
    "    {1} = {0}({2})",
    "    print({1})",
    "while True:",
    "    {0}.{1}()",
    "const {1} = {2};",
    "function {0}({1}) {{",
    "}}",
    "# {0} {1}",
    "x = [{1}, {2}]",
    "",
)
_COMMANDS = (
    "ls -la",
    "cd project",
    "git status",
    "git commit -m fix",
    "npm install",
    "pip install app",
    "make test",
    "docker ps",
    "python run.py",
    "ssh server",
)


def code(rng: random.Random) -> Drawing:
    sheet = a_sheet(rng, (0.9, 2.0))
    theme = rng.choice(("dark", "light"))
    ground, ink, *accents = _CODE_COLOURS[theme]
    sheet.rect(0, 0, sheet.width, 240, ground)
    facts = Facts("code")
    facts.say(
        *(("dark theme|on black", "深色主题") if theme == "dark" else ("light theme|white background", "浅色主题|白底"))
    )
    n, numbered = rng.randint(4, 18), rng.random() < 0.5
    step = min(230 / n, 22)
    size = step * 0.72
    for i in range(n):
        y = 8 + step * (i + 0.5)
        words = rng.choice(_CODE).format(
            rng.choice(("run", "load", "data", "User", "train", "sum", "model")),
            rng.choice("xyznab"),
            rng.randint(0, 99),
        )
        if numbered:
            sheet.text(16, y, str(i + 1), size * 0.9, "#888888", "end", font="DejaVu Sans Mono")
        plain = words.lstrip()
        x = 24 + (len(words) - len(plain)) * size * 0.6
        fill = accents[2] if plain.startswith("#") else rng.choice((ink, ink, *accents))
        first, _, rest = plain.partition(" ")
        sheet.text(
            x, y, first, size, accents[0] if rest and fill != accents[2] else fill, "start", font="DejaVu Sans Mono"
        )
        sheet.text(x + (len(first) + 1) * size * 0.6, y, rest, size, fill, "start", font="DejaVu Sans Mono")
    facts.count(n, "lines", "行")
    if numbered:
        facts.say("line numbers", "带行号")
    return sheet, facts


def terminal(rng: random.Random) -> Drawing:
    sheet = a_sheet(rng, (1.1, 2.0))
    ground, ink, words = rng.choice(
        (
            ("#000000", "#e0e0e0", ("white text on black", "黑底白字")),
            ("#000000", "#33ff33", ("green text on black", "黑底绿字")),
            ("#300a24", "#eeeeee", ("purple background", "紫色背景")),
            ("#012456", "#eeeeee", ("blue background", "蓝色背景")),
        )
    )
    sheet.rect(0, 0, sheet.width, 240, ground)
    facts, top = Facts("terminal"), 6.0
    facts.say(*words)
    if rng.random() < 0.5:
        sheet.rect(0, 0, sheet.width, 20, "#cccccc")
        for k, colour in enumerate(("#ff5f57", "#febc2e", "#28c840")):
            sheet.circle(14 + 16 * k, 10, 5, colour)
        top = 26
        facts.say("title bar with three buttons", "标题栏有三个圆按钮")
    n = rng.randint(3, 14)
    step = min((236 - top) / n, 24)
    shown: list[str] = []
    for i in range(n):
        if rng.random() < 0.4:
            command = rng.choice(_COMMANDS)
            shown.append(command)
            line = f"{rng.choice(('$', 'user@host:~$', '>', 'C:>'))} {command}"
        else:
            line = _filler(rng, False, rng.randint(8, 50))
        sheet.text(8, top + step * (i + 0.5), line, step * 0.66, ink, "start", font="DejaVu Sans Mono")
    if shown:
        facts.say(shown[0], shown[0])
    return sheet, facts


Body = Callable[[Sheet, random.Random, float, float], None]


def _cards(sheet: Sheet, rng: random.Random, x: float, w: float) -> None:
    style, columns = sheet.style, rng.randint(2, 4)
    for k in range(columns * 2):
        cx, cy = x + (k % columns) * w / columns, 60 + (k // columns) * 88
        fill = rng.choice((style.palette[k], mixed(style.ground, style.ink, 0.07)))
        sheet.rect(cx, cy, w / columns - 8, 78, fill, style.faint, 4)
        sheet.fitted(cx + 6, cy + 14, style.word(rng.choice(SECTORS)), w / columns - 20, 9, anchor="start")


def _entries(sheet: Sheet, rng: random.Random, x: float, w: float) -> None:
    for k in range(6):
        sheet.circle(x + 8, 70 + k * 28, 8, sheet.style.palette[k])
        sheet.text(x + 24, 70 + k * 28, _filler(rng, sheet.style.chinese, 22), 9, anchor="start")
        sheet.lines([(x, 84 + k * 28), (x + w, 84 + k * 28)], sheet.style.faint)


def _inputs(sheet: Sheet, rng: random.Random, x: float, w: float) -> None:
    for k in range(3):
        sheet.text(x, 66 + k * 40, sheet.style.word(rng.choice(PARTS)), 9, anchor="start")
        sheet.rect(x, 74 + k * 40, w * 0.8, 18, "#333333" if sheet.style.dark else "#ffffff", sheet.style.ink, 2)


def _article(sheet: Sheet, rng: random.Random, x: float, w: float) -> None:
    for k in range(11):
        sheet.text(x, 62 + k * 15, _filler(rng, sheet.style.chinese, int(w / 5)), 9, anchor="start")


def _files(sheet: Sheet, rng: random.Random, x: float, w: float) -> None:
    for k in range(8):
        y = 58 + k * 21
        sheet.path(f"M {x} {y} h 6 l 2 3 h 8 v 11 h -16 z", rng.choice(("#f0c040", "#5599dd")))
        stem, ending = rng.choice(("data", "src", "notes", "report", "img")), rng.choice(("", ".py", ".txt", ".csv"))
        sheet.text(x + 24, y + 8, stem + ending, 9, anchor="start")
        sheet.text(x + w, y + 8, f"{rng.randint(1, 28)} May", 8, "#888888", "end")


def _columns(sheet: Sheet, rng: random.Random, x: float, w: float) -> None:
    for k in range(8):
        tall = rng.uniform(20, 120)
        sheet.rect(x + k * w / 8, 220 - tall, w / 8 - 6, tall, sheet.style.palette[0])


_BODIES: tuple[tuple[Body, str, str], ...] = (
    (_cards, "cards in a grid|tiles", "卡片网格"),
    (_entries, "list of entries|list with round pictures", "列表|条目列表"),
    (_inputs, "input fields|form fields", "输入框"),
    (_article, "text article|paragraphs of text", "正文文章|文字段落"),
    (_files, "list of files and folders|file browser", "文件列表|文件夹"),
    (_columns, "dashboard with a bar chart", "带柱状图的仪表板"),
)


def window(rng: random.Random) -> Drawing:
    sheet, facts = a_sheet(rng, (1.1, 1.9)), Facts("window")
    style = sheet.style
    _top_bar(sheet, rng, facts)
    left = _sidebar(sheet, rng, facts) if rng.random() < 0.55 else 0.0
    x, w, heading = left + 12, sheet.width - left - 24, rng.choice(HEADINGS)
    sheet.fitted(x, 42, style.word(heading), w, 15, anchor="start", bold=True)
    facts.topic = heading if rng.random() < 0.5 else None
    body, english, chinese = rng.choice(_BODIES)
    body(sheet, rng, x, w)
    facts.say(english, chinese)
    if rng.random() < 0.6:
        colour, words = rng.choice(("#2563eb", "#2ca02c", "#d62728", "#ff9800")), rng.choice(STEPS)
        sheet.rect(x + w - 64, 212, 60, 20, colour, r=4)
        sheet.fitted(x + w - 34, 222, style.word(words), 54, 10, fill="#ffffff")
        named = colour_words(colour)
        facts.say(f"{named[0]} button|a {named[0]} button {words[0]}", f"{named[1]}按钮|{words[1]}按钮")
    if rng.random() < 0.15:
        sheet.rect(x + 4, rng.uniform(50, 180), w * 0.5, 24, "none", "#ff0000", line=3)
        facts.say("red frame around a place|highlighted by a red rectangle", "红框标出|红色方框标注")
    return sheet, facts


def _top_bar(sheet: Sheet, rng: random.Random, facts: Facts) -> None:
    style = sheet.style
    bar = rng.choice((style.palette[0], mixed(style.ground, style.ink, 0.15)))
    sheet.rect(0, 0, sheet.width, 24, bar)
    named = colour_words(bar)
    if named[0] not in ("gray", "white"):
        facts.say(f"{named[0]} top bar|{named[0]} header", f"{named[1]}顶栏")
    if rng.random() < 0.5:
        address = "https://example.com/" + rng.choice(("docs", "cart", "login", "issues", "data"))
        sheet.rect(40, 5, sheet.width - 80, 14, mixed(style.ground, style.ink, 0.05), "none", 7)
        sheet.text(50, 12, address, 8, "#555555", "start")
        facts.say("address bar|in a web browser", "地址栏|浏览器")


def _sidebar(sheet: Sheet, rng: random.Random, facts: Facts) -> float:
    style, left = sheet.style, sheet.width * rng.uniform(0.2, 0.3)
    sheet.rect(0, 24, left, 216, mixed(style.ground, style.ink, rng.choice((0.08, 0.8))))
    for k in range(rng.randint(4, 9)):
        words = style.word(rng.choice(HEADINGS))
        sheet.fitted(8, 40 + k * 20, words, left * 0.8, 9, anchor="start", fill="#888888")
    facts.say("sidebar at the left|menu on the left", "左侧边栏|左侧菜单")
    return left


def dialog(rng: random.Random) -> Drawing:
    sheet = a_sheet(rng, (1.3, 2.0))
    style, facts = sheet.style, Facts("dialog")
    bar, heading = style.palette[0], rng.choice(HEADINGS)
    sheet.rect(0, 0, sheet.width, 240, mixed(style.ground, "#808080", 0.5))
    x, y, w, h = 24.0, 36.0, sheet.width - 48, 168.0
    sheet.rect(x, y, w, h, style.ground, style.ink, rng.choice((0, 6)))
    sheet.rect(x, y, w, 24, bar)
    sheet.fitted(x + 8, y + 12, style.word(heading), w * 0.7, 12, anchor="start", fill="#ffffff", bold=True)
    sheet.text(x + w - 12, y + 12, "×", 16, "#ffffff")
    for k in range(rng.randint(1, 4)):
        sheet.text(x + 14, y + 48 + k * 17, _filler(rng, style.chinese, int(w / 8)), 11, anchor="start")
    buttons = rng.sample(
        (("OK", "确定"), ("Cancel", "取消"), ("Yes", "是"), ("No", "否"), ("Save", "保存")), rng.randint(1, 3)
    )
    for k, pair in enumerate(buttons):
        sheet.rect(x + w - 66 * (k + 1), y + h - 32, 58, 22, style.palette[1] if k == 0 else style.faint, style.ink, 3)
        sheet.text(x + w - 66 * (k + 1) + 29, y + h - 21, style.word(pair), 11, "#222222")
    facts.topic = heading
    facts.count(len(buttons), "buttons", "个按钮")
    names = colour_words(bar)
    facts.say(f"{names[0]} title bar", f"{names[1]}标题栏")
    return sheet, facts


def form(rng: random.Random) -> Drawing:
    sheet, facts = opened(rng, "form", (0.7, 1.3))
    style, n = sheet.style, rng.randint(3, 9)
    step, boxes = 200 / n, 0
    for i in range(n):
        y = 34 + step * (i + 0.4)
        sheet.fitted(10, y, style.word(rng.choice(PARTS)), sheet.width * 0.3, anchor="start")
        if rng.random() < 0.25:
            boxes += 1
            for k in range(3):
                sheet.rect(sheet.width * (0.4 + 0.18 * k), y - 5, 10, 10, "none", style.ink)
        elif rng.random() < 0.5:
            sheet.lines([(sheet.width * 0.38, y + 6), (sheet.width - 10, y + 6)], style.ink)
        else:
            sheet.rect(sheet.width * 0.38, y - step * 0.3, sheet.width * 0.56, step * 0.6, "none", style.ink)
    facts.count(n, "fields", "个字段|个填写项")
    if boxes:
        facts.say("check boxes|boxes to tick", "复选框|勾选框")
    return sheet, facts


def page(rng: random.Random) -> Drawing:
    sheet = a_sheet(rng, (0.66, 0.8))
    style, facts = sheet.style, Facts("page")
    columns = rng.choice((1, 1, 2))
    facts.say(*(("two columns", "双栏|两栏") if columns == 2 else ("one column|single column", "单栏")))
    y, width = 14.0, sheet.width - 24
    if rng.random() < 0.6:
        heading = rng.choice(HEADINGS)
        facts.topic = heading
        sheet.fitted(sheet.width / 2, y + 4, style.word(heading), width, rng.uniform(12, 18), bold=True)
        facts.say("with a heading|large title on top", "有标题|顶部大标题")
        y += 22
    inset = rng.choice(("none", "none", "picture", "chart", "table"))
    at = rng.choice(("top", "bottom"))
    if inset != "none":
        top = y if at == "top" else 150.0
        _inset(sheet, rng, inset, 12, top, width, 64)
        facts.say(
            *{
                "picture": ("with a picture", "含图片"),
                "chart": ("with a chart", "含图表"),
                "table": ("with a table", "含表格"),
            }[inset]
        )
        facts.say(*(("figure at the top", "图在上方") if at == "top" else ("figure at the bottom", "图在下方")))
        if at == "top":
            y += 72
    bottom, size = 226.0 if inset == "none" or at == "top" else 144.0, rng.uniform(4.5, 8)
    column = (width - 8 * (columns - 1)) / columns
    for c in range(columns):
        line = y
        while line < bottom:
            short = rng.random() < 0.12
            length = int(column / size / 0.56 * (rng.uniform(0.3, 0.7) if short else 1))
            sheet.text(12 + c * (column + 8), line, _filler(rng, style.chinese, length), size, anchor="start")
            line += size * 1.35 * (1.6 if short else 1)
    if style.chinese:
        facts.say("Chinese text|text in Chinese", "中文文字|中文")
    else:
        facts.say("English text|text in English", "英文文字|英文")
    return sheet, facts


def _inset(sheet: Sheet, rng: random.Random, inset: str, x: float, y: float, w: float, h: float) -> None:
    style = sheet.style
    if inset == "picture":
        sheet.rect(x, y, w, h, mixed(style.palette[0], "#888888", 0.4))
        sheet.circle(x + w * 0.75, y + h * 0.3, 8, "#ffdd55")
        sheet.polygon([(x, y + h), (x + w * 0.35, y + h * 0.35), (x + w * 0.7, y + h)], style.palette[1])
    elif inset == "chart":
        for k in range(6):
            tall = rng.uniform(0.2, 0.95) * h
            sheet.rect(x + k * w / 6 + 2, y + h - tall, w / 6 - 5, tall, style.palette[0])
        sheet.lines([(x, y), (x, y + h), (x + w, y + h)], style.ink)
    else:
        for k in range(6):
            sheet.lines([(x, y + k * h / 5), (x + w, y + k * h / 5)], style.ink, 0.8)
            sheet.lines([(x + k * w / 5, y), (x + k * w / 5, y + h)], style.ink, 0.8)


def slide(rng: random.Random) -> Drawing:
    sheet = a_sheet(rng, (1.33, 1.78))
    style, facts, heading = sheet.style, Facts("slide"), rng.choice(HEADINGS)
    facts.topic = heading
    colour = style.palette[0]
    band = rng.choice(("top", "left", "full", "none"))
    named = colour_words(colour)
    if band == "top":
        sheet.rect(0, 0, sheet.width, 44, colour)
    elif band == "left":
        sheet.rect(0, 0, 26, 240, colour)
    elif band == "full":
        sheet.rect(0, 0, sheet.width, 240, colour)
    if band != "none":
        facts.say(
            *{
                "top": (f"{named[0]} band on top", f"顶部{named[1]}色带"),
                "left": (f"{named[0]} band at the left", f"左侧{named[1]}色带"),
                "full": (f"{named[0]} background", f"{named[1]}背景"),
            }[band]
        )
    fill = (
        "#ffffff"
        if band in ("top", "full") and sum(bytes.fromhex(colour[1:])) < 420
        else "#111111"
        if band in ("top", "full")
        else style.ink
    )
    n = rng.randint(0, 6)
    if n == 0:
        sheet.fitted(sheet.width / 2, 110, style.word(heading), sheet.width * 0.8, 34, bold=True, fill=fill)
        facts.say("title slide|large title in the middle", "标题页|中间大标题")
        return sheet, facts
    sheet.fitted(36, 24, style.word(heading), sheet.width * 0.8, 24, anchor="start", bold=True, fill=fill)
    split = rng.random() < 0.35
    for i in range(n):
        y = 70 + 150 * i / max(n, 4)
        sheet.circle(42, y, 3, style.ink if band != "full" else fill)
        sheet.text(
            52,
            y,
            _filler(rng, style.chinese, int(sheet.width * (0.42 if split else 0.8) / 8)),
            13,
            style.ink if band != "full" else fill,
            "start",
        )
    if split:
        inset = rng.choice(("picture", "chart"))
        _inset(sheet, rng, inset, sheet.width * 0.58, 80, sheet.width * 0.36, 110)
        facts.say(
            *{"picture": ("picture at the right", "右侧有图片"), "chart": ("chart at the right", "右侧有图表")}[inset]
        )
    facts.count(n, "bullet points|bullets", "个要点|条要点")
    return sheet, facts


def qr(rng: random.Random) -> Drawing:
    sheet, facts = a_sheet(rng, (1.0, 1.2)), Facts("qr")
    n = rng.choice((21, 25, 29))
    ink, ground = rng.choice((("#000000", "#ffffff"), (sheet.style.palette[0], "#ffffff")))
    sheet.rect(0, 0, sheet.width, 240, ground)
    cell, x0, y0 = 200 / n, (sheet.width - 200) / 2, 20
    for i in range(n):
        for j in range(n):
            if rng.random() < 0.48:
                sheet.rect(x0 + j * cell, y0 + i * cell, cell, cell, ink)
    for i, j in ((0, 0), (0, n - 7), (n - 7, 0)):
        for size, fill in ((7, ink), (5, ground), (3, ink)):
            off = (7 - size) / 2
            sheet.rect(x0 + (j + off) * cell, y0 + (i + off) * cell, size * cell, size * cell, fill)
    facts.say(*colour_words(ink))
    return sheet, facts


def barcode(rng: random.Random) -> Drawing:
    sheet, facts = a_sheet(rng, (1.3, 2.2)), Facts("barcode")
    sheet.rect(0, 0, sheet.width, 240, "#ffffff")
    x = 20.0
    while x < sheet.width - 24:
        w = rng.choice((1.5, 1.5, 3, 4.5))
        sheet.rect(x, 30, w, 160, "#000000")
        x += w + rng.choice((1.5, 3, 4.5))
    if rng.random() < 0.7:
        sheet.text(sheet.width / 2, 208, str(rng.randrange(10**11, 10**12)), 20, "#000000")
        facts.say("digits below", "下方有数字")
    facts.say("black bars on white", "白底黑条")
    return sheet, facts


PAGES = {
    "table": table,
    "table again": table,
    "code": code,
    "terminal": terminal,
    "window": window,
    "window again": window,
    "dialog": dialog,
    "form": form,
    "page": page,
    "slide": slide,
    "qr": qr,
    "barcode": barcode,
}
