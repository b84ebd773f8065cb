#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The HTML documentation and the Markdown pages: every public name is there, every link inside leads somewhere.

Looked for: each function of the version map, and each struct, handle, callback and constant of the headers (found here
by other means than those of docs/pages.py), as a place in the reference and a row of the list of names; links and
places; that nothing is fetched from a network; that tags are closed; Markdown that was left over. Planted faults must
be found.
"""

import html.parser
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))
sys.dont_write_bytecode = True
import markdown_subset  # noqa: E402

VOID = {"meta", "link", "br", "hr", "img", "input"}
FETCHED = {"script", "img", "iframe", "object", "embed", "source", "video", "audio"}


class Page(html.parser.HTMLParser):
    def __init__(self, name, text):
        super().__init__()
        self.name, self.ids, self.links, self.wrong, self.open = name, [], [], [], []
        self.prose = []
        self.feed(text)
        self.close()
        if self.open:
            self.wrong.append(f"{name}: not closed: {self.open}")
        for found in re.findall(r"\]\(|\*\*|^#+ |<!--|```|\\[*_]", "".join(self.prose), re.M):
            self.wrong.append(f"{name}: Markdown left over: {found}")
        if len(self.ids) != len(set(self.ids)):
            self.wrong.append(f"{name}: a place twice: {sorted(i for i in set(self.ids) if self.ids.count(i) > 1)}")

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a":
            if self.open.count("a") > 1:
                self.wrong.append(f"{self.name}: a link within a link, {values.get('href')}")
            self.links.append(values.get("href", ""))
        if tag in FETCHED or (tag == "link" and values.get("href") != "style.css"):
            self.wrong.append(f"{self.name}: fetches {tag} {values}")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"{self.name}: </{tag}> closes nothing at {self.getpos()}")

    def handle_data(self, data):
        if "code" not in self.open:
            self.prose.append(data)


def check_links(pages, folder):
    wrong = []
    for page in pages.values():
        wrong += page.wrong
        for link in page.links:
            if link.startswith(("https://", "http://")):
                continue
            file, _, place = link.partition("#")
            if file and file not in pages and not (folder / file).is_file():
                wrong.append(f"{page.name}: {link} leads nowhere")
            elif place and place not in pages[file or page.name].ids:
                wrong.append(f"{page.name}: {link}: there is no such place")
    return wrong


def public_names():
    names = set(re.findall(r"^\s*(seqd_\w+);", (ROOT / "lib/api/seqdemand.map").read_text(encoding="utf-8"), re.M))
    if len(names) < 100:
        sys.exit(f"only {len(names)} functions in the version map")
    for path in (ROOT / "include/seqdemand").glob("*.h"):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
        names |= set(re.findall(r"^\}\s*(\w+);", text, re.M))
        names |= set(re.findall(r"^typedef struct (?:\w+) (\w+);", text, re.M))
        names |= set(re.findall(r"\(\*(seqd_\w+_fn)\)", text))
        names |= {name for name in re.findall(r"#define (SEQD_\w+)", text) if name != "SEQD_API"}
        names |= set(re.findall(r"^struct (\w+) \{", text, re.M))
    return names


def check_names(pages):
    reference, listed = pages["reference.html"], pages["symbols.html"].links
    wrong = []
    for name in sorted(public_names()):
        if name not in reference.ids:
            wrong.append(f"reference.html does not have {name}")
        if f"reference.html#{name}" not in listed:
            wrong.append(f"symbols.html does not list {name}")
    return wrong


def check_markdown():
    """Links between the Markdown pages themselves, as GitHub follows them."""
    wrong, count = [], 0
    for page in sorted(ROOT.rglob("*.md")):
        inside = page.relative_to(ROOT)
        if any(re.match(r"build|\.|out$|venv|target|subprojects", part) for part in inside.parts[:-1]):
            continue
        text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.S)
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", link):
                continue
            count += 1
            path, _, place = link.partition("#")
            file = page.parent / path if path else page
            if not file.exists():
                wrong.append(f"{inside}: {link} leads nowhere")
            elif place and file.suffix == ".md" and place not in places(file):
                wrong.append(f"{inside}: {link}: there is no such heading")
    return wrong, count


def places(file):
    used = {}
    text = re.sub(r"```.*?```", "", file.read_text(encoding="utf-8"), flags=re.S)
    return [markdown_subset.place(title, used) for title in re.findall(r"^#{1,6} (.*)", text, re.M)]


CONTROLS = [
    '<p><a href="none.html">x</a></p>', '<p><a href="reference.html#seqd_none">x</a></p>', '<p><a href="#none">x</a></p>',
    '<script src="https://example.org/x.js"></script>', '<img src="x.png">', "<p><b>x</p>", "<p>**bold**</p>",
    '<p id="one" ></p><p id="one"></p>', '<a href="symbols.html"><a href="symbols.html">x</a></a>',
]


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name, "html")
        subprocess.run([sys.executable, "-B", str(ROOT / "docs/pages.py"), str(folder)], check=True)
        pages = {path.name: Page(path.name, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.html"))}
        wrong = check_links(pages, folder) + check_names(pages)
        if re.search(r"url\(|@import", (folder / "style.css").read_text(encoding="utf-8")):
            wrong.append("style.css fetches something")
        for text in CONTROLS:
            planted = dict(pages, **{"planted.html": Page("planted.html", text)})
            if not any(line.startswith("planted.html") for line in check_links(planted, folder)):
                wrong.append(f"control: not found: {text}")
        stripped = Page("reference.html", (folder / "reference.html").read_text(encoding="utf-8").replace(
            'id="seqd_model_load"', ""))
        if len(check_names(dict(pages, **{"reference.html": stripped}))) != 1 + len(check_names(pages)):
            wrong.append("control: a function that is left out is not found")
    more, count = check_markdown()
    wrong += more
    for line in wrong:
        print(line)
    links = sum(len(page.links) for page in pages.values())
    print(f"{len(pages)} pages with {links} links, {len(public_names())} public names, {count} links of Markdown; "
          f"{len(CONTROLS) + 1} planted faults; {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
