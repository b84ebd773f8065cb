#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the shipped demo data from the raw UCI Online Retail transactions.

    python3 examples/data/reduce_online_retail.py PATH/online_retail.csv.gz [--out FOLDER]

Input: the transactions as CSV or gzip CSV with the columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate,
UnitPrice, CustomerID, Country. Output: sales.csv.gz, articles.csv, stock.csv, and counts of every cleaning step on
standard output (also kept in counts.txt). Same input, same bytes. Python standard library only.
"""

import argparse
import collections
import csv
import datetime
import gzip
import io
import os
import re
import sys
import zlib

ARTICLES = 600
# Articles are chosen from what was known before this day, so that the choice does not look into the last 84 days,
# which a backtest of three windows of 28 days is judged on.
CHOICE_BEFORE = datetime.date(2011, 9, 17)
# Five digits with at most two letters, or the shop's own DCGS articles. All else is postage, fees, corrections, ...
ARTICLE = re.compile(r"\d{5}[A-Z]{0,2}|DCGS[A-Z0-9]+")
PACKS = (1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 25, 36, 48, 50, 72, 96, 100)


class Sale:
    __slots__ = ("day", "article", "customer", "quantity", "price")

    def __init__(self, day, article, customer, quantity, price):
        self.day = day
        self.article = article
        self.customer = customer
        self.quantity = quantity
        self.price = price


def read_rows(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        expected = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID",
                    "Country"]
        if header != expected:
            sys.exit(f"{path}: columns are {header}, expected {expected}")
        yield from reader


def clean(path, counts):
    """Rows that are sales of articles, and cancellations of them, in the order of their invoices' times."""
    seen = set()
    descriptions = collections.defaultdict(collections.Counter)
    kept = []
    others = collections.Counter()
    for number, row in enumerate(read_rows(path)):
        counts["rows read"] += 1
        key = tuple(row)
        if key in seen:
            counts["exact duplicate rows dropped"] += 1
            continue
        seen.add(key)
        invoice, code, description, quantity, when, price, customer, _country = row
        code = code.strip().upper()
        quantity, price = int(float(quantity)), float(price)
        if code == "PADS" or not ARTICLE.fullmatch(code):
            counts["rows of non-articles dropped"] += 1
            others[re.sub(r"^GIFT_.*", "GIFT_*", code)] += 1
            continue
        cancelled = invoice.startswith("C")
        if not cancelled and quantity <= 0:
            counts["stock corrections dropped (negative quantity, no cancellation)"] += 1
            continue
        if price <= 0:
            counts["rows without a price dropped (samples, gifts, stock corrections)"] += 1
            continue
        if not cancelled and description:
            descriptions[code][" ".join(description.split())] += 1
        kept.append((when, number, cancelled, code, customer, quantity, price))
    counts["codes of non-articles"] = ", ".join(f"{code} {n}" for code, n in sorted(others.items()))
    kept.sort(key=lambda row: row[:2])
    return kept, descriptions


def net_cancellations(rows, counts):
    """Takes each cancelled quantity off the same customer's latest earlier purchases of the article."""
    sales = []
    open_sales = collections.defaultdict(list)
    within_month = 0
    for when, _number, cancelled, code, customer, quantity, price in rows:
        day = datetime.date.fromisoformat(when[:10])
        if not cancelled:
            sale = Sale(day, code, customer, quantity, price)
            sales.append(sale)
            if customer:
                open_sales[code, customer].append(sale)
            continue
        left = -quantity
        counts["cancellation rows"] += 1
        counts["units cancelled"] += left
        stack = open_sales[code, customer] if customer else []
        touched = False
        while left > 0 and stack:
            sale = stack[-1]
            taken = min(left, sale.quantity)
            sale.quantity -= taken
            left -= taken
            touched = True
            counts["units netted against an earlier sale"] += taken
            if (day - sale.day).days < 28:
                within_month += taken
            if sale.quantity == 0:
                stack.pop()
        if not touched:
            counts["cancellation rows without any earlier sale, dropped"] += 1
        elif left > 0:
            counts["cancellation rows larger than the earlier sales, the rest dropped"] += 1
        counts["units cancelled without an earlier sale, dropped"] += left
    counts["of the units netted: sold less than 28 days before"] = within_month
    counts["sale rows netted to nothing, dropped"] = sum(1 for sale in sales if sale.quantity == 0)
    sales = [sale for sale in sales if sale.quantity > 0]
    counts["sale rows left"] = len(sales)
    counts["articles left"] = len({sale.article for sale in sales})
    return sales


def choose(sales):
    """The articles with the most selling weeks before CHOICE_BEFORE; ties: most selling days, then code."""
    weeks, days = collections.defaultdict(set), collections.defaultdict(set)
    for sale in sales:
        if sale.day < CHOICE_BEFORE:
            weeks[sale.article].add(sale.day.isocalendar()[:2])
            days[sale.article].add(sale.day)
    order = sorted(weeks, key=lambda article: (-len(weeks[article]), -len(days[article]), article))
    return sorted(order[:ARTICLES]), len(weeks[order[min(ARTICLES, len(order)) - 1]])


def stock_row(article, daily, line_sizes, last_day):
    """A made-up stock level by fixed rules; `draw` spreads articles evenly and never changes."""
    draw = zlib.crc32(article.encode("ascii"))
    rate = sum(quantity for day, quantity in daily.items() if (last_day - day).days < 56) / 56
    pack = max(PACKS, key=lambda size: (line_sizes[size], -size))
    lead_time = (7, 10, 14, 21)[draw % 4]
    cover = (5, 12, 20, 30, 45, 60)[draw // 4 % 6]
    on_hand = max(pack, round(rate * cover))
    on_order = -(-round(rate * 14) // pack) * pack if draw // 24 % 3 == 0 else 0
    return [article, on_hand, on_order, lead_time, pack, pack * (1 + draw // 72 % 2)]


def write_text(path, rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    data = text.getvalue().encode("utf-8")
    if path.endswith(".gz"):
        packed = io.BytesIO()
        with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=9, mtime=0) as file:
            file.write(data)
        data = packed.getvalue()
    with open(path, "wb") as file:
        file.write(data)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("raw", help="online_retail.csv.gz")
    parser.add_argument("--out", default=os.path.dirname(os.path.abspath(__file__)))
    arguments = parser.parse_args()

    counts = collections.Counter()
    rows, descriptions = clean(arguments.raw, counts)
    sales = net_cancellations(rows, counts)
    articles, fewest_weeks = choose(sales)
    chosen = set(articles)

    daily = {article: collections.Counter() for article in articles}
    revenue = {article: collections.Counter() for article in articles}
    line_sizes = {article: collections.Counter() for article in articles}
    for sale in sales:
        if sale.article in chosen:
            daily[sale.article][sale.day] += sale.quantity
            revenue[sale.article][sale.day] += sale.quantity * sale.price
            line_sizes[sale.article][sale.quantity] += 1
    first_day = min(day for days in daily.values() for day in days)
    last_day = max(day for days in daily.values() for day in days)

    table = [["unique_id", "ds", "y", "price"]]
    for article in articles:
        for day in sorted(daily[article]):
            quantity = daily[article][day]
            table.append([article, day.isoformat(), quantity, f"{revenue[article][day] / quantity:.2f}"])
    write_text(os.path.join(arguments.out, "sales.csv.gz"), table)
    write_text(os.path.join(arguments.out, "articles.csv"), [["unique_id", "description"]] + [
        [article, max(descriptions[article].items(), key=lambda item: (item[1], item[0]))[0]]
        for article in articles])
    write_text(os.path.join(arguments.out, "stock.csv"),
               [["unique_id", "on_hand", "on_order", "lead_time", "pack_size", "min_order"]] + [
        stock_row(article, daily[article], line_sizes[article], last_day) for article in articles])

    counts["articles chosen"] = len(articles)
    counts["fewest selling weeks of a chosen article before " + CHOICE_BEFORE.isoformat()] = fewest_weeks
    counts["rows written (article and day)"] = len(table) - 1
    counts["units written"] = sum(row[2] for row in table[1:])
    counts["largest row written, units"] = max(row[2] for row in table[1:])
    counts["first day"], counts["last day"] = first_day, last_day
    counts["days with a sale"] = len({day for days in daily.values() for day in days})
    text = "".join(f"{name}: {value}\n" for name, value in counts.items())
    write_counts = os.path.join(arguments.out, "counts.txt")
    with open(write_counts, "w", encoding="utf-8") as file:
        file.write(text)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
