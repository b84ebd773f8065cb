#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The C++ header compiles cleanly in every standard and compiler that is there, and its example tells what the command
line program tells.

    test.py SOURCE_ROOT SHARED_LIBRARY COMMAND_LINE_PROGRAM
"""
import csv
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

ARTICLE, STEPS = "85123A", "25"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wold-style-cast", "-Werror"]


def compile_all(root, library, folder):
    compilers = [name for name in ("g++", "clang++") if shutil.which(name)]
    if not compilers:
        sys.exit("neither g++ nor clang++ is here: the C++ header was not tested")
    programs = []
    for compiler in compilers:
        for standard in ("c++11", "c++17", "c++20"):
            program = folder / f"{compiler}-{standard}"
            subprocess.run([compiler, f"-std={standard}", *WARNINGS, "-isystem", str(root / "include"),
                            "-I", str(root / "bindings/cpp"), str(root / "bindings/cpp/example.cpp"), str(library),
                            f"-Wl,-rpath,{library.parent}", "-o", str(program)], check=True)
            programs.append(program)
    return programs


def single(text):
    return struct.pack("f", float(text))


def main():
    root, library, cli = (Path(argument).resolve() for argument in sys.argv[1:])
    sales = root / "examples/data/sales.csv.gz"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        programs = compile_all(root, library, folder)
        environment = dict(os.environ, LD_LIBRARY_PATH=str(library.parent))
        run = lambda *words: subprocess.run(words, check=True, capture_output=True, text=True, env=environment).stdout
        run(cli, "train", "--data", sales, "--freq", "D", "--horizon", "28", "--set", f"max_steps={STEPS}", "--out",
            folder / "m.seqd")
        run(cli, "forecast", "--model", folder / "m.seqd", "--data", sales, "--quantiles", "0.9", "--out",
            folder / "f.csv")
        rows = [row for row in csv.DictReader(open(folder / "f.csv")) if row["unique_id"] == ARTICLE]
        expected = [(row["ds"], single(row["mean"]), single(row["q0.9"])) for row in rows]
        assert len(expected) == 28
        for program in programs:
            lines = [line.split(",") for line in run(program, sales, ARTICLE, STEPS).splitlines()]
            assert [(line[1], single(line[2]), single(line[3])) for line in lines] == expected, program
        answer = subprocess.run([programs[0], folder / "none.csv"], capture_output=True, text=True)
        assert answer.returncode == 1 and "none.csv" in answer.stderr, answer
    print(f"{len(programs)} programs, the forecast of the command line program each")


main()
