#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""example.py PROGRAM: the shortest program forecasts an article of the shipped data, and says what it cannot do."""

import gzip
import math
import pathlib
import re
import subprocess
import sys
import tempfile

SALES = pathlib.Path(__file__).resolve().parents[2] / "examples" / "data" / "sales.csv.gz"
ARTICLES = 12
NUMBER = r"(-?\d+(?:\.\d+)?(?:e[-+]\d+)?)"


def main():
    program = sys.argv[1]
    with gzip.open(SALES, "rt", encoding="utf-8") as file:
        header, *rows = file.read().splitlines()
    ids = sorted({row.split(",")[0] for row in rows})[:ARTICLES]
    kept = [row for row in rows if row.split(",")[0] in ids]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "sales.csv")
        path.write_text("\n".join([header] + kept) + "\n", encoding="utf-8")

        result = subprocess.run([program, str(path), ids[3]], capture_output=True, text=True, check=False)
        lines = result.stdout.splitlines()
        if result.returncode != 0 or result.stderr or len(lines) != 16 or lines[0] != "unique_id,ds,mean,q0.9":
            sys.exit(f"exit {result.returncode}\n{result.stdout}{result.stderr}")
        for number, line in enumerate(lines[1:15]):
            match = re.fullmatch(f"{ids[3]},2011-12-{10 + number},{NUMBER},{NUMBER}", line)
            if not match:
                sys.exit(f"not understood: {line}")
            mean, high = float(match.group(1)), float(match.group(2))
            if not (math.isfinite(mean) and math.isfinite(high) and 0 <= mean < 10000 and 0 <= high < 10000):
                sys.exit(f"not a forecast of this shop: {line}")
        order = re.fullmatch(f"reorder point {NUMBER}, order now {NUMBER}", lines[15])
        if not order or float(order.group(2)) % 12 != 0:
            sys.exit(f"not a reorder line: {lines[15]}")

        unknown = subprocess.run([program, str(path), "no such article"], capture_output=True, text=True, check=False)
        if unknown.returncode != 1 or "SEQD_E_ARG" not in unknown.stderr:
            sys.exit(f"an unknown article: exit {unknown.returncode}, {unknown.stderr}")
        missing = subprocess.run([program, str(path) + ".not", ids[3]], capture_output=True, text=True, check=False)
        if missing.returncode != 1 or "SEQD_E_IO" not in missing.stderr:
            sys.exit(f"a missing file: exit {missing.returncode}, {missing.stderr}")


if __name__ == "__main__":
    main()
