#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""headers.py gcc|clang: each public header compiles alone and twice, and all of them together in both orders, in every
language version we promise, without a warning of any kind that the compiler knows.

C89 is among them: the headers ask nothing of the compiler beyond <stddef.h> and <stdint.h>, which compilers bring in
that mode, too. No comment of C++, no declaration inside a for, no comma behind the last enumerator stands in them.
"""

import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import public  # noqa: E402
import surface  # noqa: E402

COMMON = ["-pedantic-errors", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-I" + public.INCLUDE]
WARNINGS = {
    "gcc": ["-Wshadow", "-Wundef", "-Wconversion", "-Wsign-conversion", "-Wcast-qual", "-Wcast-align", "-Wwrite-strings",
            "-Wredundant-decls", "-Wdouble-promotion", "-Wformat=2", "-Wlogical-op", "-Wduplicated-cond", "-Wswitch-enum",
            "-Wunused-macros"],
    # All that clang has, but for what no header of C can follow, or what is no defect.
    "clang": ["-Weverything", "-Wno-padded", "-Wno-c++98-compat", "-Wno-c++98-compat-pedantic"],
}
C_WARNINGS = {"gcc": ["-Wstrict-prototypes", "-Wmissing-prototypes", "-Wold-style-definition", "-Wc++-compat"],
              "clang": []}
CPP_WARNINGS = {"gcc": ["-Wold-style-cast", "-Wuseless-cast", "-Wzero-as-null-pointer-constant", "-Wextra-semi"],
                "clang": []}
LANGUAGES = [("c", "c89"), ("c", "c99"), ("c", "c11"), ("c", "c17"),
             ("c++", "c++11"), ("c++", "c++17"), ("c++", "c++20")]


def compile_text(family, language, standard, text):
    compiler = family if language == "c" else {"gcc": "g++", "clang": "clang++"}[family]
    extra = (C_WARNINGS if language == "c" else CPP_WARNINGS)[family]
    with tempfile.NamedTemporaryFile("w", suffix=".c" if language == "c" else ".cpp") as file:
        file.write(text)
        file.flush()
        command = [compiler, "-x", language, "-std=" + standard, *COMMON, *WARNINGS[family], *extra, file.name]
        return subprocess.run(command, capture_output=True, text=True, check=False)


def include(names):
    return "".join(f"#include <{name}>\n" for name in names)


def texts():
    """{what: text} of the units that must compile."""
    names = public.headers()
    found = {name: include([name, name]) + "extern int seqd_test_unit;\n" for name in names}
    macros = "extern const long seqd_test_numbers[];\nconst long seqd_test_numbers[] = { SEQD_VERSION_NUMBER"
    macros += "".join(", " + name for name in surface.constants(public.INCLUDE)) + " };\n"
    macros += ("extern const char seqd_test_version[];\nconst char seqd_test_version[] = SEQD_VERSION_TEXT;\n"
               "int seqd_test_error(void);\nint seqd_test_error(void)\n{\n    seqd_error error = SEQD_ERROR_INIT;\n"
               "    return error.status;\n}\n")
    found["all of them, and their macros"] = include(names) + macros
    found["all of them backwards"] = include(reversed(names)) + macros
    return found


def main():
    family = sys.argv[1]
    missing = [name for name in (family, {"gcc": "g++", "clang": "clang++"}[family]) if not shutil.which(name)]
    if missing:
        print(f"skipped: there is no {' and no '.join(missing)}")
        return 77
    bad = done = 0
    for language, standard in LANGUAGES:
        # The check must be able to fail: a header that needs another one first, and one that only later versions take.
        wrong = ["extern uint32_t needs_stdint;\n", "extern int seqd_test_unit;\nint seqd_test_unit = 1 / 0;\n"]
        if standard == "c89":
            wrong += ["extern int seqd_test_unit; // a comment of C++\n", "enum seqd_test { SEQD_ONE, SEQD_TWO, };\n",
                      "extern long long seqd_test_unit;\n"]
        for text in wrong:
            if compile_text(family, language, standard, text).returncode == 0:
                sys.exit(f"{family} -std={standard} accepts what it should not: {text}")
        for what, text in texts().items():
            result = compile_text(family, language, standard, text)
            done += 1
            if result.returncode != 0 or result.stderr:
                bad += 1
                print(f"{family} -std={standard} {what}:\n{result.stderr}")
    print(f"{family}: {done} compilations, {bad} with errors or warnings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
