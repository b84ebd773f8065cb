# SPDX-License-Identifier: Apache-2.0
"""The reorder list and the report."""

import html.parser
import json
import re

import support
from support import SERIES, CliTest, read_csv, sales, table

COLUMNS = ["unique_id", "on_hand", "on_order", "lead_time_demand", "safety_stock", "reorder_point", "order_up_to",
           "order_quantity", "stockout_date", "alert", "stockout_probability", "fill_rate"]
STOCK = [("apple", 3), ("bread", 60), ("cheese, blue", 5000), ('dates "medjool"', 100), ("eggs", 10), ("flour", 90)]


class Stocked(CliTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.train()
        cls.write("stock.csv", table(["unique_id", "on_hand"], STOCK))
        cls.from_model = ["--model", "model.seqd", "--data", "sales.csv"]
        cls.stock = ["--stock", "stock.csv", "--lead-time", "5", "--review", "3", "--service-level", "0.9"]


class Reorder(Stocked):
    def rows(self, *flags):
        return read_csv(self.good("reorder", *self.from_model, *self.stock, "--out", "-", *flags)[0])

    def test_columns_and_arithmetic(self):
        rows = self.rows()
        self.assertEqual(list(rows[0]), COLUMNS)
        self.assertEqual(sorted(row["unique_id"] for row in rows), sorted(SERIES))
        for row in rows:
            position = float(row["on_hand"]) + float(row["on_order"])
            up_to, quantity = float(row["order_up_to"]), float(row["order_quantity"])
            self.assertAlmostEqual(quantity, max(0, up_to - position), places=5)
            self.assertLessEqual(float(row["reorder_point"]), up_to)
            self.assertGreaterEqual(float(row["safety_stock"]), 0)
            self.assertIn(row["alert"], ("0", "1"))
            self.assertTrue(0 <= float(row["stockout_probability"]) <= 1)
            if row["alert"] == "1":
                self.assertLessEqual(row["stockout_date"], support.day(120 + 4))
        by_name = {row["unique_id"]: row for row in rows}
        self.assertEqual(by_name["eggs"]["alert"], "1")
        self.assertEqual(by_name["cheese, blue"]["order_quantity"], "0")
        self.assertEqual(by_name["cheese, blue"]["stockout_date"], "")

    def test_sorted_by_urgency(self):
        def urgency(row):
            return (row["alert"] != "1", row["stockout_date"] or "9999", -float(row["order_quantity"]),
                    row["unique_id"])
        rows = self.rows()
        self.assertEqual(rows, sorted(rows, key=urgency))
        self.assertEqual(rows[0]["alert"], "1")

    def test_values_of_the_file_go_before_the_flags(self):
        self.write("own.csv", table(["unique_id", "on_hand", "on_order", "lead_time", "pack_size", "min_order"],
                                    [("apple", 0, 2, 1, 7, ""), ("eggs", 0, "", "", "", 1000)]))
        flags = ["reorder", *self.from_model, "--stock", "own.csv", "--lead-time", "5", "--review", "3", "--out", "-"]
        out, err = self.good(*flags, "--pack-size", "5")
        rows = {row["unique_id"]: row for row in read_csv(out)}
        self.assertEqual(float(rows["apple"]["order_quantity"]) % 7, 0)
        self.assertEqual(rows["apple"]["on_order"], "2")
        self.assertGreaterEqual(float(rows["eggs"]["order_quantity"]), 1000)
        self.assertEqual(float(rows["eggs"]["order_quantity"]) % 5, 0)
        alone = {row["unique_id"]: row for row in read_csv(self.good(*flags, "--lead-time", "1")[0])}
        self.assertEqual(alone["apple"]["reorder_point"], rows["apple"]["reorder_point"])
        self.assertNotEqual(alone["eggs"]["reorder_point"], rows["eggs"]["reorder_point"])
        self.assertIn("4 articles of the demand data have no stock level", err)

    def test_articles_without_a_partner_are_counted(self):
        self.write("odd.csv", table(["unique_id", "on_hand"], [*STOCK[:4], ("unicorn", 1), ("dragon", 2)]))
        _, err = self.good("reorder", *self.from_model, "--stock", "odd.csv", "--lead-time", "5")
        self.assertIn("odd.csv: 2 articles are not in the demand data and were left out (such as 'unicorn')", err)
        self.assertIn("odd.csv: 2 articles of the demand data have no stock level", err)

    def test_json_and_top(self):
        rows = json.loads(self.good("reorder", *self.from_model, *self.stock, "--json")[0])["rows"]
        self.assertEqual(list(rows[0]), COLUMNS)
        self.assertEqual([row["unique_id"] for row in rows], [row["unique_id"] for row in self.rows()])
        out, err = self.good("reorder", *self.from_model, *self.stock, "--top", "2", "--out", "all.csv")
        self.assertEqual(len(out.splitlines()), 3)
        self.assertIn("... and 4 more articles", err)
        self.assertEqual(len(read_csv((self.folder / "all.csv").read_text())), 6)
        out, err = self.good("reorder", *self.from_model, *self.stock, "--out", "all.csv", "--quiet")
        self.assertEqual((out, err), ("", ""))

    def test_fill_rate(self):
        cycle = {row["unique_id"]: row for row in self.rows("--service-level", "0.9")}
        fill = {row["unique_id"]: row for row in self.rows("--service-level", "0.9", "--service", "fill-rate")}
        for name, row in fill.items():
            self.assertAlmostEqual(float(row["fill_rate"]), 0.9, places=4, msg=name)
            self.assertGreater(float(cycle[name]["fill_rate"]), 0.9)  # the easier promise to keep, at this level
            self.assertLess(float(row["order_up_to"]), float(cycle[name]["order_up_to"]))
        self.assertIn("--service takes cycle or fill-rate, not 'best'",
                      self.bad(2, "reorder", *self.from_model, *self.stock, "--service", "best", "--quiet"))

    def test_lead_time_that_varies(self):
        sure, unsure = self.rows(), self.rows("--lead-time-std", "1.5")
        self.assertLess(sum(float(row["safety_stock"]) for row in sure),
                        sum(float(row["safety_stock"]) for row in unsure))

    def test_seed_and_paths(self):
        self.assertEqual(self.rows(), self.rows("--threads", "1"))
        self.assertNotEqual(self.rows(), self.rows("--seed", "9"))
        self.assertNotEqual(self.rows(), self.rows("--paths", "77"))

    def test_refusals(self):
        base = ["reorder", *self.from_model, "--quiet"]
        self.assertIn("--lead-time N is needed", self.bad(2, *base, "--stock", "stock.csv"))
        self.assertIn("service-level", self.bad(2, *base, "--stock", "stock.csv", "--lead-time", "2",
                                                "--service-level", "95"))
        message = self.bad(1, *base, "--stock", "stock.csv", "--lead-time", "14", "--review", "14")
        self.assertIn("horizon", message)
        for text, said in (("unique_id,on_hand\napple,lots\n", "wrong.csv:2: column 'on_hand'"),
                           ("sku_name,on_hand\napple,1\n", "wrong.csv:1"),
                           ("unique_id,stock\napple,1\n", "no column on_hand"),
                           ("unique_id,on_hand\napple,\n", "'apple'"),
                           ("unique_id,on_hand\napple,1\napple,2\n", "'apple' is there twice"),
                           ("unique_id,on_hand\nunicorn,1\n", "none of its 1 articles"),
                           ("unique_id,on_hand,lead_time\napple,1,2.5\n", "whole number of steps")):
            self.write("wrong.csv", text)
            self.assertIn(said, self.bad(1, *base, "--stock", "wrong.csv", "--lead-time", "2"))


class Page(html.parser.HTMLParser):
    """The report as a browser nests it: refuses an element that is closed out of turn."""

    VOID = {"meta", "br", "path", "rect"}

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            raise AssertionError("</%s> out of turn" % tag)

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.text.append(data)


class Report(Stocked):
    def page(self, *flags):
        self.good("report", *self.from_model, *flags, "--out", "report.html", "--quiet")
        self.html = (self.folder / "report.html").read_text(encoding="utf-8")
        page = Page()
        page.feed(self.html)
        page.close()
        self.assertEqual(page.open, [])
        return page

    def test_full_report(self):
        self.good("backtest", "--data", "sales.csv", "--horizon", "14", "--windows", "1", "--models",
                  "seasonal_naive,croston,zero", "--out", "backtest.csv")
        page = self.page(*self.stock, "--backtest", "backtest.csv", "--title", "Corner shop & <co>", "--unit", "pieces")
        text = " ".join(page.text)
        self.assertIn("Corner shop & <co>", text)
        for words in ('dates "medjool"', "cheese, blue", "seasonal_naive", "croston", "pieces per day", "rows read",
                      "What to order", "order now", "median forecast", "mean forecast", "80 % of outcomes"):
            self.assertIn(words, text)
        self.assertEqual(page.tags.count("figure"), 6)
        self.assertEqual(page.tags.count("h1"), 1)
        self.assertGreaterEqual(self.html.count('class="best"'), 7)
        # Each drawing says in words what it shows, and each table has a caption.
        self.assertEqual(page.tags.count("desc"), 6)
        self.assertEqual(page.tags.count("caption"), page.tags.count("table"))
        self.assertIn(("html", "lang", "en"), page.attributes)

    def test_nothing_is_loaded_from_elsewhere(self):
        page = self.page(*self.stock)
        self.assertNotRegex(self.html, r"https?:|//[a-z]|@import|url\(|<script|<link|<iframe|<img")
        self.assertEqual([a for a in page.attributes if a[1] in ("src", "href", "xlink:href", "style")
                          or a[1].startswith("on")], [])
        self.assertNotRegex(self.html, r"(?i)[\" >](nan|-?inf)[\" <]")

    def test_without_stock_the_articles_with_most_demand_are_drawn(self):
        rows = sales() + [("tiny%d" % n, support.day(d), 0 if d else 1) for n in range(4) for d in range(120)]
        self.write("many.csv", table(["unique_id", "ds", "y"], rows))
        self.good("report", "--model", "model.seqd", "--data", "many.csv", "--out", "report.html")
        drawn = re.findall(r"<h3>(.*?)</h3>", (self.folder / "report.html").read_text(encoding="utf-8"))
        self.assertEqual(len(drawn), 6)
        self.assertEqual(drawn[0], "flour")
        self.assertFalse([name for name in drawn if name.startswith("tiny")])

    def test_chosen_articles(self):
        self.page("--series", "eggs,apple")
        self.assertEqual(re.findall(r"<h3>(.*?)</h3>", self.html), ["eggs", "apple"])
        self.assertNotIn("What to order", self.html)
        self.assertIn("'kiwi'", self.bad(1, "report", *self.from_model, "--series", "kiwi", "--quiet"))

    def test_why(self):
        page = self.page("--series", "eggs,apple", "--why")
        text = " ".join(page.text)
        for words in ("What the forecasts go by", "eggs : why this forecast", "apple : why this forecast", "demand",
                      "lag 7", "calendar", "Blue adds to the forecast"):
            self.assertIn(words, text.replace(": why", " : why"))
        self.assertEqual(page.tags.count("figure"), 2 + 3)
        self.assertGreater(page.tags.count("rect"), 30)
        self.assertNotRegex(self.html, r"(?i)[\" >](nan|-?inf)[\" <]")
        self.assertNotIn("where it looks", text)
        self.train("looks.seqd", "--model", "encdec", "--attention", "additive")
        self.good("report", "--model", "looks.seqd", "--data", "sales.csv", "--series", "eggs", "--why", "--out",
                  "looks.html", "--quiet")
        self.assertIn("eggs: where it looks", (self.folder / "looks.html").read_text(encoding="utf-8"))

    def test_same_input_same_page(self):
        self.page(*self.stock)
        first = self.html
        self.page(*self.stock, "--threads", "1")
        self.assertEqual(first, self.html)

    def test_wrong_backtest_file(self):
        message = self.bad(1, "report", *self.from_model, "--backtest", "sales.csv", "--quiet", "--out", "r.html")
        self.assertIn("sales.csv:1: no column model", message)
        self.assertFalse(list(self.folder.glob("r.html*")))
