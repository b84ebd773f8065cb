#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The figures of a run as tables in Markdown.

    tables.py FILE.json ...                        prints them
    tables.py --into README.md NAME=FILE.json ...  puts them between `<!-- NAME -->` and `<!-- /NAME -->` of a page

Takes what `benchmarks/peers` (also with --only onednn or fit) and `benchmarks/run` write.
"""
import contextlib
import io
import json
import re
import statistics
import sys


def row(*cells):
    print("| " + " | ".join(map(str, cells)) + " |")


def table(title, *heads):
    print("\n### %s\n" % title)
    row(*heads)
    row(*("---" for _ in " | ".join(heads).split(" | ")))


def number(value, digits=3):
    """So many figures, without an exponent."""
    if value is None:
        return ""
    return "%.0f" % value if abs(value) >= 10 ** (digits - 1) else "%#.*g" % (digits, value)


def spread(ratio):
    return "%.2f (%.2f .. %.2f)" % (ratio["median"], ratio["lowest"], ratio["highest"])


def letters(case):
    """T N I H L, or those of the encoder-decoder."""
    return [key for key in case if key != "cell"]


def sizes(case):
    return [case["cell"].upper(), " ".join(str(case[key]) for key in letters(case))]


def peers(data):
    parts = {}
    for entry in data["rows"]:
        parts.setdefault(entry["part"], []).append(entry)
    print("\nMeasured %s: %s, %d processors; %s; %d rounds of about %g s a side, %d thread(s), isa %s, backend %s." % (
        data["made"][:10], data["machine"]["processor"], data["machine"]["cpus"],
        ", ".join("%s %s" % item for item in data["versions"].items()), data["rounds"], data["seconds"],
        data["threads"], data["isa"], data["backend"]))
    for part, entries in parts.items():
        if part == "step":
            table("streaming", "cell", "T N I H L", "one step, us", "all steps at once, us", "ratio")
            for e in entries:
                ms = {name: statistics.median(values) for name, values in e["ms"].items()}
                row(*sizes(e["case"]), number(1e3 * ms["step"]), number(1e3 * ms["forward"]),
                    spread(e["ratio"]["forward"]))
            continue
        others = sorted({name for e in entries for name in e["ratio"]})
        table(part, "cell", " ".join(letters(entries[0]["case"])), "ours ms", "GFLOP/s", *("%s ms | ratio" % name for name in others))
        for e in entries:
            cells = []
            for name in others:
                mark = "**" if name == e["against"] else ""
                cells += [number(e["median_ms"][name]), mark + spread(e["ratio"][name]) + mark] if name in e["ratio"] \
                    else ["", ""]
            row(*sizes(e["case"]), number(e["median_ms"]["ours"]), "%.0f" % e["gflops"]["ours"], *cells)
    table("summary", "part", "shapes", "geometric mean", "goal", "at the peak", "worst shape", "goal")
    for name, s in data["summary"].items():
        row(name, s["shapes"], "%.2f" % s["geometric_mean"], s["goal"], number(s.get("bound")), "%.2f" % s["worst"],
            s["least"] or "")
    for failure in data["failures"]:
        print("\nFAILED: " + failure)


def fit(data):
    print("\nMeasured %s: %s, %d processors." % (data["made"][:10], data["machine"]["processor"],
                                                data["machine"]["cpus"]))
    table("end to end", "data", "network", "context", "ours windows/s", "theirs windows/s", "ratio", "at the peak",
          "ratio of forecasts/s", "measure", "ours", "theirs")
    for r in data["rows"]:
        n, speed = r["settings"], r["windows_per_s"]
        measured = [number(r["accuracy"].get(side, {}).get("measures", {}).get(r["measure"]), 4)
                    for side in ("ours", "theirs")]
        row(r["set"], "%d x %d, batch %d (%s)" % (n["layers"], n["hidden"], n["batch"], r["network"]), r["context"],
            *("%.0f" % statistics.median(speed[side]) for side in ("ours", "theirs")), spread(r["ratio"]),
            number(r["bound"]), "%.0f" % r["ratio_forecasts"], r["measure"], *measured)


def run(data):
    print("\nMeasured %s: %s, %d processors." % (data["made"][:10], data["machine"]["processor"],
                                                data["machine"]["cpus"]))
    if "kernels" in data:
        levels = sorted({r["level"] for r in data["kernels"]})
        names = list(dict.fromkeys((r["kernel"], r["shape"], r["what"] or "") for r in data["kernels"]))
        found = {(r["kernel"], r["shape"], r["level"]): r for r in data["kernels"]}
        table("products", "kernel", "m x n x k", "", *("%s GFLOP/s | of peak" % level for level in levels))
        for kernel, shape, what in names:
            entries = [found[kernel, shape, level] for level in levels]
            if entries[0]["unit"] == "GFLOP/s":
                row(kernel, shape.replace("x", " x "), what,
                    *("%.1f | %.0f %%" % (r["value"], r["share"] or 0) for r in entries))
        table("other kernels, ns an item", "kernel", *levels)
        for kernel, shape, _ in names:
            entries = [found[kernel, shape, level] for level in levels]
            if entries[0]["unit"] != "GFLOP/s":
                row(kernel, *(r["value"] for r in entries))
    if "cell" in data:
        table("one step, state kept", "cell", "T N I H L", "us", "GFLOP/s")
        for r in data["cell"]:
            row(*sizes(r["case"]), number(r["us"]), "%.0f" % r["gflops"])
    if "grid" in data:
        table("one thread and two", "", "cell", "T N I H L", "ms", "GFLOP/s", "of peak", "two threads ms", "gain")
        for r in data["grid"]["rows"]:
            row(r["what"], *sizes(r["case"]), number(r["ms"]), "%.0f" % r["gflops"],
                "%.0f %%" % (100 * r["share"]) if r["share"] else "", number(r["ms_two_threads"]), spread(r["gain"]))
    if "predict" in data or "read" in data or "fit" in data:
        table("from outside", "what", "figures")
        for r in data.get("predict", []):
            row(r["benchmark"], ", ".join("%s %s" % item for item in r.items() if item[0] != "benchmark"))
        for name, r in data.get("read", {}).items():
            row("reading, " + name, "%.0f MB/s (%.0f .. %.0f), %.2f bytes a step held" % (
                r["mb_per_s"], r["mb_per_s_lowest"], r["mb_per_s_highest"], r["bytes_per_step"]))
        for threads, r in data.get("fit", {}).items():
            row("fit of the example, %s thread(s)" % threads, "%d steps, %.0f windows/s, %.2f s from file to model" % (
                r["steps"], r["windows_per_s"], r["wall_s"]))


def tables(path):
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        (peers if "summary" in data else fit if "rows" in data else run)(data)
    return text.getvalue()


def put_into(page, pairs):
    with open(page, encoding="utf-8") as file:
        text = file.read()
    for name, path in pairs:
        place = re.compile("(<!-- %s -->\n).*?(<!-- /%s -->)" % (name, name), re.DOTALL)
        figures = tables(path)
        text, found = place.subn(lambda match, new=figures: match[1] + new + "\n" + match[2], text)
        if found != 1:
            sys.exit("tables: %s has %d places for '%s'" % (page, found, name))
    with open(page, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    words = sys.argv[1:]
    if not words or (words[0] == "--into" and len(words) < 3):
        sys.exit(__doc__)
    if words[0] == "--into":
        put_into(words[1], [word.split("=", 1) for word in words[2:]])
    else:
        for path in words:
            print(tables(path), end="")


if __name__ == "__main__":
    main()
