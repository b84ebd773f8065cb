#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""released.py LIBRARY CC...: what was written for a release runs with the library of today.

For each folder of releases/ its program.c is compiled with the headers of that release alone, linked with today's
library, and run. A second program asks for the address of every function the release had.
"""

import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import surface  # noqa: E402

RELEASES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "releases")
FLAGS = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror"]


def addresses(names):
    listed = ", ".join(f"(function){name}" for name in names)
    return ("#include <seqdemand/seqdemand.h>\n#include <stdio.h>\ntypedef void (*function)(void);\n"
            f"static const function all[] = {{ {listed} }};\n"
            "int main(void)\n{\n    size_t there = 0, i;\n"
            "    for (i = 0; i < sizeof all / sizeof *all; i++) there += all[i] != 0;\n"
            '    printf("%d functions\\n", (int)there);\n    return there != sizeof all / sizeof *all;\n}\n')


def run(compiler, include, library, source, folder):
    """(exit status, all that was said) of a program compiled, linked and run."""
    program = os.path.join(folder, "program")
    built = subprocess.run([*compiler, *FLAGS, "-I" + include, "-o", program, source, library], capture_output=True,
                           text=True, check=False)
    if built.returncode != 0:
        return built.returncode, built.stdout + built.stderr
    place = {**os.environ, "LD_LIBRARY_PATH": os.path.dirname(library)}
    ran = subprocess.run([program], capture_output=True, text=True, check=False, env=place, timeout=60, cwd=folder)
    return ran.returncode, (ran.stdout + ran.stderr).strip()


def main():
    library, compiler = sys.argv[1], sys.argv[2:] or ["cc"]
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        table = os.path.join(folder, "table.c")

        def link(include, names):
            with open(table, "w", encoding="utf-8") as file:
                file.write(addresses(names))
            return run(compiler, include, library, table, folder)

        releases = sorted(entry.name for entry in os.scandir(RELEASES) if entry.is_dir())
        if not releases:
            sys.exit("no release is recorded")
        for release in releases:
            include = os.path.join(RELEASES, release, "include")
            names = list(surface.functions(include))
            # the check must be able to fail: a function that today's library has not
            if link(include, names + ["seqd_never"])[0] == 0:
                sys.exit("a program that asks for a function which is not there was linked")
            for status, said in (link(include, names),
                                 run(compiler, include, library, os.path.join(RELEASES, release, "program.c"), folder)):
                print(f"{release}: {said}")
                bad += status != 0
    print(f"{len(releases)} releases, {bad} programs failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
