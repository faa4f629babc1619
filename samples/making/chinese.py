"""The handbook of the Tolle lighthouse: two pages in Chinese with a ruled table."""

from __future__ import annotations

from pathlib import Path

from making.fonts import register_chinese
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

SUPPLIES = (
    ("物品", "存放处", "最低数量", "检查周期"),
    ("备用灯泡", "灯室左柜", "六只", "每周"),
    ("柴油", "地下油库", "八百升", "每月"),
    ("饮用水", "厨房水箱", "三百升", "每周"),
    ("信号弹", "瞭望台铁箱", "二十四枚", "每季"),
    ("罐头鲱鱼", "厨房", "四十听", "看守塔人胃口"),
)


def make_handbook(path: Path) -> None:
    font = register_chinese()
    body = ParagraphStyle("body", fontName=font, fontSize=11.5, leading=20, wordWrap="CJK", spaceAfter=8)
    heading = ParagraphStyle("heading", parent=body, fontSize=16, leading=24, textColor=colors.HexColor("#16324f"))
    title = ParagraphStyle("title", parent=heading, fontSize=24, leading=34, alignment=1)
    caption = ParagraphStyle("caption", parent=body, fontSize=10, leading=14)
    ruled = TableStyle([("FONT", (0, 0), (-1, -1), font, 11), ("GRID", (0, 0), (-1, -1), 0.6, colors.black)])
    document = SimpleDocTemplate(
        str(path), pagesize=A4, title="托勒灯塔守则", author="风玫瑰群岛邮政", invariant=1, leftMargin=2.5 * cm
    )
    document.build(
        [
            Paragraph("托勒灯塔守则", title),
            Spacer(1, 0.5 * cm),
            Paragraph("一、灯塔的来历", heading),
            Paragraph(
                "托勒灯塔建成于一八七四年，石料全部由渔民用小船从大雀岛运来，前后运了三百一十七船。"
                "灯塔原归海军管理，一九五二年移交给风玫瑰群岛邮政，因为邮政的夜船最需要它。",
                body,
            ),
            Paragraph("现任守塔人陈望舒自二〇一六年起住在塔里，与她同住的还有一只名叫「罗盘」的黑猫。", body),
            Paragraph("二、灯光与雾号", heading),
            Paragraph(
                "日落前十五分钟点灯，日出后十五分钟熄灯。灯光每十二秒闪两次，晴夜在十九海里外可见。"
                "能见度低于一海里时鸣雾号，每四十五秒一声，每声三秒。",
                body,
            ),
            Paragraph("停电时柴油发电机须在两分钟内启动；若启动失败，用手摇灯，并立即用无线电通知琥珀港。", body),
            PageBreak(),
            Paragraph("三、储备物资", heading),
            Paragraph("表一：储备物资一览", caption),
            Table(SUPPLIES, colWidths=[3.6 * cm, 4 * cm, 3.4 * cm, 4 * cm], style=ruled),
            Spacer(1, 0.5 * cm),
            Paragraph("四、参观", heading),
            Paragraph(
                "每月第一个星期六下午开放参观，每次最多八人。参观者须脱鞋上楼，因为楼梯是白橡木做的。"
                "学校的孩子免费，其他人请在门口的铁罐里放一枚邮票。",
                body,
            ),
            Paragraph("五、值班日志", heading),
            Paragraph(
                "每夜至少记录三次风向、风力和气压。日志用铅笔书写，墨水在潮湿的天气里会化开。"
                "写满的日志送琥珀港邮局二楼的档案室保存。",
                body,
            ),
        ]
    )
