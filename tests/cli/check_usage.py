# SPDX-License-Identifier: Apache-2.0
"""Flags, help, versions and refusals: all that happens before data are read."""

import json
import re
import unittest

from support import CliTest

COMMANDS = ["train", "forecast", "backtest", "tune", "classify", "cross-validate", "evaluate", "reorder",
           "report", "explain", "describe"]


class Usage(CliTest):
    def test_version_names_program_and_library(self):
        out, err = self.good("--version")
        self.assertRegex(out, r"^seqdemand (\d+\.\d+\.\d+), library \1 \(.*kernels=.*\)\n$")
        self.assertEqual(err, "")

    def test_help_lists_every_command(self):
        for flag in ("--help", "help", "-h"):
            out, _ = self.good(flag)
            for command in COMMANDS:
                self.assertIn("\n  %s " % command, out)

    def test_help_of_a_command_three_ways(self):
        for command in COMMANDS:
            out, _ = self.good("help", command)
            self.assertIn("usage: seqdemand %s" % command, out)
            self.assertIn("--threads N", out)
            self.assertEqual(out, self.good(command, "--help")[0])
            self.assertEqual(out, self.good(command, "-h")[0])
            self.assertLessEqual(max(map(len, out.splitlines())), 120)

    def test_no_command_is_wrong_usage(self):
        self.assertEqual(self.call().returncode, 2)

    def test_unknown_command_is_answered_with_the_nearest(self):
        self.assertIn("did you mean train?", self.bad(2, "trian"))
        self.assertIn("did you mean backtest?", self.bad(2, "backtets"))
        self.assertNotIn("did you mean", self.bad(2, "zzzzzzzz"))
        self.assertIn("did you mean reorder?", self.bad(2, "help", "reordr"))

    def test_unknown_flag_is_answered_with_the_nearest(self):
        for wrong, meant in (("--horizn", "--horizon"), ("--hiden-size", "--hidden-size"), ("--treads", "--threads"),
                             ("--known-column", "--known-columns"), ("--hidden", "--hidden-size")):
            message = self.bad(2, "train", "--data", "sales.csv", wrong, "3")
            self.assertIn("seqdemand: train: unknown flag %s; did you mean %s?" % (wrong, meant), message)
        self.assertIn("did you mean --stock?", self.bad(2, "reorder", "--stok", "x"))
        self.assertNotIn("did you mean", self.bad(2, "train", "--qqqqqqqq", "1"))

    def test_unknown_option_in_set_is_answered_with_the_nearest(self):
        message = self.bad(2, "train", "--data", "sales.csv", "--out", "m.seqd", "--set", "hiden_size=3")
        self.assertIn("hiden_size", message)
        self.assertIn("hidden_size", message.replace("hiden_size", ""))

    def test_option_out_of_range_is_wrong_usage(self):
        for flag, value in (("--horizon", "-5"), ("--dropout", "1.5"), ("--model", "transformer"),
                            ("--horizon", "ten"), ("--learning_rate", "0,1")):
            message = self.bad(2, "train", "--data", "sales.csv", "--out", "m.seqd", flag, value)
            self.assertIn(flag.lstrip("-"), message)

    def test_missing_values_and_flags(self):
        self.assertIn("--data needs a value", self.bad(2, "train", "--data"))
        self.assertIn("--data needs a value", self.bad(2, "train", "--data", "--quiet"))
        self.assertIn("--data FILE is needed", self.bad(2, "train", "--out", "m.seqd"))
        self.assertIn("--out FILE is needed", self.bad(2, "train", "--data", "sales.csv"))
        self.assertIn("--model FILE is needed", self.bad(2, "forecast", "--data", "sales.csv"))
        self.assertIn("--stock FILE is needed", self.bad(2, "reorder", "--data", "sales.csv"))
        self.assertIn("--json takes no value", self.bad(2, "backtest", "--json=1"))
        self.assertIn("belongs to no flag", self.bad(2, "train", "sales.csv"))
        self.assertIn("--set takes name=value", self.bad(2, "train", "--set", "horizon"))
        self.assertIn("--threads takes a whole number", self.bad(2, "describe", "--threads", "many"))
        self.assertIn("turbo", self.bad(2, "describe", "--kernels", "turbo"))

    def test_options_of_the_network_are_refused_where_a_model_is_given(self):
        for flags in (("--hidden-size", "8"), ("--set", "hidden_size=8")):
            message = self.bad(2, "forecast", "--model", "m.seqd", "--data", "sales.csv", *flags)
            self.assertIn("hidden_size is an option of train, tune and backtest", message)

    def test_wrong_out_is_found_before_the_work(self):
        message = self.bad(1, "train", "--data", "sales.csv", "--out", "nowhere/m.seqd")
        self.assertIn("nowhere/m.seqd: cannot be written", message)
        self.assertNotIn("rows", message)
        self.assertIn("not written to standard output", self.bad(2, "train", "--data", "sales.csv", "--out", "-"))


class Describe(CliTest):
    def options(self):
        return json.loads(self.good("describe", "--json")[0])["options"]

    def test_json_has_every_field(self):
        options = self.options()
        self.assertGreater(len(options), 40)
        names = [option["name"] for option in options]
        self.assertEqual(len(set(names)), len(names))
        for option in options:
            self.assertEqual(set(option), {"name", "type", "group", "default", "choices", "minimum", "maximum", "help",
                                           "scope"})
            self.assertIn(option["group"], ("data", "model", "training", "evaluation"))
            self.assertTrue(option["help"])
            self.assertEqual(option["type"] == "choice", bool(option["choices"]))
        horizon = options[names.index("horizon")]
        self.assertEqual((horizon["type"], horizon["minimum"], horizon["maximum"]), ("integer", 0, 4096))
        self.assertEqual(options[names.index("model")]["choices"][:2], ["lstm", "gru"])

    def test_text_and_markdown_list_every_option(self):
        text, markdown = self.good("describe")[0], self.good("describe", "--markdown")[0]
        for option in self.options():
            self.assertRegex(text, r"(?m)^  %s +%s" % (option["name"], option["type"]))
            self.assertIn(option["help"], text)
            self.assertIn("; only with %s\n" % option["scope"] if option["scope"] else option["name"], text)
            self.assertIn("| `%s` |" % option["scope"] if option["scope"] else option["name"], markdown)
            self.assertIn("| `%s` | %s |" % (option["name"], option["type"]), markdown)
        for line in markdown.splitlines():
            if line.startswith("|"):
                self.assertEqual(len(re.findall(r"(?<!\\)\|", line)), 7, line)

    def test_out_writes_the_same_page(self):
        self.assertEqual(self.good("describe", "--markdown", "--out", "options.md")[0], "")
        self.assertEqual((self.folder / "options.md").read_text(), self.good("describe", "--markdown")[0])

    def test_card_of_a_model(self):
        self.train()
        text, _ = self.good("describe", "model.seqd")
        self.assertIn("rnn.weight_ih_l0", text)
        card = json.loads(self.good("describe", "model.seqd", "--json")[0])
        self.assertGreater(len(card["card"]), 3)
        shapes = {parameter["name"]: parameter["shape"] for parameter in card["parameters"]}
        self.assertEqual(shapes["rnn.weight_hh_l0"], [32, 8])

    def test_what_is_not_a_model_is_refused(self):
        self.assertIn("sales.csv", self.bad(1, "describe", "sales.csv"))
        self.assertIn("nothing.seqd", self.bad(1, "describe", "nothing.seqd"))
        self.bad(2, "describe", "model.seqd", "--markdown")


if __name__ == "__main__":
    unittest.main()
