#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the code blocks of the pages (every *.md of the tree), so that what a page shows works.

    blocks.py suite BUILD COMPILER...            runs C and shell blocks, and fails when any other block is left over
    blocks.py run LANGUAGE [--frame F] [--data D] COMMAND...  runs the blocks of one language, for a binding's own tests
    blocks.py list                               what happens to each block
    blocks.py control BUILD COMPILER...          planted blocks that are wrong must fail

How a block is run
  - A fenced block is of the language behind its fence. One set in by four spaces is shell. Fences without a language
    have to be marked.
  - The blocks of one language on one page are one program, in their order: it runs in an empty folder with `sales.csv`,
    `sales.csv.gz`, `stock.csv`, `events.csv`, `log.csv`, `later.csv` and the folder `examples`.
  - A line `bash PATH` of a shell block, PATH a file of the tree, is a command of its own: it is listed, not run.
  - Unless it has a `main` of its own, the program is put into frames/frame.LANGUAGE: at {{block}}, but lines that begin
    with `#`, and functions and types whose brace stands at the left edge, at {{top}}. The frame of C has the variables
    that pages take for granted, and after each block fails when `error` tells of one.
  - `suite` puts `shop.seqd`, a model of the shipped sales, and `build` beside it. `seqdemand` in shell blocks is the
    program of the build, but trains for a few steps and tries few settings.
  - COMMAND of `run` is called in that folder; {file} in it is the program, {folder} the folder. The frame of `run` is
    frames/frame.LANGUAGE where there is one, or F.

For example: blocks.py run python python3 {file}
             blocks.py run go sh -c 'go build -C bindings/go -o {folder}/block {file} && {folder}/block'

Marks: an HTML comment right before the block.
    <!-- not run: REASON -->     nobody runs it
    <!-- run by: WHAT -->        `test NAME` of the suite, or `bash PATH`, runs what the block says
    <!-- run: LANGUAGE -->       it is of this language
    <!-- all blocks: ... -->     in the first lines of a page: any of these, for all its blocks without a mark
"""

import argparse
import csv
import gzip
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FRAMES = pathlib.Path(__file__).resolve().parent / "frames"
NAMES = {"c++": "cpp", "bash": "sh", "shell": "sh", "console": "sh", "py": "python"}
ENDING = {"python": "py", "ctypes": "py"}
# Languages that the suite does not run: whose tests do. The file must name this script and the language.
TAKERS = {language: f"bindings/{language}/test" for language in ("python", "go", "java", "cpp")}
HERE = ("c", "sh", "ctypes")
MARK = re.compile(r"^\s*<!-- (not run|run by|run|all blocks): (.*?) -->\s*$")
LEFT_OUT = re.compile(r"^(build.*|\..*|target|subprojects|venv|out|node_modules|[\w.-]+\.egg-info)$")


class Block:
    def __init__(self, page, line, language, lines):
        self.page, self.line, self.language, self.lines = page, line, NAMES.get(language, language), lines
        self.mark, self.reason = None, ""

    def set_mark(self, kind, text):
        if kind == "run":
            self.language = NAMES.get(text, text)
        else:
            self.mark, self.reason = kind, text

    def commands(self):
        """Its lines that are commands of their own: `bash PATH`, a script of the tree."""
        found = [re.fullmatch(r"bash ([\w./-]+)", line) for line in self.lines] if self.language == "sh" else []
        return [match.group(0) for match in found if match and (ROOT / match.group(1)).is_file()]

    def code(self):
        commands = self.commands()
        return [line for line in self.lines if line not in commands]

    def runs(self):
        return not self.mark and any(line.strip() for line in self.code())

    def place(self):
        return f"{self.page}:{self.line}"


def pages(root):
    found = [p for p in root.rglob("*.md") if not any(LEFT_OUT.match(part) for part in p.relative_to(root).parts[:-1])]
    return sorted(found, key=lambda p: (len(p.parts), str(p)))


def parse(page, text):
    """The blocks of a page, fenced or set in, with their marks."""
    lines, blocks, mark, for_all = text.splitlines(), [], None, None
    i, listed, blank = 0, 0, True
    while i < len(lines):
        line = lines[i]
        width = len(line) - len(line.lstrip(" "))
        found, fence = MARK.match(line), re.match(r"^( *)(```+|~~~+) *([\w+-]*)", line)
        begin, block = i, None
        if found:
            if found.group(1) == "all blocks":
                for_all = re.match(r"(not run|run by|run): (.*)", found.group(2)).groups()
            else:
                mark = found.groups()
        elif fence:
            i += 1
            while i < len(lines) and lines[i].strip() != fence.group(2):
                i += 1
            block = Block(page, begin + 1, fence.group(3), [x[len(fence.group(1)):] for x in lines[begin + 1:i]])
        elif line.strip() and blank and width >= listed + 4:
            while i < len(lines) and (not lines[i].strip() or len(lines[i]) - len(lines[i].lstrip(" ")) >= listed + 4):
                i += 1
            i -= 1
            block = Block(page, begin + 1, "sh", [x[listed + 4:] for x in lines[begin:i + 1]])
        elif line.strip():
            mark = None
            item = re.match(r"^( *)([-*+]|\d+[.)]) +", line)
            if item:
                listed = len(item.group(0))
            elif width < listed and blank:
                listed = 0
        if block:
            if mark or for_all:
                block.set_mark(*(mark or for_all))
            mark = None
            blocks.append(block)
        blank = not line.strip() or found is not None or fence is not None
        i += 1
    return blocks


def all_blocks(root=ROOT):
    blocks = []
    for page in pages(root):
        blocks += parse(page.relative_to(root).as_posix(), page.read_text(encoding="utf-8"))
    return blocks


def split(lines):
    """(lines for the top of a file, lines for inside a function)"""
    top, inside, i = [], [], 0
    while i < len(lines):
        if lines[i].startswith("#"):
            top.append(lines[i])
        elif re.match(r"(typedef )?(struct|enum)\b.*\{$", lines[i]) or (lines[i][:1].strip() and lines[i + 1:i + 2] == ["{"]):
            while i < len(lines) and not lines[i].startswith("}"):
                top.append(lines[i])
                i += 1
            top.append(lines[i] if i < len(lines) else "")
        else:
            inside.append(lines[i])
        i += 1
    return top, inside


def program(blocks, frame):
    """One program of the blocks of a page."""
    whole = [line for block in blocks for line in block.code()]
    if frame is None or re.search(r"\bint main\(|^func main\(|\bvoid main\(String", "\n".join(whole), re.M):
        return "\n".join(whole) + "\n"
    text = frame.read_text(encoding="utf-8")
    begin = re.search(r"^.*\{\{begin\}\}.*\n((?:.*\n)*?)^.*\{\{end\}\}.*\n", text, re.M)
    hoists = "{{top}}" in text
    top, inside = [], []
    for block in blocks:
        above, within = split(block.lines) if hoists else ([], block.lines)
        top += above
        if begin:  # what stands between {{begin}} and {{end}} is there once for each block
            inside.append(begin.group(1).replace("{{block}}", "\n".join(within)))
        else:
            inside += within
    inside = "\n".join(inside)
    if begin:
        inside += "\n" + "}" * (begin.group(1).count("{") - begin.group(1).count("}")) * len(blocks) + "\n"
        text = text[:begin.start()] + inside + text[begin.end():]
    else:
        text = text.replace("{{block}}", inside)
    return text.replace("{{top}}", "\n".join(top))


def write_events(path, users, seed):
    """Users who view, put into the cart and buy; `bought` says yes of those with four carts or more."""
    rng = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["user", "time", "event", "what", "bought"])
        for user in range(users):
            now, events = 1_704_067_200 + rng.randrange(20 * 86_400), []
            for _ in range(rng.randrange(12, 40)):
                events.append((now, rng.choices(("view", "cart", "buy"), (6, 2, 1))[0]))
                now += rng.randrange(60, 3 * 86_400)
            carts = sum(event == "cart" for _, event in events)
            for when, event in events:
                writer.writerow([f"u{user}", when, event, event, "yes" if carts > 3 else "no"])


def prepare(folder, data=None):
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    sales = folder / "examples/data/sales.csv.gz"
    shutil.copy(sales, folder)
    (folder / "sales.csv").write_bytes(gzip.decompress(sales.read_bytes()))
    shutil.copy(ROOT / "examples/data/stock.csv", folder)
    shutil.copy(ROOT / "examples/forecast_sales.c", folder / "program.c")
    write_events(folder / "events.csv", 60, 1)
    write_events(folder / "log.csv", 60, 2)
    write_events(folder / "later.csv", 20, 3)
    if data:
        shutil.copytree(data, folder, symlinks=True, dirs_exist_ok=True)


def run_page(language, blocks, command, frame, data=None, environment=None):
    """Runs the blocks of one page; the text of what went wrong, or None."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        prepare(folder, data)
        file = folder / ("block." + ENDING.get(language, language))
        file.write_text(program(blocks, frame), encoding="utf-8")
        words = [word.replace("{file}", str(file)).replace("{folder}", name) for word in command]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=540, env=environment,
                              stdin=subprocess.DEVNULL)
        if done.returncode == 0:
            return None
        shown = [f"{n:4} {line}" for n, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)][:80]
        return "\n".join(shown) + f"\nexit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"


def run_language(language, blocks, command, frame, data=None, environment=None):
    """Runs all blocks of a language, page by page; (blocks that ran, failures)."""
    ran = failed = 0
    taken = [block for block in blocks if block.language == language and block.runs()]
    for page in dict.fromkeys(block.page for block in taken):
        group = [block for block in taken if block.page == page]
        before = time.monotonic()
        wrong = run_page(language, group, command, frame, data, environment)
        lines = ", ".join(str(block.line) for block in group)
        print(f"{page}:{lines}  {language}  {'FAILED' if wrong else 'ran'}, {time.monotonic() - before:.1f} s", flush=True)
        if wrong:
            print(wrong)
            failed += 1
        ran += len(group)
    return ran, failed


def frame_of(language, given=None):
    if given:
        return pathlib.Path(given)
    path = FRAMES / f"frame.{language}"
    return path if path.exists() else None


def check_marks(blocks, root=ROOT):
    """Blocks that nobody would run, and marks that name what is not there."""
    wrong = []
    for block in blocks:
        if block.mark == "not run":
            if len(block.reason) < 8:
                wrong.append(f"{block.place()}: a reason is missing")
        elif block.mark == "run by":
            kind, _, what = block.reason.partition(" ")
            what = what.split()[0].rstrip(",") if what else ""
            if kind == "test" and re.search(rf"test\('{re.escape(what)}'", meson_text()):
                continue
            if kind == "bash" and (ROOT / what).is_file():
                continue
            wrong.append(f"{block.place()}: run by what? {block.reason}")
        elif block.language in TAKERS:
            path = ROOT / TAKERS[block.language]
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            if not re.search(rf"blocks\.py\"? run {block.language}\b", text):
                wrong.append(f"{block.place()}: {TAKERS[block.language]} does not run the blocks of {block.language}")
        elif block.language not in HERE:
            wrong.append(f"{block.place()}: nobody runs this block ({block.language or 'no language'}), and it is not marked")
    return wrong


def meson_text():
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").rglob("meson.build")))


SHIM = """#!/bin/sh
case $1 in
tune) set -- "$@" --trials 3 ;;
esac
case $1 in
train | tune | backtest | cross-validate) set -- "$@" --set max_steps=4 --set val_every=4 ;;
esac
exec PROGRAM "$@"
"""


def tools(build, folder):
    """The environment of blocks: the program of the build, which trains for a few steps only, pkg-config for the build."""
    (folder / "bin").mkdir()
    shim = folder / "bin/seqdemand"
    shim.write_text(SHIM.replace("PROGRAM", f"{build}/bindings/cli/seqdemand"), encoding="utf-8")
    shim.chmod(0o755)
    environment = dict(os.environ, PATH=f"{folder}/bin{os.pathsep}{os.environ['PATH']}", LD_LIBRARY_PATH=f"{build}/lib/api",
                       PKG_CONFIG_PATH=os.pathsep.join([f"{build}/meson-uninstalled"] + (
                           [os.environ["PKG_CONFIG_PATH"]] if os.environ.get("PKG_CONFIG_PATH") else [])))
    data = folder / "data"
    data.mkdir()
    (data / "build").symlink_to(build)
    subprocess.run([shim, "train", "--data", ROOT / "examples/data/sales.csv.gz", "--freq", "D", "--horizon", "28", "--quiet",
                    "--out", data / "shop.seqd"], check=True, env=environment)
    return environment, data


def run_here(blocks, build, compiler):
    """The languages that the suite runs itself; (ran, failed)"""
    flags = "-Wall -Wextra -Wpedantic -Werror -Wno-unused -O1 {file} -o {folder}/block $(pkg-config --cflags --libs " \
        "seqdemand) -lm -lpthread && {folder}/block"
    commands = {
        "c": ["sh", "-c", f"{' '.join(compiler)} -std=c99 -D_POSIX_C_SOURCE=200809L " + flags],
        "sh": ["bash", "-e", "{file}"],
        "ctypes": [sys.executable, "-B", "{file}"],
    }
    ran = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        environment, data = tools(pathlib.Path(build).resolve(), pathlib.Path(folder))
        for language in HERE:
            frame = None if language == "sh" else frame_of(language)
            more, bad = run_language(language, blocks, commands[language], frame, data, environment)
            ran, failed = ran + more, failed + bad
    return ran, failed


def suite(build, compiler):
    blocks = all_blocks()
    ran, failed = run_here(blocks, build, compiler)
    elsewhere = {}
    commands = []
    for block in blocks:
        for command in [] if block.mark else block.commands():
            commands.append(command)
            print(f"{block.place()}  a command of its own: {command}")
        if block.mark:
            print(f"{block.place()}  {block.mark}: {block.reason}")
        elif block.language in TAKERS:
            elsewhere.setdefault(TAKERS[block.language], []).append(block)
    for taker, taken in elsewhere.items():
        print(f"{', '.join(block.place() for block in taken)}  run by: bash {taker}")
    wrong = check_marks(blocks)
    print("\n".join(wrong))
    by = sum(block.mark == "run by" for block in blocks) + sum(len(taken) for taken in elsewhere.values())
    print(f"{len(blocks)} blocks on {len({b.page for b in blocks})} pages: {ran} run here, {by} by other tests, "
          f"{len(commands)} commands of their own, {sum(block.mark == 'not run' for block in blocks)} marked as not run; {failed} pages failed, {len(wrong)} wrong marks")
    return 1 if failed or wrong or ran == 0 else 0


CONTROLS = [  # what is wrong, the page
    ("a C block that does not compile", "```c\nseqd_no_such_function(context);\n```\n"),
    ("a C block whose call fails", '```c\nseqd_dataset_read(context, options, "none.csv", &sales, &error);\n```\n'),
    ("a C block with an error object of its own", "```c\nseqd_error error = SEQD_ERROR_INIT;\n"
     'seqd_dataset_read(context, options, "none.csv", &sales, &error);\n```\n'),
    ("a program that ends with 1", "```c\nint main(void)\n{\n    return 1;\n}\n```\n"),
    ("a shell block that fails", "Text:\n\n    seqdemand train --data none.csv --horizon 7 --out m.seqd\n"),
    ("a shell block that fails in its first line", "Text:\n\n    false\n    true\n"),
    ("a block without a language or mark", "```\nsample\n```\n"),
    ("a mark without a reason", "<!-- not run: - -->\n```\nsample\n```\n"),
    ("a mark that names a test that is not there", "<!-- run by: test none -->\n```\nsample\n```\n"),
    ("a mark for the block before last", "<!-- not run: of another block -->\n\nText.\n\n```\nsample\n```\n"),
    ("a language that nobody runs", "```cobol\nSTOP RUN.\n```\n"),
]
GOOD = "Text:\n\n    seqdemand describe >out.txt\n    test -s out.txt\n\n- item\n\n  more of the item\n\n```c\n" \
    'seqd_dataset_read(context, options, "sales.csv", &sales, &error);\n```\n\n```c\nif (seqd_dataset_series_count(sales) != 600) ' \
    "return 1;\n```\n\n<!-- not run: printed by a program -->\n\n```\nsample\n```\n"


def control(build, compiler):
    bad = 0
    for what, text in [("a page without a fault", GOOD)] + CONTROLS:
        blocks = parse("planted.md", text)
        _, failed = run_here(blocks, build, compiler)
        caught = failed > 0 or bool(check_marks(blocks))
        right = bool(blocks) and caught == (text is not GOOD)
        print(f"{what}: {'caught' if caught else 'passed'}{'' if right else ': WRONG'}")
        bad += not right
    print(f"{len(CONTROLS)} planted faults, {bad} wrong")
    return 1 if bad else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    modes = parser.add_subparsers(dest="mode", required=True)
    for name in ("suite", "control"):
        mode = modes.add_parser(name)
        mode.add_argument("build")
        mode.add_argument("compiler", nargs="+")
    modes.add_parser("list")
    mode = modes.add_parser("run")
    mode.add_argument("language")
    mode.add_argument("--frame")
    mode.add_argument("--data", help="a folder whose files are put beside the block")
    mode.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    if given.mode == "suite":
        return suite(given.build, given.compiler)
    if given.mode == "control":
        return control(given.build, given.compiler)
    if given.mode == "list":
        for block in all_blocks():
            print(f"{block.place()}  {block.language}  {block.mark or ''}{': ' if block.mark else ''}{block.reason}")
        return 0
    ran, failed = run_language(given.language, all_blocks(), given.command, frame_of(given.language, given.frame), given.data)
    print(f"{ran} blocks of {given.language} run, {failed} pages failed")
    return 1 if failed or ran == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
