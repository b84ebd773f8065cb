#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The C++ header compiles cleanly in every standard and compiler that is there, does what it says, costs nothing over
C, and its example prints what the C program prints, byte for byte.

    test.py SOURCE_ROOT SHARED_LIBRARY [all]

Without `all`, as in the suite, C++11 is met by one compiler and C++20 by the other.
"""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wold-style-cast", "-Wdouble-promotion",
            "-Wnon-virtual-dtor", "-Werror"]
STANDARDS = ("c++11", "c++17", "c++20")
PAIRS = ("mean", "run_into", "push", "thrown")


class Rig:
    def __init__(self, root, library, folder):
        self.root, self.folder, self.here = root, folder, root / "bindings/cpp"
        self.link = [str(library), f"-Wl,-rpath,{library.parent}"]
        self.include = ["-isystem", str(root / "include"), "-I", str(self.here)]
        self.compilers = [name for name in ("g++", "clang++") if shutil.which(name)]
        if not self.compilers:
            sys.exit("neither g++ nor clang++ is here: the C++ header was not tested")

    def object(self, compiler, standard, source, *flags):
        out = self.folder / f"{compiler}-{standard}-{source}{''.join(flags)}.o"
        subprocess.run([compiler, f"-std={standard}", *WARNINGS, *flags, *self.include, "-c", str(self.here / source),
                        "-o", str(out)], check=True)
        return out

    def program(self, compiler, name, objects):
        out = self.folder / name
        subprocess.run([compiler, *map(str, objects), *self.link, "-o", str(out)], check=True)
        return out


def covered(root):
    """Every function of the library has its place in the header."""
    names = set(re.findall(r"\bseqd_\w+(?=;)", (root / "lib/api/seqdemand.map").read_text(encoding="utf-8")))
    header = (root / "bindings/cpp/seqdemand.hpp").read_text(encoding="utf-8")
    missing = sorted(names - set(re.findall(r"\bseqd_\w+\b", header)))
    assert len(names) > 150 and not missing, f"not in seqdemand.hpp: {missing}"
    return len(names)


def instructions(objects, name):
    """Those of a function, without addresses, up to the first return or jump out of it."""
    text = subprocess.run(["objdump", "-dr", "--no-show-raw-insn", str(objects)], capture_output=True, text=True,
                          check=True).stdout
    body = re.search(rf"<{name}>:\n(.*?)(?:\n\n|\Z)", text, re.S).group(1)
    lines = []
    for line in body.splitlines():
        line = re.sub(r"^\s*[0-9a-f]+:\s*", "", line)
        line = re.sub(r"\b[0-9a-f]+ <\w+(\+0x[0-9a-f]+)?>", "ADDRESS", line)
        lines.append(re.sub(r"\s+", " ", line).strip())
    lines = [line for line in lines if not re.match(r"(nop|xchg %ax|data16|cs nop)", line)]
    if name.startswith("thrown"):  # up to the return
        lines = lines[:lines.index("ret") + 1 if "ret" in lines else lines.index("retq") + 1]
    return lines


def cost(rig, compiler):
    compiled = rig.object(compiler, "c++17", "cost.cpp", "-O2", "-fno-asynchronous-unwind-tables")
    for pair in PAIRS:
        by_c, by_cpp = (instructions(compiled, f"{pair}_{way}") for way in ("c", "cpp"))
        same = len(by_c) == len(by_cpp) if pair == "thrown" else by_c == by_cpp
        assert by_c and same, "\n".join([f"{compiler}: {pair}", *by_c, "--- by the classes:", *by_cpp])
    assert instructions(compiled, "control_c") != instructions(compiled, "control_cpp"), "the comparison sees nothing"


def programs(rig, every):
    """Programs of two units: one standard, two standards, and without exceptions."""
    made = []
    pairs = [(c, s) for c in rig.compilers for s in STANDARDS]
    if not every:
        pairs = [(rig.compilers[0], STANDARDS[0]), (rig.compilers[-1], STANDARDS[-1])]
    uses = {}
    for compiler, standard in pairs:
        uses[compiler, standard] = rig.object(compiler, standard, "use.cpp")
        other = rig.object(compiler, standard, "other.cpp")
        made.append(rig.program(compiler, f"{compiler}-{standard}", [uses[compiler, standard], other]))
        if every:
            rig.object(compiler, standard, "example.cpp")
    first = rig.compilers[0]
    other = rig.object(first, "c++20", "other.cpp")
    made.append(rig.program(first, "mixed", [uses[first, "c++11"], other]))
    for compiler in rig.compilers if every else []:
        use = rig.object(compiler, "c++17", "use.cpp", "-fno-exceptions")
        made.append(rig.program(compiler, f"{compiler}-without", [use, other]))
    return made


def main():
    root, library = (Path(argument).resolve() for argument in sys.argv[1:3])
    sales = root / "examples/data/sales.csv.gz"
    run = lambda *words: subprocess.run([str(word) for word in words], capture_output=True, check=True).stdout
    with tempfile.TemporaryDirectory() as name:
        rig = Rig(root, library, Path(name))
        functions = covered(root)
        for compiler in rig.compilers:
            cost(rig, compiler)
        made = programs(rig, sys.argv[3:] == ["all"])
        for program in made:
            folder = Path(name, f"files-{program.name}")
            folder.mkdir()
            done = subprocess.run([program, sales, folder], capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{program}: {done.returncode}\n{done.stdout}{done.stderr}"
        c, example = rig.folder / "c", rig.object(rig.compilers[0], "c++11", "example.cpp")
        subprocess.run(["cc", root / "examples/forecast_sales.c", *rig.include, *rig.link, "-o", c], check=True)
        example = rig.program(rig.compilers[0], "example", [example])
        expected = run(c, sales, "85123A")
        assert expected.count(b"\n") == 16 and run(example, sales, "85123A") == expected
        missing = subprocess.run([example, rig.folder / "none.csv", "a"], capture_output=True, text=True, check=False)
        assert missing.returncode == 1 and "none.csv" in missing.stderr, missing
    print(f"{functions} functions; {len(made)} programs by {' and '.join(rig.compilers)}; {len(PAIRS)} calls with the "
          f"instructions of C; the example prints the {len(expected)} bytes of the C program")


main()
