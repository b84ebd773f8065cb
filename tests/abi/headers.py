#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each public header compiles alone and included twice, in every language version we promise, without a warning."""

import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import public  # noqa: E402

FLAGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wundef", "-Werror", "-fsyntax-only", "-I" + public.INCLUDE]
C_FLAGS = ["-Wstrict-prototypes", "-Wmissing-prototypes"]
LANGUAGES = [("c", "c99"), ("c", "c11"), ("c", "c17"), ("c++", "c++11"), ("c++", "c++17"), ("c++", "c++20")]


def compile_text(compiler, language, standard, text):
    with tempfile.NamedTemporaryFile("w", suffix=".c" if language == "c" else ".cpp") as file:
        file.write(text)
        file.flush()
        extra = C_FLAGS if language == "c" else []
        command = [compiler, "-x", language, "-std=" + standard, *FLAGS, *extra, file.name]
        return subprocess.run(command, capture_output=True, text=True, check=False)


def main():
    families = [("gcc", "g++"), ("clang", "clang++")]
    families = [pair for pair in families if all(shutil.which(name) for name in pair)]
    if not families:
        sys.exit("no C and C++ compiler found")
    bad = done = 0
    for c_compiler, cpp_compiler in families:
        for language, standard in LANGUAGES:
            compiler = c_compiler if language == "c" else cpp_compiler
            # The check must be able to fail: a header that needs another one first.
            if compile_text(compiler, language, standard, "extern uint32_t needs_stdint;\n").returncode == 0:
                sys.exit(f"{compiler} -std={standard} accepts what it should not")
            for header in public.headers():
                text = f"#include <{header}>\n#include <{header}>\nextern int seqd_test_unit;\n"
                result = compile_text(compiler, language, standard, text)
                done += 1
                if result.returncode != 0 or result.stderr:
                    bad += 1
                    print(f"{compiler} -std={standard} {header}:\n{result.stderr}")
    print(f"{done} compilations, {bad} with errors or warnings; compilers: {families}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
