"""What is known of a drawing, and the many ways to say it in English and Chinese."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass, field

from train.words import NUMBERS, Pair

# kind -> names in English and in Chinese, the plainest first
KINDS: dict[str, Pair] = {
    "bar": ("bar chart|column chart|bar graph|vertical bar chart", "柱状图|条形图|直方柱图"),
    "hbar": ("horizontal bar chart|bar chart with horizontal bars", "横向条形图|水平条形图"),
    "grouped": ("grouped bar chart|clustered bar chart|side-by-side bar chart", "分组柱状图|簇状柱形图"),
    "stacked": ("stacked bar chart|stacked column chart", "堆叠柱状图|堆积柱形图"),
    "line": ("line chart|line graph|line plot", "折线图|线图"),
    "step": ("step chart|step plot", "阶梯图"),
    "area": ("area chart|filled line chart", "面积图"),
    "stacked area": ("stacked area chart", "堆叠面积图|堆积面积图"),
    "pie": ("pie chart|pie graph", "饼图|饼状图"),
    "donut": ("donut chart|doughnut chart|ring chart", "环形图|圆环图"),
    "scatter": ("scatter plot|scatter chart|scatter diagram", "散点图"),
    "bubble": ("bubble chart", "气泡图"),
    "histogram": ("histogram|distribution histogram", "直方图|频率分布直方图"),
    "box": ("box plot|box and whisker plot|boxplot", "箱线图|盒须图"),
    "violin": ("violin plot", "小提琴图"),
    "heatmap": ("heat map|heatmap|matrix heat map", "热力图|热图"),
    "radar": ("radar chart|spider chart", "雷达图|蜘蛛图"),
    "gantt": ("Gantt chart|project schedule chart", "甘特图|项目进度图"),
    "map": ("map|shaded map of regions|choropleth map", "地图|分区着色地图"),
    "waterfall": ("waterfall chart", "瀑布图"),
    "funnel": ("funnel chart", "漏斗图"),
    "gauge": ("gauge|gauge chart|dial", "仪表图|仪表盘"),
    "treemap": ("treemap|tree map of rectangles", "矩形树图"),
    "candlestick": ("candlestick chart|stock price candlesticks", "K线图|蜡烛图"),
    "error bars": ("plot with error bars|chart with error bars", "误差线图|带误差棒的图"),
    "contour": ("contour plot|contour lines", "等高线图"),
    "surface": ("3D surface plot|three-dimensional surface", "三维曲面图"),
    "function": ("function curve|plot of a function", "函数曲线|函数图像"),
    "fit": ("scatter plot with a fitted line|linear regression fit", "带拟合直线的散点图|线性回归拟合"),
    "table": ("table|table of figures", "表格|数据表"),
    "flowchart": ("flow chart|flowchart|process flow diagram", "流程图"),
    "tree": ("tree diagram|hierarchy diagram", "树状图|层级图"),
    "org": ("organization chart|org chart", "组织结构图|组织架构图"),
    "mind map": ("mind map|spider diagram of ideas", "思维导图|脑图"),
    "network": ("network graph|graph of nodes and edges", "网络图|节点关系图"),
    "neural": ("neural network diagram|multilayer perceptron|network of layers of neurons", "神经网络图|多层感知机"),
    "class diagram": ("UML class diagram|class diagram", "UML类图|类图"),
    "sequence diagram": ("sequence diagram|UML sequence diagram", "时序图|序列图"),
    "state machine": ("state machine|state diagram with transitions|Markov chain", "状态机|状态转移图"),
    "chain": ("unrolled sequence of cells|recurrent network unrolled|chain of states", "展开的序列单元|循环网络展开图"),
    "circuit": ("circuit diagram|electrical schematic", "电路图|电气原理图"),
    "block diagram": ("block diagram|system architecture diagram", "框图|系统架构图"),
    "layers": ("layer stack diagram|layered architecture", "分层架构图|层次堆叠图"),
    "grid": ("grid of cells with shaded cells|matrix operation diagram|convolution on a grid", "网格运算图|卷积网格图"),
    "venn": ("Venn diagram|overlapping circles", "韦恩图|文氏图|交叠的圆"),
    "cycle": ("cycle diagram|circular process", "循环图|环形流程图"),
    "pyramid": ("pyramid diagram", "金字塔图"),
    "timeline": ("timeline|timeline of events", "时间轴|时间线"),
    "formula": ("formula|mathematical equation", "公式|数学公式"),
    "code": ("screenshot of code|source code|code listing", "代码截图|源代码"),
    "terminal": ("terminal screenshot|command line window", "终端截图|命令行窗口"),
    "window": ("screenshot of an application|application window|web page screenshot", "软件截图|应用窗口|网页截图"),
    "dialog": ("dialog box|message box with buttons", "对话框|弹窗"),
    "form": ("form with fields|form to fill in", "表单|填写表"),
    "page": ("page of text|document page", "文字页面|文档页面"),
    "slide": ("presentation slide|slide with bullet points", "幻灯片|演示文稿页"),
    "qr": ("QR code", "二维码"),
    "barcode": ("barcode", "条形码"),
    "logo": ("logo|logo mark|emblem", "标志|徽标"),
    "icon": ("icon|pictogram", "图标|象形符号"),
    "shapes": ("geometric shapes|drawing of shapes", "几何图形|图形"),
    "scene": ("picture of a landscape|scene|illustration of a landscape", "风景画|场景图|插图"),
    "photo": ("photo|photograph", "照片|相片"),
    "face": ("drawing of a face|smiley face", "人脸画|笑脸图"),
    "word cloud": ("word cloud|tag cloud", "词云图"),
}  # fmt: skip


@dataclass(slots=True)
class Facts:
    kind: str
    topic: Pair | None = None
    details: list[Pair] = field(default_factory=list)  # each side: alternatives, divided by |

    def say(self, english: str, chinese: str) -> None:
        self.details.append((english, chinese))

    def count(self, n: int, english: str, chinese: str) -> None:
        """`english`: the plural; `chinese`: measure word and noun; of each, alternatives."""
        words = NUMBERS.get(n, (str(n), str(n))) if n > 1 else (str(n), str(n))
        self.say(
            "|".join(f"{number} {noun}" for noun in english.split("|") for number in dict.fromkeys((words[0], str(n)))),
            "|".join(f"{number}{noun}" for noun in chinese.split("|") for number in dict.fromkeys((words[1], str(n)))),
        )

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Facts:
        stated = json.loads(text)
        topic = tuple(stated["topic"]) if stated["topic"] else None
        return cls(stated["kind"], topic, [tuple(detail) for detail in stated["details"]])


def caption(facts: Facts, rng: random.Random, language: int, specific: float = 0.75) -> str:
    """`language`: 0 English, 1 Chinese. `specific`: how much of what is known is said, on average."""
    details = [rng.choice(detail[language].split("|")) for detail in facts.details if rng.random() < specific]
    rng.shuffle(details)
    kind = rng.choice(KINDS[facts.kind][language].split("|"))
    topic = facts.topic[language] if facts.topic and rng.random() < 0.35 + specific / 2 else ""
    return _english(kind, topic, details, rng) if language == 0 else _chinese(kind, topic, details, rng)


def _english(kind: str, topic: str, details: list[str], rng: random.Random) -> str:
    subject = kind
    if topic:
        subject = rng.choice(
            (
                f"{kind} of {topic}",
                f"{kind} of {topic}",
                f"{kind} showing {topic}",
                f"{topic}: {kind}",
                f"{kind} about {topic}",
            )
        )
    opening = rng.choice(("", "", "", "a ", "a ", "Figure: ", "this is a ", "an image of a "))
    joined = details and rng.choice((", ", ", ", "; ", " and ", ", with ")).join(details)
    if not joined:
        text = f"{opening}{subject}"
    elif rng.random() < 0.15:
        text = f"{joined}, {subject}"
    else:
        text = f"{opening}{subject}{rng.choice((', ', ', ', ' with ', ': ', '. '))}{joined}"
    text = text[0].upper() + text[1:] if rng.random() < 0.4 else text
    return text + ("." if rng.random() < 0.2 else "")


def _chinese(kind: str, topic: str, details: list[str], rng: random.Random) -> str:
    subject = kind
    if topic:
        subject = rng.choice((f"{topic}的{kind}", f"{topic}{kind}", f"关于{topic}的{kind}", f"显示{topic}的{kind}"))
    opening = rng.choice(("", "", "", "一张", "一幅", "图：", "这是一张"))
    joined = details and rng.choice(("，", "，", "、", "；", "，有")).join(details)
    if not joined:
        text = f"{opening}{subject}"
    elif rng.random() < 0.2:
        text = f"{joined}的{subject}"
    else:
        text = f"{opening}{subject}，{joined}"
    return text + ("。" if rng.random() < 0.2 else "")
