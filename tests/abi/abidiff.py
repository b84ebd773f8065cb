#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""abidiff.py LIBRARY CC...: the interface of today is that of every release, or that with something added.

A release stands in releases/VERSION: its headers, its version map, and what abidw reads of them (tests/abi/record).
Held is

    functions   none goes; parameters and results keep their types; the name stays in the version node it came in
    structs     no member goes, moves or changes its type. One that begins with struct_size may grow at its end, and
                stands in no other struct; any other stays as it is
    constants   none goes or changes

Before today's headers are looked at, copies of a release with a planted change must be judged as they should be.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import public  # noqa: E402
import surface  # noqa: E402
import symbols  # noqa: E402

RELEASES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "releases")

# What breaks programs: file, text, what stands in its place, ... of each change.
BREAKS = {
    "a member removed": ("inventory.h", "    double safety_stock;\n", ""),
    "a struct grown in its middle": ("evaluation.h", "    double mase;\n", "    double mase;\n    double more;\n"),
    "a member of another type": ("tuner.h", "    int32_t round; ", "    int64_t round; "),
    "a member of the same size": ("evaluation.h", "    double mase;\n", "    int64_t mase;\n"),
    "members swapped": ("evaluation.h", "    double fit_seconds;\n    double predict_seconds;\n",
                        "    double predict_seconds;\n    double fit_seconds;\n"),
    "a member of another type, and the struct grown at its end": (
        "evaluation.h", "    double mase;\n", "    int64_t mase;\n", "    int64_t rmsse_left_out;\n",
        "    int64_t rmsse_left_out;\n    double more;\n"),
    "a member removed, and the struct grown at its end": (
        "evaluation.h", "    double mase;\n", "", "    int64_t rmsse_left_out;\n",
        "    int64_t rmsse_left_out;\n    double more;\n    double last;\n"),
    "a struct that may grow inside another": ("evaluation.h", "    double predict_seconds;\n",
                                              "    double predict_seconds;\n    seqd_metrics metrics;\n"),
    "a struct without struct_size grown at its end": ("arrow.h", "void *private_data;", "void *private_data; int more;"),
    "a parameter of another type": ("predictor.h", "int64_t series, double *values, seqd_error *error);",
                                    "int64_t series, float *values, seqd_error *error);"),
    "a parameter of another handle": ("predictor.h", "seqd_forecast_release(seqd_forecast *forecast)",
                                      "seqd_forecast_release(seqd_predictor *forecast)"),
    "a parameter with a sign": ("dataset.h", "uint64_t seed", "int64_t seed"),
    "a parameter added": ("context.h", "seqd_context_get_threads(const seqd_context *context)",
                          "seqd_context_get_threads(const seqd_context *context, int32_t which)"),
    "parameters swapped": ("dataset.h", "const char *text, size_t size,\n", "size_t size, const char *text,\n"),
    "a result of another type": ("context.h", "SEQD_API int64_t seqd_context_memory_in_use",
                                 "SEQD_API int32_t seqd_context_memory_in_use"),
    "a callback with another parameter": ("context.h", "(*seqd_log_fn)(void *user, int32_t level",
                                          "(*seqd_log_fn)(void *user, int64_t level"),
    "a function removed": ("tuner.h", "SEQD_API int32_t seqd_tuner_done(const seqd_tuner *tuner);", ""),
    "a function renamed": ("tuner.h", "seqd_tuner_done(", "seqd_tuner_finished("),
    "a constant changed": ("base.h", "SEQD_E_BUSY (-12)", "SEQD_E_BUSY (-16)"),
    "a constant removed": ("predictor.h", "#define SEQD_SERIES_EMPTY 3", ""),
}
ADDITIONS = {
    "nothing": ("base.h", "#include", "#include"),
    "a function": ("tuner.h", "SEQD_API int32_t seqd_tuner_done(",
                   "SEQD_API int32_t seqd_tuner_more(const seqd_tuner *tuner);\nSEQD_API int32_t seqd_tuner_done("),
    "a constant": ("base.h", "#define SEQD_E_BUSY", "#define SEQD_E_MORE (-99)\n#define SEQD_E_BUSY"),
    "a struct grown at its end": ("evaluation.h", "    int64_t rmsse_left_out;\n",
                                  "    int64_t rmsse_left_out;\n    double more;\n"),
    "a struct of a callback grown at its end": ("context.h", "    const char *task; ",
                                                "    const char *task; double more; "),
    "a struct and a function for it": (
        "tuner.h", "SEQD_API int32_t seqd_tuner_done(", "typedef struct seqd_more {\n    uint32_t struct_size;\n"
        "    double more;\n} seqd_more;\nSEQD_API int32_t seqd_tuner_more(seqd_more *more);\n"
        "SEQD_API int32_t seqd_tuner_done("),
}


def cut(include, older, folder):
    """A copy of the headers in which structs that have only grown at their end are as they were in `older`."""
    copy = os.path.join(folder, "cut")
    shutil.rmtree(copy, ignore_errors=True)
    os.makedirs(os.path.join(copy, "seqdemand"))

    def shorter(match):
        name, now = match.group(1), surface.members(match.group(2))
        was = older.get(name, now)
        body = was if now[:len(was)] == was else now
        return f"{name} {{\n" + "".join(f"    {member};\n" for member in body) + f"}} {name};"

    for name, text in surface.texts(include).items():
        with open(os.path.join(copy, "seqdemand", name), "w", encoding="utf-8") as file:
            file.write(surface.STRUCT.sub(shorter, text))
    return copy


def compare(release, include, compiler, folder):
    """What today's headers broke of a release, as lines."""
    wrong = []
    then = os.path.join(release, "include")
    now = surface.constants(include)
    for name, number in sorted(surface.constants(then).items()):
        if now.get(name) != number:
            wrong.append(f"{name} was {number} and is {now.get(name, 'gone')}")
    growing = surface.structs(include)
    for name, parts in growing.items():
        for part in parts:
            if set(part.replace("*", " * ").split()) & set(growing) and "*" not in part:
                wrong.append(f"{name} holds a struct that may grow: {part}")
    library = surface.build(cut(include, surface.structs(then), folder), compiler, folder)
    result = subprocess.run(["abidiff", "--no-default-suppression", "--no-added-syms", "--harmless",
                             os.path.join(release, "seqdemand.abi"), library],
                            capture_output=True, text=True, check=False)
    if result.returncode != 0:
        wrong.append(f"abidiff: {result.returncode}\n{result.stdout}{result.stderr}".rstrip())
    return wrong


def planted(release, change, folder):
    """A copy of the release's headers with a change."""
    copy = os.path.join(folder, "planted")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(os.path.join(release, "include"), copy)
    path = os.path.join(copy, "seqdemand", change[0])
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for old, new in zip(change[1::2], change[2::2]):
        if old not in text:
            sys.exit(f"{change[0]} has no longer: {old}")
        text = text.replace(old, new, 1)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return copy


def control(release, compiler, folder):
    """How many planted changes are misjudged."""
    bad = 0
    for what, change in BREAKS.items():
        if not compare(release, planted(release, change, folder), compiler, folder):
            print(f"not noticed: {what}")
            bad += 1
    for what, change in ADDITIONS.items():
        for line in compare(release, planted(release, change, folder), compiler, folder):
            print(f"complained of an addition, {what}: {line}")
            bad += 1
    return bad


def names(library, release):
    """Names that programs of the release ask for, and the library no longer has in that version node."""
    now = symbols.exported(library)
    return [f"{name}@{node} is gone" for name, node in symbols.mapped(os.path.join(release, "seqdemand.map")).items()
            if now.get(name, ("", ""))[1] != node]


def main():
    library, compiler = sys.argv[1], sys.argv[2:] or ["cc"]
    releases = sorted((entry.path for entry in os.scandir(RELEASES) if entry.is_dir()),
                      key=lambda path: [int(part) for part in os.path.basename(path).split(".")])
    if not releases:
        sys.exit("no release is recorded")
    if not shutil.which("abidiff"):
        print("skipped: there is no abidiff (Debian package abigail-tools)")
        return 77
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        bad += control(releases[-1], compiler, folder)
        if not names(library, planted_map(folder)):
            print("not noticed: a name that is gone")
            bad += 1
        for release in releases:
            then = os.path.join(release, "include")
            wrong = [f"its own headers: {line}" for line in compare(release, then, compiler, folder)]
            wrong += compare(release, public.INCLUDE, compiler, folder) + names(library, release)
            bad += len(wrong)
            for line in wrong:
                print(f"{os.path.basename(release)}: {line}")
            if wrong:
                print("as long as that release is not out, this records it anew: bash tests/abi/record --again")
    print(f"{len(releases)} releases, {len(BREAKS)} planted breaks and {len(ADDITIONS)} additions, {bad} wrong")
    return 1 if bad else 0


def planted_map(folder):
    """A release with a function that no library ever had."""
    release = os.path.join(folder, "release")
    os.makedirs(release, exist_ok=True)
    with open(os.path.join(release, "seqdemand.map"), "w", encoding="utf-8") as file:
        file.write("SEQDEMAND_0.1 {\nglobal:\n    seqd_never;\nlocal:\n    *;\n};\n")
    return release


if __name__ == "__main__":
    sys.exit(main())
