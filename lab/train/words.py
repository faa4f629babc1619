"""Words for figures and captions, in English and Chinese."""

from __future__ import annotations

Pair = tuple[str, str]  # English, Chinese


def _pairs(text: str) -> tuple[Pair, ...]:
    found = []
    for entry in text.split(";"):
        english, _, chinese = entry.strip().partition("=")
        if chinese:
            found.append((english, chinese))
    return tuple(found)


TOPICS = _pairs("""
energy=能源; sales=销售额; revenue=收入; profit=利润; cost=成本; population=人口; temperature=气温;
rainfall=降雨量; exports=出口; imports=进口; unemployment=失业率; inflation=通货膨胀; traffic=交通流量;
website visits=网站访问量; customers=客户; employees=员工; students=学生; exam scores=考试成绩; crime=犯罪;
health spending=医疗支出; deaths=死亡人数; births=出生人数; vaccination=疫苗接种; infections=感染人数;
hospital beds=病床; emissions=排放量; carbon dioxide=二氧化碳; electricity=电力; solar power=太阳能;
wind power=风能; oil=石油; gas=天然气; coal=煤炭; water use=用水量; food=食品; wheat=小麦; rice=大米;
coffee=咖啡; fish=鱼类; forest=森林; land use=土地利用; housing prices=房价; rent=租金; income=收入水平;
wages=工资; tax=税收; budget=预算; debt=债务; investment=投资; stock price=股价; interest rate=利率;
exchange rate=汇率; market share=市场份额; production=产量; inventory=库存; orders=订单;
delivery time=交货时间; response time=响应时间; latency=延迟; throughput=吞吐量; memory=内存; accuracy=准确率;
loss=损失; error rate=错误率; precision=精确率; recall=召回率; training=训练; validation=验证; speed=速度;
distance=距离; weight=重量; height=身高; age=年龄; voltage=电压; current=电流; pressure=压力; signal=信号;
noise=噪声; frequency=频率; earthquakes=地震; air quality=空气质量; tourism=旅游; flights=航班;
passengers=乘客; cars=汽车; phones=手机; internet users=互联网用户; social media=社交媒体;
survey answers=调查答案; opinion=民意; election=选举; votes=选票; satisfaction=满意度; education=教育;
poverty=贫困; migration=移民; growth=增长; demand=需求; supply=供给; quality=质量; risk=风险; downloads=下载量;
clicks=点击; reviews=评论; papers=论文; citations=引用; patents=专利; projects=项目; tasks=任务; time=时间;
results=结果
""")
REGIONS = _pairs("""
north=北部; south=南部; east=东部; west=西部; China=中国; India=印度; Japan=日本; Germany=德国; France=法国;
Brazil=巴西; Africa=非洲; Europe=欧洲; Asia=亚洲; America=美洲; USA=美国; Canada=加拿大; Russia=俄罗斯;
Spain=西班牙; Italy=意大利; Mexico=墨西哥; Kenya=肯尼亚; Beijing=北京; Shanghai=上海; London=伦敦; Paris=巴黎;
Tokyo=东京
""")
GROUPS = _pairs("""
men=男性; women=女性; young=青年; old=老年; children=儿童; adults=成人; urban=城市; rural=农村; public=公共;
private=私人; online=线上; store=门店; basic=基础版; premium=高级版; model A=模型A; model B=模型B;
model C=模型C; baseline=基线; ours=本方法; train=训练集; test=测试集; domestic=国内; foreign=国外; plan=计划;
actual=实际; before=之前; after=之后; high=高; medium=中; low=低; Android=安卓; desktop=桌面; mobile=移动
""")
SECTORS = _pairs("""
industry=工业; farming=农业; services=服务业; transport=运输; homes=家庭; building=建筑; retail=零售;
finance=金融; health=医疗; schools=学校; research=研究; marketing=市场; design=设计; support=支持; legal=法务;
apples=苹果; pears=梨; bananas=香蕉; milk=牛奶; bread=面包; tea=茶; red wine=红酒; cats=猫; dogs=狗; birds=鸟;
books=书籍; music=音乐; sport=体育; games=游戏; travel=旅行
""")
TIMES = _pairs("""
year=年份; month=月份; week=星期; quarter=季度; day=日; hour=小时; decade=年代
""")
MONTHS = _pairs("Jan=1月;Feb=2月;Mar=3月;Apr=4月;May=5月;Jun=6月;Jul=7月;Aug=8月;Sep=9月;Oct=10月;Nov=11月;Dec=12月")
DAYS = _pairs("Mon=周一;Tue=周二;Wed=周三;Thu=周四;Fri=周五;Sat=周六;Sun=周日")
QUARTERS = _pairs("Q1=一季度;Q2=二季度;Q3=三季度;Q4=四季度")

STEPS = _pairs("""
start=开始; end=结束; input=输入; output=输出; read file=读取文件; check=检查; valid?=有效？; login=登录;
logout=退出; search=搜索; save=保存; send=发送; receive=接收; pay=付款; order=下单; ship=发货; cancel=取消;
error=错误; retry=重试; done=完成; approve=批准; reject=拒绝; plan=计划; design=设计; build=构建; test=测试;
deploy=部署; review=审查; collect data=收集数据; clean data=清洗数据; train model=训练模型; evaluate=评估;
predict=预测; report=报告; question=问题; answer=回答; parse=解析; index=索引; embed=嵌入; rank=排序;
filter=过滤; merge=合并
""")
PARTS = _pairs("""
server=服务器; client=客户端; database=数据库; cache=缓存; queue=队列; browser=浏览器; user=用户; API=接口;
gateway=网关; worker=工作进程; storage=存储; network=网络; router=路由器; firewall=防火墙; CPU=处理器;
GPU=显卡; memory=内存; disk=磁盘; sensor=传感器; motor=电机; pump=泵; valve=阀门; battery=电池;
controller=控制器; camera=摄像头; display=显示器; encoder=编码器; decoder=解码器; attention=注意力;
embedding=嵌入层; convolution=卷积层; pooling=池化层; softmax=softmax; dense layer=全连接层;
hidden state=隐状态; model=模型; data=数据; tokens=词元; image=图像; text=文本; label=标签; loss=损失;
optimizer=优化器; gradient=梯度; kernel=内核; driver=驱动; application=应用; operating system=操作系统;
hardware=硬件; business layer=业务层; data layer=数据层; web page=网页; log=日志; monitor=监控;
scheduler=调度器; agent=智能体; environment=环境
""")
ROLES = _pairs("""
director=总监; manager=经理; engineer=工程师; designer=设计师; sales=销售; finance=财务; HR=人事;
marketing=市场部; research=研发部; legal=法务部; support=客服; CEO=首席执行官; CTO=首席技术官; assistant=助理;
intern=实习生; animal=动物; mammal=哺乳动物; bird=鸟类; fish=鱼类; plant=植物; science=科学; physics=物理;
chemistry=化学; biology=生物; mathematics=数学; history=历史; root=根; folder=文件夹; file=文件; home=首页
""")
CLASSES = ("User", "Order", "Product", "Account", "Payment", "Item", "Customer", "Shape", "Animal", "Node", "File",
           "Session", "Invoice", "Vehicle", "Employee", "Book", "Author", "Course", "Student", "Message")  # fmt: skip
FIELDS = (
    "id: int",
    "name: str",
    "price: float",
    "size: int",
    "owner: User",
    "created: date",
    "status: str",
    "items: list",
    "email: str",
    "age: int",
    "total()",
    "save()",
    "load()",
    "draw()",
    "run()",
    "close()",
)
HEADINGS = _pairs("""
Introduction=引言; Methods=方法; Results=结果; Discussion=讨论; Conclusion=结论; Summary=摘要; Overview=概述;
Background=背景; Annual report=年度报告; Contents=目录; References=参考文献; Appendix=附录; Agenda=议程;
Our team=我们的团队; Next steps=下一步; Goals=目标; Safety=安全; Installation=安装; Settings=设置;
Sign in=登录; Welcome=欢迎; Dashboard=仪表盘; Invoice=发票; Order form=订单; Contact=联系方式; Terms=条款;
Notice=通知; Warning=警告; Thank you=谢谢; Questions=问题
""")
FILLER_EN = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "is",
    "that",
    "for",
    "it",
    "as",
    "was",
    "with",
    "be",
    "by",
    "on",
    "not",
    "he",
    "his",
    "but",
    "at",
    "are",
    "this",
    "have",
    "from",
    "or",
    "had",
    "an",
    "they",
    "which",
    "one",
    "you",
    "were",
    "all",
    "her",
    "she",
    "there",
    "would",
    "their",
    "we",
    "him",
    "been",
    "has",
    "when",
    "who",
    "will",
    "no",
    "more",
    "if",
    "out",
    "so",
    "said",
    "what",
    "data",
    "model",
    "system",
    "figure",
    "value",
    "result",
    "process",
    "report",
    "market",
    "company",
    "government",
    "state",
    "people",
]
FILLER_ZH = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动"
    "同工也能下过子说产种面而方后多定行学法所民得经"
)

NUMBERS = dict(
    enumerate(
        zip(
            ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"],
            ["零", "一", "两", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"],
            strict=True,
        )
    )
)

COLOURS: dict[str, str] = {
    "red": "红色",
    "orange": "橙色",
    "yellow": "黄色",
    "green": "绿色",
    "teal": "青色",
    "blue": "蓝色",
    "purple": "紫色",
    "pink": "粉色",
    "brown": "棕色",
    "gray": "灰色",
    "black": "黑色",
    "white": "白色",
}
