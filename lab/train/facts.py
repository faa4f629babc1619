"""What is known of a drawing, and the many ways to say it in English and Chinese."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass, field

from lab.train.words import NUMBERS, Pair

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

# What captions of real figures say instead of the kind: what such a picture usually shows
LOOSE: dict[str, Pair] = {
    "line": ("training curve|change over time|loss during training", "训练曲线|随时间的变化|训练损失"),
    "fit": ("regression line through the data|line fitted to the data", "穿过数据的回归直线|拟合数据的直线"),
    "function": ("graph of a mathematical function|activation function", "数学函数的图像|激活函数"),
    "surface": ("loss surface|saddle point", "损失曲面|鞍点"),
    "contour": ("gradient descent on level curves|level sets of an objective", "梯度下降的等值线|目标函数的等值线"),
    "map": ("where things are in the country|regional differences", "各地区的差异|全国分布"),
    "flowchart": ("steps of a procedure|how the process works|workflow for contributing", "处理步骤|工作流程|贡献流程"),
    "tree": ("hierarchy|hierarchical structure|binary tree", "层次结构|层级|二叉树"),
    "org": ("who reports to whom|structure of the company", "公司的组织|上下级关系"),
    "mind map": ("overview of the topics|topics of a chapter", "主题概览|章节内容"),
    "network": (
        "nodes and how they are connected|topology|distributed servers and workers",
        "节点及其连接|拓扑|分布式服务器",
    ),
    "neural": (
        "fully connected layers|MLP with a hidden layer|hidden units and dropout",
        "全连接层|带隐藏层的多层感知机|隐藏单元和暂退法",
    ),
    "class diagram": ("classes and their attributes|data model", "类及其属性|数据模型"),
    "sequence diagram": ("messages between parties|order of calls", "各方之间的消息|调用顺序"),
    "state machine": (
        "hidden Markov model|transitions between states|agent and environment",
        "隐马尔可夫模型|状态之间的转移|智能体与环境",
    ),
    "chain": (
        "recurrent neural network|RNN over time steps|sequence model|states of a deep RNN|encoder and decoder",
        "循环神经网络|按时间步展开的RNN|序列模型|深度循环网络的状态|编码器和解码器",
    ),
    "block diagram": (
        "architecture of a model|data flow in a model|computing a state|gates of a memory cell|"
        "pretrained model fed to an architecture|residual block",
        "模型架构|模型中的数据流|计算状态|记忆单元的门|预训练模型与架构|残差块",
    ),
    "layers": (
        "layers of a deep network|stack of layers|convolutional network with its layers|blocks of a larger model",
        "深度网络的各层|层的堆叠|卷积网络及其层|更大模型的块",
    ),
    "grid": (
        "convolution with a kernel|cross-correlation of input and kernel|pooling window|tensor operation|"
        "probabilities step by step",
        "与卷积核的卷积|输入与核的互相关|汇聚窗口|张量运算|逐步的概率",
    ),
    "venn": ("intersection of sets|overlap of two sets", "集合的交集|两个集合的重叠"),
    "cycle": ("stages that repeat|life cycle", "重复的阶段|生命周期"),
    "formula": ("definition in symbols|mathematical expression", "符号定义|数学表达式"),
    "code": ("source file in an editor|lines of a program|code cell", "编辑器中的源文件|程序代码|代码单元"),
    "terminal": ("shell session|output of a command", "命令行会话|命令的输出"),
    "window": (
        "web site|browser page|notebook in the browser|folder listing|repository page|page of a competition|"
        "panel that was searched for",
        "网站|浏览器页面|浏览器中的笔记本|文件夹列表|仓库页面|竞赛页面|搜索到的面板",
    ),
    "dialog": ("select an option and confirm|confirm the action", "选择并确认|确认操作"),
    "form": ("submit the file|fill in the fields|settings to choose", "提交文件|填写各栏|选择设置"),
    "table": ("numbers in rows and columns|list of values", "行列中的数字|数值列表"),
    "page": ("text of a paper|scanned page", "论文的文字|扫描页"),
    "photo": ("an image of things in the world|natural image", "真实场景的图像|自然图像"),
    "scene": ("an image of animals or a landscape", "动物或风景的图像"),
}
LOOSELY = 0.15  # of the captions
MEANT, ALONE = 0.8, 0.5  # of the captions where a subject is known: tell it; of those: tell nothing else


@dataclass(slots=True)
class Facts:
    kind: str
    topic: Pair | None = None
    details: list[Pair] = field(default_factory=list)  # each side: alternatives, divided by |
    subject: Pair | None = None  # likewise: what the figure means; some captions say only this

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
        topic, subject = (tuple(stated[name]) if stated[name] else None for name in ("topic", "subject"))
        return cls(stated["kind"], topic, [tuple(detail) for detail in stated["details"]], subject)


def caption(facts: Facts, rng: random.Random, language: int, specific: float = 0.75) -> str:
    """`language`: 0 English, 1 Chinese. `specific`: how much of what is known is said, on average; of
    what has a subject, two of five captions say that and nothing else."""
    details = [rng.choice(detail[language].split("|")) for detail in facts.details if rng.random() < specific]
    rng.shuffle(details)
    names = LOOSE if facts.kind in LOOSE and rng.random() < LOOSELY else KINDS
    kind = rng.choice(names[facts.kind][language].split("|"))
    if facts.subject and rng.random() < MEANT:
        meant = rng.choice(facts.subject[language].split("|"))
        if rng.random() < ALONE:
            return meant + (".", "。")[language] * (rng.random() < 0.5)
        kind = meant if rng.random() < 0.6 else f"{kind}: {meant}"
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
