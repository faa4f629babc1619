"""What ratios are computed from: a question for the return on equity needs the pages with net income and with equity.

A report seldom prints a ratio; it prints what goes into it. These words are added to a question as hints.
"""

from __future__ import annotations

import re

# a pattern of the question -> the words of the lines that go into it
MEASURES: dict[str, str] = {
    r"ebitda": "operating income depreciation amortization",
    r"ebit\b": "operating income interest expense income taxes",
    r"working capital": "total current assets total current liabilities balance sheet",
    r"current ratio|quick ratio|acid.test": "total current assets inventories total current liabilities balance sheet",
    r"(?:current|total) (?:assets?|liabilit\w)|to assets? ratio|liabilit\w{1,9} ratio": "total assets "
    "total liabilities current liabilities balance sheet",
    r"days payables?|payables? (?:outstanding|turnover)|\bdpo\b": "accounts payable cost of sales inventories",
    r"days (?:of )?sales|receivables? turnover|\bdso\b": "accounts receivable net sales revenue",
    r"inventory turnover|days (?:of )?inventory|\bdio\b": "inventories cost of sales cost of goods sold",
    r"asset turnover": "revenue net sales property and equipment net total assets",
    r"returns? on (?:total )?assets?|\broa\b": "net income total assets",
    r"returns? on (?:common )?equity|\broe\b": "net income total stockholders shareholders equity",
    r"common equity|(?:stock|share)holders?.{0,2} equity": "total stockholders shareholders equity balance sheet",
    r"gross (?:profit )?margin": "gross profit cost of sales net sales revenue",
    r"(?:operating|profit|net) (?:profit )?margin": "operating income net income net sales revenue",
    r"effective tax rate": "provision for income taxes income before income taxes",
    r"interest coverage|times interest": "operating income interest expense",
    r"total debt|debt to|debt.equity|leverage": "long-term debt current portion short-term borrowings",
    r"cap(?:ital )?ex(?:penditures?)?": "capital expenditures purchases of property plant and equipment",
    r"operating cash flow|cash (?:flow )?from operations": "net cash provided by operating activities",
    r"free cash flow": "net cash provided by operating activities purchases of property and equipment",
    r"payout ratio|dividend payout": "dividends paid declared net income",
    r"earnings per share|\beps\b": "net income per share basic diluted weighted average shares",
    r"(?:sales|revenues?) to|to (?:sales|revenues?)": "total net sales revenues",
    r"\br ?& ?d\b": "research and development",
    r"\bsg ?& ?a\b": "selling general and administrative",
    r"net debt": "long-term debt short-term borrowings cash and cash equivalents",
    r"净资产收益率|股本回报": "净利润 股东权益 所有者权益合计",
    r"资产负债率": "负债合计 资产总计",
    r"毛利率": "营业收入 营业成本",
    r"净利率|净利润率": "净利润 营业收入",
    r"流动比率|速动比率|营运资金|营运资本": "流动资产合计 流动负债合计 存货",
    r"周转率|周转天数": "存货 应收账款 应付账款 营业成本 营业收入",
    r"自由现金流": "经营活动产生的现金流量净额 购建固定资产",
}

_ALL = tuple((re.compile(pattern, re.IGNORECASE), words) for pattern, words in MEASURES.items())
MOST = 3  # measures of one question


def computed_from(question: str) -> str:
    """The words of what the question's measures are computed from; empty when it names none."""
    found = [words for pattern, words in _ALL if pattern.search(question)]
    return " ".join(found[:MOST])
