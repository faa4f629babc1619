"""Figures in the manner of textbooks: few colours, no title, a caption that says what is meant, not what is drawn."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from itertools import pairwise

from lab.train.canvas import Point, Sheet, a_sheet, mixed
from lab.train.charts import Drawing
from lab.train.diagrams import node
from lab.train.facts import Facts
from lab.train.words import FILLER_EN, FILLER_ZH, PARTS, STEPS, Pair


def _page(rng: random.Random, kind: str, aspect: tuple[float, float], english: str, chinese: str) -> Drawing:
    """The words: what such a figure's caption says, alternatives divided by |."""
    sheet, facts = a_sheet(rng, aspect), Facts(kind, subject=(english, chinese))
    if sheet.style.dark:
        facts.say("dark background|on black", "深色背景")
    return sheet, facts


def _tones(sheet: Sheet, rng: random.Random) -> tuple[str, str, str]:
    """A colour, the same colour paler, and none."""
    colour = rng.choice((sheet.style.palette[0], sheet.style.palette[0], "#66bfff", "#b2d9ff"))
    return colour, mixed(colour, sheet.style.ground, rng.uniform(0.35, 0.65)), sheet.style.ground


def _dots(sheet: Sheet, x: float, y: float, turned: bool = False) -> None:
    for k in (-6, 0, 6):
        sheet.circle(x + (0 if turned else k), y + (k if turned else 0), 1.5, sheet.style.ink)


def _up(sheet: Sheet, x: float, start: float, end: float) -> None:
    sheet.arrow((x, start), (x, end), line=1.3)


def _bent(sheet: Sheet, points: Sequence[Point], head: bool = True) -> None:
    sheet.lines(points[:-1] if head else points, sheet.style.ink, 1.3)
    if head:
        sheet.arrow(points[-2], points[-1], line=1.3)


def _letter(rng: random.Random) -> str:
    return rng.choice(("x", "h", "H", "X", "O", "z", "f", "y", "s", "w"))


def gated_cell(rng: random.Random) -> Drawing:
    memory = rng.random() < 0.5
    sheet, facts = _page(
        rng, "block diagram", (1.3, 1.9),
        "inside an LSTM unit|long short-term memory|memory cell with its gates|"
        "input gate, forget gate and output gate in an LSTM" if memory else
        "gated recurrent unit|inside a GRU|how a GRU updates its state",
        "LSTM单元内部|长短期记忆网络|记忆单元及其门|长短期记忆网络的输入门、遗忘门和输出门" if memory else
        "门控循环单元|GRU内部|门控循环单元如何更新状态",
    )  # fmt: skip
    strong, pale, _ = _tones(sheet, rng)
    left, right, gates = sheet.width * 0.2, sheet.width * 0.9, (4 if memory else 3) if rng.random() < 0.7 else 2
    sheet.rect(left, 20, right - left, 140, "none", sheet.style.ink, 12, 1.6)
    _bent(sheet, [(left - 30, 42), (right + 14, 42)])
    _bent(sheet, [(left - 30, 140), (right - 20, 140), (right - 20, 60)], rng.random() < 0.5)
    for i in range(gates):
        x = left + (right - left) * (i + 0.7) / (gates + 0.4)
        _up(sheet, x, 140, 124)
        node(sheet, rng, x, 114, 30, 17, "tanh" if i == gates - 1 and gates > 2 else "σ", "box", strong)
        _up(sheet, x, 104, 84)
        y = rng.choice((42, 75))
        node(sheet, rng, x, y, 17, 17, rng.choice("×+×"), "circle", pale)
    for i, words in enumerate((("hidden state", "隐状态"), ("memory", "记忆"))[: 1 + memory]):
        sheet.fitted(left - 26, (140, 30)[i], sheet.style.word(words), 46, 9)
    _up(sheet, left + 24, 184, 141)
    sheet.fitted(left + 24, 190, sheet.style.word(("input", "输入")), 40, 10)
    if rng.random() < 0.7:  # a legend of what the shapes stand for
        node(sheet, rng, 30, 218, 22, 13, "σ", "box", strong)
        sheet.fitted(
            48, 218, sheet.style.word(("layer with activation", "带激活函数的全连接层")), 70, 8, anchor="start"
        )
        node(sheet, rng, sheet.width * 0.45, 218, 14, 14, "", "circle", pale)
        sheet.fitted(
            sheet.width * 0.45 + 12, 218, sheet.style.word(("elementwise", "按元素运算")), 60, 8, anchor="start"
        )
        facts.say("with a legend of the symbols below", "下方有符号图例")
    facts.count(gates, "gates", "个门")
    return sheet, facts


def skip_blocks(rng: random.Random) -> Drawing:
    panels = rng.choice((1, 2, 2))
    sheet, facts = _page(
        rng, "block diagram", (0.8, 1.5),
        "residual block|shortcut past the layers|block without and with a shortcut|"
        "output added to the input",
        "残差块|跨过若干层的捷径|没有捷径和有捷径的块|输出与输入相加",
    )  # fmt: skip
    strong, pale, none = _tones(sheet, rng)
    n = rng.randint(2, 4)
    for panel in range(panels):
        x, w = sheet.width * (panel + 0.5) / panels, min(90, sheet.width / panels * 0.5)
        sheet.text(x, 228, rng.choice(("x", "input", "X")), 11)
        step = 150 / n
        for i in range(n):
            y = 200 - step * (i + 0.4)
            node(
                sheet,
                rng,
                x,
                y,
                w,
                step * 0.45,
                sheet.style.word(rng.choice(PARTS)),
                "box",
                (strong, pale, none)[i % 3],
            )
            _up(sheet, x, y + step * 0.6, y + step * 0.24)
        top = 200 - step * (n - 0.2)
        _up(sheet, x, top, 8)
        if panel == panels - 1:
            sheet.circle(x, top - 8, 9, strong, sheet.style.ink)
            sheet.text(x, top - 8, rng.choice(("+", "+", "[ , ]")), 10, "#111111")
            side = x + w * 0.5 + 18
            _bent(sheet, [(x, 214), (side, 214), (side, top - 8), (x + 9, top - 8)])
            facts.say("line that goes around the boxes|skip connection", "绕过方框的连线|跳跃连接")
        if rng.random() < 0.4:
            sheet.lines([(x - w * 0.7, top - 24), (x + w * 0.7, top - 24), (x + w * 0.7, 208), (x - w * 0.7, 208)],
                        sheet.style.ink, 1.2, "5 3", closed=True)  # fmt: skip
    facts.count(n, "layers|boxes above each other", "层|个上下相叠的方框")
    if panels == 2:
        facts.say("two panels side by side", "左右两图")
    return sheet, facts


def dense_links(rng: random.Random) -> Drawing:
    sheet, facts = _page(
        rng, "block diagram", (1.5, 2.6),
        "densely connected layers|each layer takes the outputs of all layers before it|DenseNet",
        "稠密连接|每一层都以之前各层的输出为输入|稠密连接网络",
    )  # fmt: skip
    strong, _, none = _tones(sheet, rng)
    n = rng.randint(4, 6)
    xs = [sheet.width * (i + 0.5) / n for i in range(n)]
    w, fill = sheet.width / n * 0.55, rng.choice((strong, none))
    for i, x in enumerate(xs):
        for after in xs[i + 1 : i + 2]:
            sheet.arrow((x + w / 2, 160), (after - w / 2, 160), line=1.3)
        for later in xs[i + 2 :]:
            sheet.lines([(x, 142), ((x + later) / 2, 140 - (later - x) * 0.32), (later, 142)], sheet.style.ink, 1.2)
        node(sheet, rng, x, 160, w, 34, f"f{i}(x)" if i else "x", "box", fill)
    facts.count(n, "boxes in a row", "个排成一行的方框")
    facts.say("arcs over the boxes|lines jumping ahead", "方框上方的连线")
    return sheet, facts


def encoder_decoder(rng: random.Random) -> Drawing:
    attends = rng.random() < 0.6
    sheet, facts = _page(
        rng, "block diagram", (1.1, 1.8),
        "encoder-decoder architecture|sequence to sequence learning with an encoder and a decoder|the Transformer|"
        "layers of an encoder-decoder" + ("|layers in an encoder-decoder model with attention" if attends else ""),
        "编码器-解码器架构|用编码器和解码器进行序列到序列学习|Transformer架构|编码器和解码器的各层"
        + ("|带有注意力的编码器-解码器模型" if attends else ""),
    )  # fmt: skip
    strong, pale, none = _tones(sheet, rng)
    names: tuple[Pair, ...] = (
        ("embedding", "嵌入层"),
        ("recurrent layer", "循环层"),
        ("attention", "注意力"),
        ("feed forward", "前馈网络"),
        ("add & norm", "加和规范化"),
        ("dense layer", "全连接层"),
    )
    heights = rng.randint(2, 4), rng.randint(2, 5)
    for side, (n, title) in enumerate(zip(heights, (("encoder", "编码器"), ("decoder", "解码器")), strict=True)):
        x, step = sheet.width * (0.24 + 0.52 * side), 34.0
        sheet.fitted(x, 14, sheet.style.word(title), 90, 12)
        for i in range(n):
            y = 200 - step * (i + 0.5)
            node(
                sheet,
                rng,
                x,
                y,
                sheet.width * 0.28,
                20,
                sheet.style.word(names[i % 6]),
                "box",
                rng.choice((strong, pale, none)),
            )
            _up(sheet, x, y + 24, y + 11)
        sheet.fitted(x, 220, sheet.style.word((("source", "源"), ("target", "目标"))[side]), 60, 10)
        if rng.random() < 0.5:
            half = sheet.width * 0.18
            corners = [(x - half, 26), (x + half, 26), (x + half, 206), (x - half, 206)]
            sheet.lines(corners, sheet.style.ink, 1.2, rng.choice(("", "5 3")), closed=True)
    y = 200 - 34 * 1.5
    if attends:
        node(
            sheet,
            rng,
            sheet.width * 0.5,
            y - 8,
            sheet.width * 0.15,
            18,
            sheet.style.word(("attention", "注意力")),
            "box",
            strong,
        )
        facts.say("attention between the two|box in the middle", "中间是注意力")
    sheet.arrow((sheet.width * 0.38, y), (sheet.width * 0.62, y), line=1.3)
    facts.say("two stacks beside each other|two columns of boxes", "两列并排的方框")
    return sheet, facts


def attention_pooling(rng: random.Random) -> Drawing:
    sheet, facts = _page(
        rng, "block diagram", (1.2, 1.8),
        "attention pooling over values|how attention weighs the values|"
        "queries, keys and values|attention weights and scoring function|multi-head attention",
        "注意力汇聚|注意力如何给值加权|查询、键和值|注意力权重和评分函数|多头注意力",
    )  # fmt: skip
    strong, pale, none = _tones(sheet, rng)
    n = rng.randint(3, 6)
    xs = [sheet.width * share for share in (0.14, 0.38, 0.52, 0.66, 0.86)]
    ys = [54 + 120 * (i + 0.5) / n for i in range(n)]
    sheet.rect(xs[2] - 6, ys[0] - 14, 12, ys[-1] - ys[0] + 28, none, sheet.style.ink, 6)
    _bent(sheet, [(xs[3], ys[0]), (xs[3], 24), (xs[4] - 26, 24)])
    for y in ys:
        sheet.lines([(xs[0], y), (xs[4], y)], sheet.style.ink, 1.2)
        sheet.rect(xs[0] - 22, y - 7, 44, 14, strong, sheet.style.ink)
        sheet.circle(xs[1], y, 8, none, sheet.style.ink)
        sheet.circle(xs[3], y, 8, none, sheet.style.ink)
        sheet.text(xs[3], y, "×", 10)
        sheet.rect(xs[4] - 22, y - 7, 44, 14, pale, sheet.style.ink)
    node(sheet, rng, xs[4], 24, 44, 14, "", "box", pale)
    _bent(sheet, [(xs[0] + 22, 206), (xs[1], 206), (xs[1], ys[-1] + 8)])
    sheet.rect(xs[0] - 22, 199, 44, 14, none, sheet.style.ink)
    for x, y, words in ((xs[0], 34, ("keys", "键")), (xs[4], 210, ("values", "值")), (xs[0], 224, ("query", "查询"))):
        sheet.fitted(x, y, sheet.style.word(words), 50, 10)
    facts.count(n, "rows", "行")
    return sheet, facts


def feature_maps(rng: random.Random) -> Drawing:
    sheet, facts = _page(
        rng, "layers", (1.8, 3.0),
        "layers of a convolutional network|feature maps of a convolutional neural network|LeNet|"
        "convolution, pooling and dense layers",
        "卷积网络的各层|卷积神经网络的特征图|LeNet网络|卷积层、汇聚层和全连接层",
    )  # fmt: skip
    strong, pale, none = _tones(sheet, rng)
    n, size, x = rng.randint(4, 7), rng.uniform(90, 120), 14.0
    deep = rng.random() < 0.5
    for i in range(n):
        sheets = 1 if i == 0 else min(8, 2 + i)
        flat = i >= n - 2
        w, h = (5.0, 110 - 30 * (i - n + 2)) if flat else (size * 0.5, size)
        fill = rng.choice((pale, none, "#bbbbbb"))
        for k in range(1 if flat else sheets):
            dx, dy = x + k * 4, 120 - h / 2 + k * 4 - sheets * 2
            if deep and not flat and k == sheets - 1:
                sheet.polygon(
                    [
                        (dx - sheets * 4, dy - sheets * 4),
                        (dx + w - sheets * 4, dy - sheets * 4),
                        (dx + w, dy),
                        (dx, dy),
                    ],
                    none,
                    sheet.style.ink,
                )
            sheet.rect(dx, dy, w, h, fill, sheet.style.ink)
        if not flat:
            sheet.rect(x + w * 0.3, 110, w * 0.25, h * 0.2, strong)
            size *= rng.uniform(0.6, 0.85)
        wide = w + sheets * 4 + 16
        sheet.lines([(x + w * 0.6, 116), (x + wide, 112)], sheet.style.ink, 0.7, "3 2")
        sheet.fitted(x + w / 2, 204, rng.choice(("conv", "pool", "6@28x28", "16@10x10", "dense", "120")), 40, 8)
        x += wide
    sheet.width = max(x, 240)
    facts.say("stacked sheets that shrink|blocks drawn in depth", "逐渐变小的层叠薄片|立体的块")
    facts.count(n, "stages", "个阶段")
    return sheet, facts


def stacks_compared(rng: random.Random) -> Drawing:
    columns = rng.choice((2, 2, 3))
    sheet, facts = _page(
        rng, "layers", (0.8, 1.5),
        "LeNet beside AlexNet|two networks layer by layer|AlexNet compared with VGG|"
        "the smaller network at the left, the larger at the right|network built from blocks",
        "LeNet与AlexNet并列|两个网络的各层|AlexNet与VGG的比较|左边是较小的网络，右边是较大的网络|由块组成的网络",
    )  # fmt: skip
    strong, pale, none = _tones(sheet, rng)
    for c in range(columns):
        n, x, w = rng.randint(4, 12), sheet.width * (c + 0.5) / columns, sheet.width / columns * 0.78
        step = min(24.0, 205 / n)
        for i in range(n):
            y = 224 - step * (i + 0.5)
            words = sheet.style.word(
                rng.choice(
                    (
                        ("3x3 conv", "3×3卷积层"),
                        ("2x2 max pooling", "2×2最大汇聚层"),
                        ("dense (1000)", "全连接层(1000)"),
                        ("11x11 conv, stride 4", "11×11卷积层，步幅4"),
                    )
                )
            )
            node(sheet, rng, x, y, w, step * 0.62, words, "box", none if i > n - 4 else (strong, pale)[i % 2])
            if i < n - 1:
                _up(sheet, x, y - step * 0.31, y - step * 0.69)
        if columns == 3 and c:
            sheet.rect(x - w * 0.58, 224 - step * n - 4, w * 1.16, step * n + 8, "none", sheet.style.ink)
    facts.count(columns, "stacks side by side|columns of layers", "列层次并排|列方框")
    return sheet, facts


def _gpu(sheet: Sheet, x: float, y: float, w: float, fill: str) -> None:
    sheet.rect(x - w / 2, y - w * 0.25, w, w * 0.5, fill, sheet.style.ink, 1.5)
    sheet.circle(x + w * 0.18, y, w * 0.16, "none", sheet.style.ink)
    sheet.lines([(x - w / 2 - 3, y - w * 0.36), (x - w / 2 - 3, y + w * 0.36)], sheet.style.ink, 1.5)


def _chip(sheet: Sheet, x: float, y: float, w: float, fill: str) -> None:
    for k in range(-2, 3):
        along = k * w / 6
        sheet.lines([(x + along, y - w * 0.62), (x + along, y + w * 0.62)], sheet.style.ink)
        sheet.lines([(x - w * 0.62, y + along), (x + w * 0.62, y + along)], sheet.style.ink)
    sheet.rect(x - w / 2, y - w / 2, w, w, fill, sheet.style.ink, 2, 1.4)
    sheet.rect(x - w / 4, y - w / 4, w / 2, w / 2, "none", sheet.style.ink)


def servers_and_workers(rng: random.Random) -> Drawing:
    sheet, facts = _page(
        rng, "network", (1.0, 1.6),
        "parameter servers with their workers|distributed training on several machines|"
        "workers that share parameters",
        "参数服务器及其工作节点|多台机器上的分布式训练|共享参数的工作节点",
    )  # fmt: skip
    strong, pale, none = _tones(sheet, rng)
    twice = rng.random() < 0.4
    for part in range(1 + twice):
        top, high = 8 + 116 * part, 108 if twice else 216
        servers, workers = rng.randint(1, 3) + part, rng.randint(3, 6)
        at = [sheet.width * (i + 0.5) / servers for i in range(servers)]
        below = [sheet.width * (i + 0.5) / workers for i in range(workers)]
        r = min(high * 0.13, 16)
        for x in at:
            for wx in below:
                sheet.arrow((x, top + r * 2), (wx, top + high * 0.55 - r), line=1)
        for x in at:
            node(sheet, rng, x, top + r + 2, r * 2, r * 2, sheet.style.word(("server", "服务器")), "circle", strong)
        for x in below:
            node(
                sheet, rng, x, top + high * 0.55, r * 2, r * 2, sheet.style.word(("worker", "工作节点")), "circle", none
            )
            for k in (-0.5, 0.5):
                sheet.lines([(x, top + high * 0.55 + r), (x + k * r * 2, top + high * 0.82)], sheet.style.ink, 1)
                node(sheet, rng, x + k * r * 2, top + high * 0.87, r * 1.7, r, "GPU", "box", pale)
        facts.count(servers, "servers|circles on top", "个服务器")
    if twice:
        facts.say("top and bottom|two arrangements", "上下两图|两种布局")
    return sheet, facts


def machine_parts(rng: random.Random) -> Drawing:
    sheet, facts = _page(
        rng, "tree", (0.7, 1.3),
        "server with several GPUs|hardware of a server: switch, CPU, bus and GPUs|training on several GPUs|"
        "how the parts of a computer are connected",
        "带多块GPU的服务器|服务器硬件：交换机、处理器、总线和GPU|用多块GPU训练|计算机各部件的连接",
    )  # fmt: skip
    strong, pale, none = _tones(sheet, rng)
    levels, n = rng.randint(2, 4), rng.randint(2, 5)
    x, colour = sheet.width * 0.55, rng.choice((sheet.style.ink, "#e03030"))
    icons: list[Callable[..., None]] = [_chip, _gpu]
    for level in range(levels):
        y = 26 + 140 * level / levels
        rng.choice(icons)(sheet, x, y, 30, rng.choice((strong, pale, none)))
        sheet.fitted(sheet.width * 0.14, y, sheet.style.word(rng.choice(PARTS)), sheet.width * 0.25, 10)
        if level < levels - 1:
            sheet.arrow((x, y + 20), (x, y + 140 / levels - 20), colour)
        if rng.random() < 0.4:
            sheet.fitted(sheet.width * 0.86, y, rng.choice(("16 GB/s", "PCIe 3.0", "10 GbE", "64 GB/s")), 50, 9)
    last = 26 + 140 * (levels - 1) / levels
    for i in range(n):
        gx = x + (i - (n - 1) / 2) * min(44, sheet.width * 0.7 / n)
        sheet.arrow((x, last + 18), (gx, 190), colour)
        _gpu(sheet, gx, 204, min(34, sheet.width * 0.5 / n), none)
    facts.count(n, "cards at the bottom|GPUs", "块显卡|个GPU")
    return sheet, facts


def word_and_context(rng: random.Random) -> Drawing:
    words = [rng.choice(FILLER_EN) for _ in range(5)]
    outward = rng.random() < 0.5
    sheet, facts = _page(
        rng, "network", (1.1, 2.0),
        "the skip-gram model|center word and its context words" if outward else
        "the continuous bag of words model|context words around a center word",
        "跳元模型|中心词及其上下文词" if outward else "连续词袋模型|中心词周围的上下文词",
    )  # fmt: skip
    strong, pale, _ = _tones(sheet, rng)
    n, above, r = rng.randint(3, 5), rng.random() < 0.5, rng.uniform(12, 20)
    hub: Point = (sheet.width / 2, 60 if above else 180)
    for i in range(n):
        x, y = sheet.width * (i + 0.5) / n, 180 if above else 60
        start, end = (hub, (x, y)) if outward else ((x, y), hub)
        share = r / math.dist(start, end)
        cut = (end[0] + (start[0] - end[0]) * share, end[1] + (start[1] - end[1]) * share)
        sheet.arrow(start, cut)
        sheet.circle(x, y, r, pale, sheet.style.ink, 1.4)
        sheet.text(x, y + (r + 12 if above else -r - 12), words[i % 5], 14)
    sheet.circle(*hub, r, strong, sheet.style.ink, 1.4)
    sheet.text(hub[0], hub[1] + (-r - 12 if above else r + 12), rng.choice(FILLER_EN), 14)
    facts.say(
        *(("one circle above the others", "一个圆在上") if above else ("one circle below the others", "一个圆在下"))
    )
    facts.count(n + 1, "circles", "个圆")
    return sheet, facts


def token_bar(rng: random.Random) -> Drawing:
    sheet, facts = _page(
        rng, "block diagram", (1.2, 2.0),
        "classifying a text with a pretrained model|tokens of a sequence and their representations|"
        "fine-tuning BERT|text pair classification|tagging each token",
        "用预训练模型给文本分类|序列的词元及其表示|微调BERT|文本对分类|给每个词元打标签",
    )  # fmt: skip
    strong, pale, _ = _tones(sheet, rng)
    n, heads = rng.randint(4, 9), rng.choice((1, 1, 2, 99))
    node(sheet, rng, sheet.width / 2, 130, sheet.width * 0.94, 30, rng.choice(("BERT", "GPT", "encoder")), "box", pale)
    for i in range(n):
        x = sheet.width * (i + 0.5) / n
        _up(sheet, x, 178, 146)
        _up(sheet, x, 114, 88)
        sheet.fitted(
            x, 186, "<cls>" if i == 0 else sheet.style.word((f"token {i}", f"词元{i}")), sheet.width / n * 0.9, 9
        )
        if i < heads:
            node(
                sheet,
                rng,
                x,
                72,
                min(50, sheet.width / n * 0.85),
                20,
                sheet.style.word(("dense", "全连接层")),
                "box",
                strong,
            )
            _up(sheet, x, 61, 40)
            sheet.fitted(x, 30, sheet.style.word(("label", "标签")), 40, 10)
        else:
            sheet.fitted(x, 80, sheet.style.word(("rep.", "表示")), sheet.width / n * 0.9, 9)
    if rng.random() < 0.5:
        for i in range(1, n - 1):
            sheet.lines([(sheet.width * (i + 0.5) / n, 194), (sheet.width / 2, 216)], sheet.style.ink, 0.9, "4 3")
        sheet.fitted(sheet.width / 2, 224, sheet.style.word(("single text sequence", "单文本序列")), 120, 10)
    facts.say("a wide bar over many inputs|many arrows into a long box", "许多输入上的长条")
    return sheet, facts


def feedback_loop(rng: random.Random) -> Drawing:
    pairs: tuple[tuple[Pair, Pair], ...] = (
        (("agent", "智能体"), ("environment", "环境")),
        (("controller", "控制器"), ("plant", "被控对象")),
        (("user", "用户"), ("system", "系统")),
        (("buyer", "买方"), ("seller", "卖方")),
    )
    one, other = rng.choice(pairs)
    sheet, facts = _page(
        rng, "block diagram", (1.2, 2.2),
        f"{one[0]} that acts on {other[0]}|{one[0]} and {other[0]}|feedback loop|closed loop",
        f"{one[1]}作用于{other[1]}|{one[1]}与{other[1]}|反馈回路|闭环",
    )  # fmt: skip
    strong, pale, none = _tones(sheet, rng)
    left, right, middle = sheet.width * 0.14, sheet.width * 0.86, sheet.width / 2
    between = rng.sample(
        [("action", "动作"), ("reward", "奖励"), ("state", "状态"), ("observation", "观测"), ("error", "误差")],
        rng.randint(2, 3),
    )
    w, ys = sheet.width * 0.26, (60, 120, 180)
    for y, name in zip(ys if len(between) == 3 else (60, 180), between, strict=True):
        forward = y == 60
        start, end = (left, right) if forward else (right, left)
        _bent(sheet, [(start, 105 if y < 120 else 135), (start, y), (middle - w / 2 * (1 if forward else -1), y)])
        _bent(
            sheet, [(middle, y), (end, y), (end, 105 if y < 120 else 135)] if y != 120 else [(middle, y), (end + 20, y)]
        )
        node(sheet, rng, middle, y, w, 30, sheet.style.word(name), "box", rng.choice((strong, pale)))
    for x, name in ((left, one), (right, other)):
        node(sheet, rng, x, 120, sheet.width * 0.24, 30, sheet.style.word(name), "box", none)
    facts.say("arrows around in a loop", "箭头成环")
    return sheet, facts


def _blob(rng: random.Random, x: float, y: float, r: float, n: int, hollow: bool) -> list[Point]:
    return [
        (x + r * k * math.cos(a), y + r * k * math.sin(a))
        for i in range(n)
        for a, k in [(2 * math.pi * i / n, 0.35 if hollow and i == 0 else rng.uniform(0.85, 1))]
    ]


def sets(rng: random.Random) -> Drawing:
    sheet, facts = _page(
        rng, "shapes", (1.5, 2.6),
        "convex sets|sets with and without dents|where convex sets overlap|"
        "line between two points of a set",
        "凸集|有凹陷和没有凹陷的集合|凸集的重叠部分|集合中两点的连线",
    )  # fmt: skip
    strong, pale, _ = _tones(sheet, rng)
    n = rng.randint(2, 3)
    for i in range(n):
        x, r = sheet.width * (i + 0.5) / n, min(60, sheet.width / n * 0.42)
        how = rng.choice(("round", "corners", "hollow", "both"))
        if how == "round":
            sheet.circle(x, 120, r, strong, sheet.style.ink)
        else:
            sheet.polygon(_blob(rng, x, 120, r, rng.randint(5, 7), how == "hollow"), strong, sheet.style.ink)
        if how == "both":
            sheet.circle(x + r * 0.4, 120, r * 0.7, pale, sheet.style.ink, opacity=0.8)
        a, b = (x - r * 0.4, 120 + r * rng.uniform(-0.4, 0.4)), (x + r * 0.4, 120 + r * rng.uniform(-0.4, 0.4))
        sheet.lines([a, b], sheet.style.ink, 1.5)
        for at in (a, b):
            sheet.circle(*at, 3, sheet.style.ink)
    facts.count(n, "shapes side by side", "个图形并排")
    facts.say("a segment between two points inside", "内部两点间的线段")
    return sheet, facts


def vectors(rng: random.Random) -> Drawing:
    sheet, facts = _page(
        rng, "shapes", (1.0, 2.2),
        "vectors from the origin|projections onto a set|angle between two vectors|forces on a body|free body diagram",
        "从原点出发的向量|在集合上的投影|两个向量的夹角|物体受力|受力图",
    )  # fmt: skip
    strong, pale, _ = _tones(sheet, rng)
    n = rng.choice((1, 2))
    for i in range(n):
        x, r = sheet.width * (i + 0.5) / n, 46
        shape = rng.choice(("circle", "diamond", "box", "axes"))
        if shape == "axes":
            sheet.arrow((x - 70, 190), (x + 80, 190))
            sheet.arrow((x - 60, 200), (x - 60, 30))
            x, y = x - 60, 190
        else:
            y = 120
            node(sheet, rng, x, y, r * 2, r * 2, "", shape, pale)
        for k in range(rng.randint(2, 3)):
            angle, far = rng.uniform(-1.5, 0.2) if shape == "axes" else rng.uniform(0, 6.3), rng.uniform(50, 110)
            end = (x + far * math.cos(angle), y + far * math.sin(angle) * 0.9)
            sheet.arrow((x, y), end, ("#e03030", "#e0c000", strong, sheet.style.ink)[k], 2.4)
            if rng.random() < 0.5:
                sheet.text(end[0] + 8, end[1] - 6, rng.choice("uvwFNGx"), 13)
    facts.say("arrows from one point", "从一点出发的箭头")
    return sheet, facts


def fitted_line(rng: random.Random) -> Drawing:
    sheet, facts = _page(
        rng, "fit", (1.0, 1.6),
        "linear fit and its errors|distances of the points to the line|residuals|least squares",
        "线性拟合及其误差|各点到直线的距离|残差|最小二乘",
    )  # fmt: skip
    strong, _, _ = _tones(sheet, rng)
    x0, y0, w, h = 34.0, 206.0, sheet.width - 54, 176.0
    sheet.arrow((x0 - 14, y0), (x0 + w, y0), line=2)
    sheet.arrow((x0, y0 + 14), (x0, y0 - h), line=2)
    up = rng.random() < 0.8
    low, high = rng.uniform(0.1, 0.35), rng.uniform(0.6, 0.9)
    a, b = (low, high) if up else (high, low)
    sheet.lines([(x0, y0 - h * a), (x0 + w * 0.95, y0 - h * b)], sheet.style.ink, 2)
    n = rng.randint(4, 8)
    for i in range(n):
        share = (i + 0.6) / n
        x, on = x0 + w * 0.92 * share, y0 - h * (a + (b - a) * share)
        y = on + rng.choice((-1, 1)) * rng.uniform(10, 36)
        sheet.lines([(x, on), (x, y)], strong, 1.8)
        sheet.circle(x, y, 4, sheet.style.ground, strong, 1.8)
    sheet.text(x0 - 16, y0 - h / 2, "y", 16)
    sheet.text(x0 + w / 2, y0 + 16, "x", 16)
    facts.say("stems from the points to the line|vertical segments", "点到直线的竖线")
    facts.count(n, "points", "个点")
    return sheet, facts


def _filler(rng: random.Random, sheet: Sheet, words: int) -> str:
    if sheet.style.chinese:
        return "".join(rng.choice(FILLER_ZH) for _ in range(words * 2))
    return " ".join(rng.choice(FILLER_EN) for _ in range(words))


def _mark(sheet: Sheet, facts: Facts, x: float, y: float, w: float, h: float) -> None:
    sheet.rect(x, y, w, h, "none", "#e01010", 0, 2.5)
    facts.say("red box around a button|marked in red", "红框标出按钮|红色标记")


def notebook(rng: random.Random) -> Drawing:
    state = rng.choice(("code", "markdown", "menu", "files"))
    said = {
        "code": ("code cell of a notebook|notebook with code", "笔记本中的代码单元|带代码的笔记本"),
        "markdown": (
            "markdown cell of a notebook|formatted text cell",
            "笔记本的markdown单元|排好版的文字单元",
        ),
        "menu": ("menu of a notebook|menu that runs cells", "笔记本的菜单|运行单元的菜单"),
        "files": (
            "folders containing the code|list of files in a notebook server",
            "包含代码的文件夹|笔记本服务器的文件列表",
        ),
    }[state]
    sheet, facts = _page(rng, "window", (1.6, 3.2), *said)
    w = sheet.width
    sheet.circle(18, 18, 7, "none", "#f37726", 2.5)
    sheet.text(30, 18, rng.choice(("jupyter", "notebook")), 13, anchor="start", bold=True)
    sheet.text(w - 34, 18, "Logout", 8)
    if state == "files":
        _files(sheet, rng)
        return sheet, facts
    sheet.rect(6, 30, w - 12, 34, "#f8f8f8" if not sheet.style.dark else "#333333", "#cccccc")
    for i, item in enumerate(("File", "Edit", "View", "Insert", "Cell", "Kernel", "Help")):
        sheet.text(14 + i * (w - 40) / 7, 39, item, 8, anchor="start")
    for i in range(12):
        sheet.rect(12 + i * 17, 48, 12, 10, "none", "#999999", 1)
    _cells(sheet, rng, state)
    if state == "menu":
        sheet.rect(w * 0.42, 48, 100, 140, "#ffffff", "#bbbbbb")
        for i in range(8):
            words = rng.choice(("Run Cells", "Run All", "Run All Above", "Cell Type", "Current Outputs"))
            sheet.text(w * 0.42 + 8, 60 + i * 16, words, 8, "#222222", "start")
        facts.say("an open menu", "打开的菜单")
    sheet.lines([(6, 64), (w - 6, 64)], sheet.style.ink, 0.5)
    return sheet, facts


def _files(sheet: Sheet, rng: random.Random) -> None:
    w = sheet.width
    for i, tab in enumerate(("Files", "Running", "Clusters")):
        sheet.text(20 + i * 54, 52, tab, 9, anchor="start", bold=i == 0)
    sheet.rect(10, 70, w - 20, 16, "#eeeeee", "#cccccc")
    for i in range(rng.randint(2, 7)):
        y = 96 + i * 19
        sheet.rect(16, y - 4, 11, 8, "#999999")
        name = rng.choice(("build", "chapter_introduction", "chapter_appendix", "data", "img"))
        sheet.text(34, y, name, 9, "#2a6fb0", "start")
        sheet.text(w - 50, y, rng.choice(("seconds ago", "6 days ago", "an hour ago")), 8, "#777777")
        sheet.lines([(10, y + 9), (w - 10, y + 9)], "#dddddd")


def _cells(sheet: Sheet, rng: random.Random, state: str) -> None:
    x, y, mono = 60.0, 84.0, "DejaVu Sans Mono"
    wide = sheet.width - x - 14
    if state in ("code", "menu"):
        sheet.text(x, y, rng.choice(("This Is a Title", "# This Is a Title")), 18, anchor="start", bold=True)
        y += 34
    if state != "markdown" or rng.random() < 0.5:
        sheet.rect(x - 4, y - 10, wide, 44, "#f7f7f7", "#42a948" if state == "code" else "#cccccc")
        sheet.text(x - 10, y, "In [ ]:", 8, "#303f9f", "end")
        sheet.text(x, y, "import numpy as np", 10, "#008000", "start", font=mono)
        sheet.text(x, y + 16, "np.ones((3, 4))", 10, "#333333", "start", font=mono)
        y += 62
    if state == "markdown":
        sheet.rect(x - 4, y - 14, wide, 60, "none", rng.choice(("#42a5f5", "#42a948")))
        sheet.text(x, y, "# This Is a Title", 17, "#1111cc", "start", bold=True)
        sheet.text(x, y + 26, "This is text.", 10, anchor="start")


def strip_of_a_page(rng: random.Random) -> Drawing:
    """A piece of a web page, cut out around what to click."""
    said = rng.choice((
        ("opening a pull request|the pull request button", "发起拉取请求|Pull请求按钮"),
        ("file on GitHub|button that edits a file", "GitHub上的文件|修改文件的按钮"),
        ("fork the repository|a page of a code repository", "复刻仓库|代码仓库的页面"),
        ("list of running instances|instances in the cloud", "运行中的实例列表|云上的实例"),
        ("select an option|choose and press the button", "选择一个选项|选择并点击按钮"),
        ("submit changes|propose the change", "提交修改|提议更改"),
        ("search box with a hit|finding a service", "带结果的搜索框|查找服务"),
        ("page of a contest|uploading results", "比赛的页面|上传结果"),
        ("key for logging in|download a key", "登录用的密钥|下载密钥"),
        ("set the storage size|choose the instance type", "设置存储大小|选择实例类型"),
    ))  # fmt: skip
    sheet, facts = _page(rng, rng.choice(("window", "window", "form", "dialog")), (1.3, 3.4), *said)
    w, accent = sheet.width, rng.choice(("#2da44e", "#0969da", "#ec7211", "#20beff", sheet.style.palette[0]))
    sheet.height = rng.choice((70.0, 120.0, 240.0))
    sheet.rect(0, 0, w, 26, "#f6f8fa" if not sheet.style.dark else "#2b2b2b", "#d0d7de")
    rows = int((sheet.height - 40) // 26)
    buttons: list[tuple[float, float, float]] = []
    sheet.fitted(12, 13, _filler(rng, sheet, 3), w * 0.4, 12, anchor="start", bold=True)
    for r in range(rows):
        x, y = 12.0, 34.0 + r * 26
        how = rng.choice(("text", "buttons", "row", "field"))
        if how == "text":
            sheet.fitted(x, y + 10, _filler(rng, sheet, int(w / 40)), w * 0.85, 10, anchor="start")
        elif how == "field":
            sheet.rect(x, y, w * rng.uniform(0.4, 0.9), 18, "none", rng.choice(("#8c959f", accent)), 3, 1.3)
            sheet.fitted(x + 6, y + 9, _filler(rng, sheet, 2), w * 0.3, 10, anchor="start")
            buttons.append((x, y, w * 0.5))
        else:
            for _ in range(rng.randint(2, 4)):
                words = sheet.style.word(rng.choice(STEPS))
                wide = 26.0 + 6 * len(words)
                filled = rng.random() < 0.3
                if how == "buttons":
                    sheet.rect(x, y, wide, 18, accent if filled else "none", "#8c959f", 3)
                sheet.fitted(
                    x + wide / 2, y + 9, words, wide * 0.85, 9, fill="#ffffff" if filled and how == "buttons" else ""
                )
                buttons.append((x, y, wide))
                x += wide + (10 if how == "buttons" else (w - 100) / 5)
    if buttons and rng.random() < 0.6:
        left, top, wide = rng.choice(buttons)
        _mark(sheet, facts, left - 3, top - 3, wide + 6, 24)
    facts.say("part of a web page|cut out of a screen", "网页的一部分|屏幕截取")
    return sheet, facts


def papers_and_model(rng: random.Random) -> Drawing:
    sheet, facts = _page(
        rng, "block diagram", (1.2, 2.2),
        "supervised learning|from inputs and labels to a model|training data, training and model",
        "监督学习|由输入和标签得到模型|训练数据、训练和模型",
    )  # fmt: skip
    strong, pale, none = _tones(sheet, rng)
    w, xs = sheet.width * 0.24, [sheet.width * k for k in (0.17, 0.5, 0.83)]
    for x, name in ((xs[0], ("inputs", "训练输入")), (xs[2], ("labels", "训练标签"))):
        for k in (2, 1, 0):
            sheet.rect(x - w / 2 + k * 5, 70 - k * 5, w, 30, none, sheet.style.ink)
        sheet.fitted(x, 85, sheet.style.word(name), w * 0.85)
    node(sheet, rng, xs[1], 85, w, 30, sheet.style.word(("learning", "监督学习")), "box", pale)
    node(sheet, rng, xs[1], 160, w, 30, sheet.style.word(("model", "模型")), "box", strong)
    for x, name in ((xs[0], ("input", "输入")), (xs[2], ("output", "输出"))):
        node(sheet, rng, x, 160, w, 30, sheet.style.word(name), "box", none)
    sheet.arrow((xs[0] + w / 2, 85), (xs[1] - w / 2, 85))
    sheet.arrow((xs[2] - w / 2, 85), (xs[1] + w / 2, 85))
    sheet.arrow((xs[1], 100), (xs[1], 145))
    sheet.arrow((xs[0] + w / 2, 160), (xs[1] - w / 2, 160))
    sheet.arrow((xs[1] + w / 2, 160), (xs[2] - w / 2, 160))
    facts.say("piles of sheets", "成叠的纸页")
    return sheet, facts


def devices(rng: random.Random) -> Drawing:
    sheet, facts = _page(
        rng, "block diagram", (1.2, 2.2),
        "data copied from one device to another|data on two devices|moving data between machines",
        "把数据从一个设备复制到另一个|两个设备上的数据|在机器之间移动数据",
    )  # fmt: skip
    strong, pale, _ = _tones(sheet, rng)
    w = sheet.width * 0.38
    for x, name in ((sheet.width * 0.23, "gpu(0)"), (sheet.width * 0.77, "gpu(1)")):
        sheet.rect(x - w / 2, 40, w, 150, "none", sheet.style.ink)
        sheet.text(x, 206, rng.choice((name, "CPU", "host")), 12)
    node(sheet, rng, sheet.width * 0.2, 140, 30, 30, "X", "box", strong)
    for k, letter in ((-0.08, "Z"), (0.08, "Y")):
        x = sheet.width * (0.77 + k)
        node(sheet, rng, x, 140, 30, 30, letter, "box", strong)
        sheet.arrow((x, 124), (sheet.width * 0.77, 94))
    sheet.circle(sheet.width * 0.77, 82, 12, pale, sheet.style.ink)
    sheet.text(sheet.width * 0.77, 82, rng.choice("+×"), 13, "#111111")
    sheet.arrow((sheet.width * 0.2 + 16, 140), (sheet.width * 0.69 - 18, 140))
    sheet.fitted(sheet.width * 0.5, 128, sheet.style.word(("copy", "复制")), 40)
    facts.say("two large frames", "两个大框")
    return sheet, facts


def bands(rng: random.Random) -> Drawing:
    sheet, facts = _page(
        rng, "block diagram", (1.3, 2.2),
        "map of the chapter|what builds on what|"
        "from representation through architecture to application",
        "本章的地图|各部分的依赖|从表示经架构到应用",
    )  # fmt: skip
    strong, pale, none = _tones(sheet, rng)
    rows, dash = rng.randint(2, 4), rng.choice(("6 4", "6 4", ""))
    spots: list[list[Point]] = []
    for r in range(rows):
        y, n = 34 + 190 * (r + 0.3) / rows, rng.randint(2, 4)
        left, w = sheet.width * 0.18, sheet.width * 0.78
        sheet.lines(
            [(left, y - 20), (left + w, y - 20), (left + w, y + 20), (left, y + 20)],
            sheet.style.ink,
            1.5,
            dash,
            closed=True,
        )
        sheet.fitted(sheet.width * 0.09, y, sheet.style.word(rng.choice(PARTS)), sheet.width * 0.16, 11)
        spots.append([(left + w * (i + 0.5) / n * 0.92, y) for i in range(n)])
        for x, _ in spots[-1]:
            node(
                sheet,
                rng,
                x,
                y,
                w / n * 0.74,
                22,
                sheet.style.word(rng.choice(PARTS)),
                "box",
                (strong, pale, none)[r % 3],
            )
        _dots(sheet, left + w - 12, y)
    for above, below in pairwise(spots):
        (x, y), (tx, ty) = rng.choice(below), rng.choice(above)
        sheet.arrow((x, y - 12), (tx, ty + 12))
    facts.count(rows, "bands of boxes|dashed rows", "排方框|个虚线带")
    return sheet, facts


def partial_tree(rng: random.Random) -> Drawing:
    sheet, facts = _page(
        rng, "tree", (1.0, 1.7),
        "hierarchical softmax|a binary tree whose leaves are the words|binary search tree|part of a tree",
        "分层softmax|叶节点为词的二叉树|二叉搜索树|树的一部分",
    )  # fmt: skip
    strong, pale, _ = _tones(sheet, rng)
    depth, r = rng.randint(2, 3), rng.uniform(9, 14)
    at = {(0, 0): (sheet.width / 2, 34.0)}
    for level in range(1, depth + 1):
        for i in range(2**level):
            if (level - 1, i // 2) in at and (rng.random() < 0.85 or level == 1):
                at[level, i] = (sheet.width * (i + 0.5) / 2**level, 34 + 166 * level / depth)
                sheet.lines([at[level - 1, i // 2], at[level, i]], sheet.style.ink, rng.choice((1.3, 1.3, 3)))
    for (level, i), (x, y) in at.items():
        sheet.circle(x, y, r, strong if level < depth else pale, sheet.style.ink)
        if level == depth:
            sheet.text(x, y, f"w{i + 1}", 9, "#111111")
        elif rng.random() < 0.5:
            sheet.text(x - r - 20, y - 8, f"n({level},{i})", 9)
    _dots(sheet, sheet.width / 2, 200)
    facts.count(depth + 1, "levels", "层")
    return sheet, facts


def states_over_time(rng: random.Random) -> Drawing:
    deep = rng.random() < 0.5
    sheet, facts = _page(
        rng, "chain", (0.9, 2.2),
        "deep RNN|recurrent network with several hidden layers|bidirectional RNN" if deep else
        "hidden Markov model|sequence model with a latent state|hidden states and observations",
        "深度循环神经网络|具有多个隐藏层的循环网络|双向循环神经网络" if deep else
        "隐马尔可夫模型|带隐变量的序列模型|隐状态和观测",
    )  # fmt: skip
    strong, pale, none = _tones(sheet, rng)
    n, rows, letter = rng.randint(3, 5), rng.randint(3, 5) if deep else rng.choice((2, 2, 3)), _letter(rng)
    size = min(34.0, sheet.width / n * 0.55, 190 / rows * 0.6)
    ys = [214 - 190 * (k + 0.5) / rows for k in range(rows)]
    shape = rng.choice(("box", "box", "circle"))
    for i in range(n):
        x = sheet.width * (i + 0.5 + 0.25 * (i == n - 1)) / (n + 0.25)
        for k, y in enumerate(ys):
            if k:
                _up(sheet, x, ys[k - 1] - size / 2, y + size / 2)
            if i < n - 1 and (0 < k < rows - (rows > 2) or (not deep and k == 0 and rows == 2)):
                start = x + size / 2
                sheet.arrow((start, y), (start + sheet.width / n * 0.4, y), line=1.4)
            fill = (pale, none, strong)[0 if k == 0 else 2 if k == rows - 1 else 1]
            node(sheet, rng, x, y, size, size, f"{letter}{'tT'[k % 2] if i == n - 1 else i + 1}", shape, fill)
        if i == n - 2:
            _dots(sheet, x + sheet.width / n * 0.66, ys[0])
    facts.count(rows, "rows", "行")
    facts.say("dots before the last column", "最后一列前有省略号")
    return sheet, facts


def tensor_sums(rng: random.Random) -> Drawing:
    channels = rng.choice((1, 1, 2))
    transposed = rng.random() < 0.3
    sheet, facts = _page(
        rng, "grid", (1.5, 3.2),
        "transposed convolution|how a transposed convolution spreads its input" if transposed else
        f"convolution over {channels} channels|cross-correlation of input and kernel|"
        "shaded: what goes into the first output|max-pooling with a pooling window",
        "转置卷积|转置卷积如何铺开输入" if transposed else
        f"{channels}个通道的卷积|输入与核的互相关|着色部分用于算出第一个输出|最大汇聚窗口",
    )  # fmt: skip
    strong, pale, none = _tones(sheet, rng)
    rows, cols, kernel = rng.choice((1, 3, 3)), rng.randint(3, 7), 2
    cell, x, y = rng.uniform(13, 18), 10.0, 90.0

    def block(at: float, high: int, wide: int, shaded: int, fill: str, words: Pair) -> float:
        for c in range(channels - 1, -1, -1):
            for i in range(high):
                for j in range(wide):
                    on = i < shaded and j < shaded
                    sheet.rect(
                        at + j * cell + c * 6, y + i * cell - c * 6, cell, cell, fill if on else none, sheet.style.ink
                    )
                    sheet.text(
                        at + (j + 0.5) * cell + c * 6,
                        y + (i + 0.5) * cell - c * 6,
                        str(rng.randrange(10)),
                        cell * 0.55,
                        "#222222" if on else "",
                    )
        sheet.fitted(at + wide * cell / 2, y - 26, sheet.style.word(words), wide * cell * 1.4, 11)
        return at + wide * cell + channels * 6

    x = block(x, rows, cols, kernel, pale, ("input", "输入"))
    sheet.text(x + 10, y + cell, "*", 15)
    x = block(x + 20, min(rows, kernel), kernel, 9, pale, ("kernel", "核"))
    sheet.text(x + 10, y + cell, "=", 15)
    if transposed or channels == 2:
        for _ in range(rng.randint(2, 4)):
            x = block(x + 20, 3 if transposed else 2, 3 if transposed else 2, 2, pale, ("", ""))
            sheet.text(x + 9, y + cell, "+", 15)
        sheet.text(x + 9, y + cell + 14, "=", 15)
    x = block(x + 20, max(1, rows - 1), max(1, cols - 1), 1, strong, ("output", "输出"))
    sheet.width, sheet.height = x + 12, y + rows * cell + 40
    facts.say("grids of numbers joined by signs", "由符号连接的数字网格")
    return sheet, facts


def chosen_cells(rng: random.Random) -> Drawing:
    sheet, facts = _page(
        rng, "grid", (0.8, 1.4),
        "the best choice in each column|greedy search|probabilities step by step|"
        "beam search|confusion matrix",
        "每列的最佳选择|贪心搜索|逐步的概率|束搜索|混淆矩阵",
    )  # fmt: skip
    strong, pale, none = _tones(sheet, rng)
    rows, cols = rng.randint(3, 5), rng.randint(3, 5)
    w, h, gap = sheet.width * 0.74 / cols, 170 / rows, rng.choice((0, 6))
    for j in range(cols):
        chosen = rng.randrange(rows)
        sheet.text(sheet.width * 0.22 + (j + 0.5) * w, 24, str(j + 1), 15)
        for i in range(rows):
            fill = rng.choice((pale, strong)) if i == chosen else none
            sheet.rect(sheet.width * 0.22 + j * w + gap / 2, 40 + i * h, w - gap, h, fill, sheet.style.ink, 0, 1.8)
            sheet.text(
                sheet.width * 0.22 + (j + 0.5) * w,
                40 + (i + 0.5) * h,
                f"0.{rng.randrange(10)}",
                min(16, h * 0.4),
                "#222222" if i == chosen else "",
            )
    for i in range(rows):
        sheet.text(sheet.width * 0.1, 40 + (i + 0.5) * h, "<eos>" if i == rows - 1 else "ABCDE"[i], 13)
    facts.say("one shaded cell in each column", "每列一个着色格子")
    return sheet, facts


def molecule(rng: random.Random) -> Drawing:
    sheet, facts = _page(
        rng, "network", (1.0, 1.8),
        "structure of a molecule|chemical structure|structural formula of a compound",
        "分子结构|化学结构|化合物的结构式",
    )  # fmt: skip
    ink, rings = sheet.style.ink, rng.randint(1, 3)
    r = min(44.0, sheet.width / (rings * 2.2))
    for k in range(rings):
        x, y = sheet.width / 2 + (k - (rings - 1) / 2) * r * 1.73, 120.0
        corners = [(x + r * math.sin(math.pi * i / 3), y - r * math.cos(math.pi * i / 3)) for i in range(6)]
        sheet.lines(corners, ink, 2, closed=True)
        inner = [(x + 0.78 * (cx - x), y + 0.78 * (cy - y)) for cx, cy in corners]
        for i in (0, 2, 4):
            sheet.lines([inner[i], inner[i + 1]], ink, 2)
        for i in rng.sample((0, 3), rng.randint(1, 2)):
            end = (corners[i][0] + rng.choice((-1, 1)) * 14, corners[i][1] + (-24 if i == 0 else 24))
            sheet.lines([corners[i], end], ink, 2)
            sheet.text(end[0], end[1] + (-8 if i == 0 else 8), rng.choice(("OH", "NH2", "CH3", "O", "Cl", "COOH")), 13)
    facts.count(rings, "rings|hexagons", "个环|个六边形")
    return sheet, facts


def lens(rng: random.Random) -> Drawing:
    sheet, facts = _page(
        rng, "shapes", (1.5, 2.4),
        "rays through a lens|image formed by a lens|light rays and the focal point",
        "通过透镜的光线|透镜成像|光线与焦点",
    )  # fmt: skip
    strong, pale, _ = _tones(sheet, rng)
    x, y, focus = sheet.width * 0.45, 125.0, sheet.width * rng.uniform(0.2, 0.4)
    sheet.lines([(8, y), (sheet.width - 8, y)], sheet.style.ink, 1, "6 4")
    sheet.ellipse(x, y, 9, 80, pale, sheet.style.ink)
    for k in range(rng.choice((3, 4, 5))):
        h = -60 + 30 * k
        sheet.lines([(14, y + h), (x, y + h)], strong, 1.8)
        sheet.arrow((x, y + h), (x + focus * 1.3, y - h * 0.3), strong, 1.8)
    sheet.circle(x + focus, y, 3, sheet.style.ink)
    sheet.text(x + focus, y + 16, "F", 13)
    return sheet, facts


def triangle(rng: random.Random) -> Drawing:
    sheet, facts = _page(
        rng, "shapes", (1.0, 1.6),
        "triangle with its angles|a right triangle|circle and tangent|geometric construction",
        "三角形及其角|直角三角形|圆与切线|几何作图",
    )  # fmt: skip
    _, pale, _ = _tones(sheet, rng)
    right = rng.random() < 0.5
    a, b = (sheet.width * 0.15, 195.0), (sheet.width * 0.85, 195.0)
    c = (a[0] if right else sheet.width * rng.uniform(0.3, 0.7), 45.0)
    sheet.polygon([a, b, c], rng.choice((pale, "none")), sheet.style.ink, 2)
    if right:
        sheet.lines([(a[0] + 14, a[1]), (a[0] + 14, a[1] - 14), (a[0], a[1] - 14)], sheet.style.ink, 1.3)
    for (x, y), name in zip((a, b, c), "ABC", strict=True):
        sheet.text(x, y + (14 if y > 100 else -12), name, 14)
    if rng.random() < 0.4:
        sheet.circle(sheet.width / 2, 130, 62, "none", sheet.style.ink, 1.3)
        facts.say("with a circle", "带圆")
    facts.say("labelled corners", "标有顶点字母")
    return sheet, facts


TEXTBOOK = {
    "gated cell": gated_cell,
    "skip blocks": skip_blocks,
    "dense links": dense_links,
    "encoder decoder": encoder_decoder,
    "attention pooling": attention_pooling,
    "feature maps": feature_maps,
    "stacks compared": stacks_compared,
    "servers and workers": servers_and_workers,
    "machine parts": machine_parts,
    "word and context": word_and_context,
    "token bar": token_bar,
    "feedback loop": feedback_loop,
    "sets": sets,
    "vectors": vectors,
    "fitted line": fitted_line,
    "notebook": notebook,
    "strip of a page": strip_of_a_page,
    "strip of a page again": strip_of_a_page,  # twice as often: pieces of pages differ the most
    "papers and model": papers_and_model,
    "devices": devices,
    "bands": bands,
    "partial tree": partial_tree,
    "states over time": states_over_time,
    "tensor sums": tensor_sums,
    "chosen cells": chosen_cells,
    "molecule": molecule,
    "lens": lens,
    "triangle": triangle,
}
