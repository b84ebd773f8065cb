#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""options_page.py PROGRAM: docs/options.md is what `seqdemand describe --markdown` prints."""

import difflib
import pathlib
import subprocess
import sys

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "options.md"


def main():
    expected = subprocess.run([sys.argv[1], "describe", "--markdown"], capture_output=True, text=True,
                              check=True).stdout
    if expected.count("\n") < 50:
        sys.exit("the printed page is too short to be right")
    found = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    if found != expected:
        sys.stdout.writelines(difflib.unified_diff(found.splitlines(True), expected.splitlines(True), "docs/options.md",
                                                   "describe --markdown", n=1))
        sys.exit("docs/options.md is not up to date: build/bindings/cli/seqdemand describe --markdown >docs/options.md")


if __name__ == "__main__":
    main()
