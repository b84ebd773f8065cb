#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/reference.md from the public headers.

    python3 docs/reference.py            writes the page
    python3 docs/reference.py --check    fails when the page is not what would be written
"""

import difflib
import pathlib
import re
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests" / "abi"))
import public  # noqa: E402

PAGE = ROOT / "docs" / "reference.md"
SKIPPED = re.compile(r"^(#ifndef SEQDEMAND_\w+_H|#define SEQDEMAND_\w+_H|#include .*|extern \"C\" \{|#ifdef __cplusplus|"
                     r"/\* SPDX.*)$")


def body(header):
    """The lines of a header between its guards, without what only the compiler needs."""
    lines = (ROOT / "include" / header).read_text(encoding="utf-8").splitlines()
    kept, i = [], 0
    while i < len(lines):
        line = lines[i]
        if line == "#ifdef __cplusplus":  # three lines: condition, brace, #endif
            i += 3
            continue
        if line.startswith("#if defined(_WIN32)"):  # the export macro
            while not lines[i].startswith("#endif"):
                i += 1
            i += 1
            continue
        if not SKIPPED.match(line):
            kept.append(line)
        i += 1
    while kept and (not kept[-1].strip() or kept[-1] == "#endif"):
        kept.pop()
    return kept


def blocks(lines):
    """(comment lines, code lines) in turn: a comment belongs to the code right below it."""
    comment, code = [], []
    i = 0
    while i < len(lines):
        line = lines[i]
        if line.startswith("/*"):
            if code:
                yield comment, code
                comment, code = [], []
            elif comment:
                yield comment, []
                comment = []
            while True:
                comment.append(lines[i])
                if "*/" in lines[i]:
                    break
                i += 1
        elif not line.strip():
            if code and not inside(code):
                yield comment, code
                comment, code = [], []
            elif comment and not code:
                yield comment, []
                comment = []
            elif code:
                code.append(line)
        else:
            code.append(line)
        i += 1
    if comment or code:
        yield comment, code


def inside(code):
    text = "\n".join(code)
    return text.count("{") > text.count("}")


def words(comment):
    """The text of a comment, without its stars."""
    text = []
    for line in comment:
        line = re.sub(r"\s*\*/$", "", line)
        line = re.sub(r"^/\*\s?|^ \* ?", "", line)
        text.append("" if line.strip() == "*" else line.rstrip())
    while text and not text[0].strip():
        text.pop(0)
    while text and not text[-1].strip():
        text.pop()
    return text


def escape(line):
    """Plain text as Markdown: only backquotes keep their meaning."""
    pieces = re.split(r"(`[^`]*`)", line)
    for i in range(0, len(pieces), 2):
        pieces[i] = re.sub(r"([*<\\])", r"\\\1", pieces[i])
        pieces[i] = re.sub(r"(?<!\w)_", r"\\_", pieces[i])
        pieces[i] = re.sub(r"_(?!\w)", r"\\_", pieces[i])
    return "".join(pieces)


def prose(text):
    """Paragraphs and lists; lines set in by two spaces or more are formulas and tables, kept as they are."""
    out, verbatim, item = [], False, False
    for line in text:
        listed = re.match(r"^\s*- ", line)
        continued = item and line.startswith("   ") and not verbatim
        set_in = line.startswith("  ") and not listed and not continued
        if set_in and not verbatim:
            if out and out[-1]:
                out.append("")
            out.append("```")
            verbatim = True
        elif verbatim and line.strip() and not set_in:
            close(out)
            out.append("")
            verbatim = False
        if verbatim:
            out.append(line)
            continue
        if listed:
            item = True
            if out and out[-1] and not out[-1].startswith(("- ", "  ")):
                out.append("")
            out.append("- " + escape(line.split("- ", 1)[1]))
        elif continued:
            out.append("  " + escape(line.strip()))
        else:
            item = item and not line.strip()
            out.append(escape(line))
    if verbatim:
        close(out)
    return out


def close(out):
    """Ends the block that was begun with ``` and moves it to the left edge."""
    while not out[-1].strip():
        out.pop()
    begin = len(out) - out[::-1].index("```")
    out[begin:] = textwrap.dedent("\n".join(out[begin:])).split("\n") + ["```"]


def first_line(name):
    """What seqd_... is about, for the index: the first sentence of the header's first long comment."""
    for comment, _code in blocks(body(name)):
        text = " ".join(words(comment))
        if text:
            return re.split(r"(?<=[.:])\s", text)[0].rstrip(":.")
    return ""


def page():
    out = ["# Reference", "", "<!-- all blocks: run by: test abi_headers, which compiles the headers -->", "",
           "Written by `docs/reference.py` from the headers in `include/seqdemand`: change it there.", "",
           "Include `<seqdemand/seqdemand.h>`, which gathers them all. The options that `seqd_options_set_*` knows are on "
           "a [page of their own](options.md).", ""]
    names = [name for name in public.headers() if name != "seqdemand/seqdemand.h"]
    for name in names:
        out.append(f"- [`{name}`](#{re.sub(r'[^a-z0-9_-]', '', name.lower())})")
    out.append("")
    for name in names:
        out += [f"## {name}", ""]
        for comment, code in blocks(body(name)):
            functions = public.FUNCTION.findall(public.COMMENT.sub("", "\n".join(code)))
            if functions:
                out += ["### " + ", ".join(f"`{function}`" for function in functions), ""]
            text = prose(words(comment))
            if text:
                out += text + [""]
            while code and not code[-1].strip():
                code.pop()
            if code:
                out += ["```c"] + [re.sub(r"^(SEQD_API | {9}(?= ))", "", line) for line in code] + ["```", ""]
    text = "\n".join(out)
    return re.sub(r"\n{3,}", "\n\n", text).rstrip("\n") + "\n"


def main():
    text = page()
    if sys.argv[1:] == ["--check"]:
        found = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        missing = [name for name in public.all_declared() if not re.search(rf"\b{name}\(", text)]
        if missing:
            sys.exit(f"the generator leaves out {missing}")
        if found != text:
            sys.stdout.writelines(difflib.unified_diff(found.splitlines(True), text.splitlines(True), "docs/reference.md",
                                                       "from the headers", n=1))
            sys.exit("docs/reference.md is not up to date: python3 docs/reference.py")
        print(f"{len(public.all_declared())} functions documented")
        return
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
