#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the documentation as HTML: the reference from the public headers, and the pages as they are.

    pages.py FOLDER     makes FOLDER anew; begin reading at FOLDER/index.html

    reference.html      every declaration, grouped by header, names linked
    symbols.html        functions, structs, handles, callbacks, status codes and constants on one page
    *.html              the pages (*.md) that docs/README.md leads to; files they link to are copied to files/

Nothing in there needs a network or a script.
"""

import html
import pathlib
import re
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "docs"))
sys.path.insert(0, str(ROOT / "tests" / "abi"))
import markdown_subset as markdown  # noqa: E402
import public  # noqa: E402
import reference  # noqa: E402

START = "docs/README.md"
DEFINE = re.compile(r"^#define (\w+)(\([^)]*\))?[ \t]*(.*)", re.M)
STATUS = re.compile(r"^SEQD_(OK|STOPPED|E_\w+)$")


class Symbol:
    def __init__(self, name, kind, header, comment, code):
        self.name, self.kind, self.header = name, kind, header
        self.comment, self.code = comment, code

    def summary(self):
        """The first sentence of its comment."""
        if self.name.endswith("_release"):
            return "Gives the handle back; NULL is fine."
        text = " ".join(line.strip() for line in reference.words(self.comment))
        text = re.split(r"(?<=[a-z0-9)`\"][.:;])\s", text)[0].rstrip(":;")
        return text


def symbols_of(header, comment, code):
    """What a block of code declares."""
    text = public.COMMENT.sub("", "\n".join(code))
    found = [(name, "function") for name in public.FUNCTION.findall(text)]
    found += [(name, "struct") for name in re.findall(r"^(?:typedef )?struct (\w+) \{", text, re.M)]
    found += [(name, "handle") for name in re.findall(r"^typedef struct \w+ (\w+);", text, re.M)]
    found += [(name, "callback") for name in re.findall(r"^typedef [\w *]+\(\*(\w+)\)\(", text, re.M)]
    found += [(name, "status" if STATUS.match(name) else "constant") for name, *_ in DEFINE.findall(text)]
    return [Symbol(name, kind, header, comment, code) for name, kind in found]


def read_headers():
    """(header, [(comment, code, symbols)]) in the order of the reference."""
    out = []
    for header in public.headers():
        if header != "seqdemand/seqdemand.h":
            out.append((header, [(comment, code, symbols_of(header, comment, code))
                                 for comment, code in reference.blocks(reference.body(header))]))
    return out


def linker(known, page):
    """Names of the interface, in text that is HTML already, become links."""
    def link(text, here=()):
        def replace(match):
            name = match.group(0)
            if name not in known or name in here:
                return name
            return f'<a href="{page}#{name}">{name}</a>'
        return re.sub(r"(?<![\w#\"/.])(?:seqd_|SEQD_|Arrow)\w+", replace, text)
    return link


def show_code(code, link, here):
    """A declaration: comments set apart, names of what is declared marked, other names linked."""
    while code and not code[-1].strip():
        code = code[:-1]
    lines = [re.sub(r"^(SEQD_API | {9}(?= ))", "", line) for line in code]
    text = link(html.escape("\n".join(lines), quote=False), here)
    for symbol in here.values():
        if symbol.kind in ("status", "constant"):
            text = re.sub(rf"(#define )({symbol.name})\b", rf'\1<b id="{symbol.name}">\2</b>', text, count=1)
    return "<pre><code>" + re.sub(r"(/\*.*?\*/)", r"<i>\1</i>", text, flags=re.S) + "</code></pre>"


def anchor(header):
    return re.sub(r"[^a-z0-9]", "", header)


def reference_page(headers, known):
    link = linker(known, "")
    out = ["<h1>Reference</h1>",
           '<p>Include <code>&lt;seqdemand/seqdemand.h&gt;</code>, which gathers all headers. '
           '<a href="symbols.html">All names</a> stand on a page of their own, '
           '<a href="options.html">options</a> on another.</p>', "<ul>"]
    for header, parts in headers:
        out.append(f'<li><a href="#{anchor(header)}"><code>{header}</code></a> {summary_of(parts)}</li>')
    out.append("</ul>")
    for header, parts in headers:
        out.append(f'<h2 id="{anchor(header)}">{header}</h2>')
        for comment, code, symbols in parts:
            here = {symbol.name: symbol for symbol in symbols}
            titled = [symbol for symbol in symbols if symbol.kind not in ("status", "constant")]
            if titled:
                out.append("<h3>" + ", ".join(f'<code id="{s.name}">{s.name}</code>' for s in titled) +
                           f" <small>{titled[0].kind}{'s' if len(titled) > 1 and titled[0].kind == 'function' else ''}"
                           "</small></h3>")
            text = reference.prose(reference.words(comment))
            if text:
                out.append(link(markdown.convert("\n".join(text), lambda target: target), here))
            if code:
                out.append(show_code(code, link, here))
    return "\n".join(out)


def summary_of(parts):
    for comment, _code, _symbols in parts:
        text = " ".join(line.strip() for line in reference.words(comment))
        if text:
            return markdown.inline(re.split(r"(?<=[.:])\s", text)[0].rstrip(":."), str)
    return ""


def symbols_page(headers, known):
    link = linker(known, "reference.html")
    every = [symbol for _header, parts in headers for _c, _d, symbols in parts for symbol in symbols]
    titles = [("function", "Functions"), ("handle", "Handles"), ("struct", "Structs"), ("callback", "Callbacks"),
              ("status", "Status codes"), ("constant", "Constants")]
    out = ["<h1>All names</h1>", "<p>" + " · ".join(
        f'<a href="#{kind}">{title}</a> {sum(s.kind == kind for s in every)}' for kind, title in titles) + "</p>"]
    for kind, title in titles:
        out += [f'<h2 id="{kind}">{title}</h2>', "<table>"]
        group = [symbol for symbol in every if symbol.kind == kind]
        for symbol in group if kind == "status" else sorted(group, key=lambda s: s.name):
            if kind in ("status", "constant"):
                value, told = value_of(symbol)
                out.append(f"<tr><td><code>{link(symbol.name)}</code></td><td><code>{html.escape(value)}</code></td>"
                           f"<td>{html.escape(told)}</td></tr>")
            else:
                out.append(f"<tr><td><code>{link(symbol.name)}</code></td>"
                           f'<td><a href="reference.html#{anchor(symbol.header)}">{symbol.header.split("/")[1]}</a></td>'
                           f"<td>{link(markdown.inline(symbol.summary(), str))}</td></tr>")
        out.append("</table>")
    return "\n".join(out)


def value_of(symbol):
    """(value, the comment beside it) of a #define."""
    for match in DEFINE.finditer("\n".join(symbol.code)):
        if match.group(1) == symbol.name:
            value, _, told = match.group(3).partition("/*")
            return value.strip().strip("\\").strip(), told.replace("*/", "").strip() or symbol.summary()
    return "", ""


class Site:
    """Pages by their path in the tree; links between them are followed from the first page on."""

    def __init__(self, folder):
        self.folder = folder
        self.pages, self.waiting = {}, []

    def name_of(self, path):
        if path == START:
            return "index.html"
        if path == "README.md":
            return "overview.html"
        parts = path[:-3].lower().split("/")
        parts = [part for part in parts if part not in ("readme", "docs")]
        return "-".join(parts) + ".html"

    def target(self, page):
        """A function that says where a link of `page` leads in the HTML; None leaves the text without a link."""
        def find(link):
            if re.match(r"[a-z]+:", link):
                return link
            path, _, place = link.partition("#")
            place = "#" + place if place else ""
            if not path:
                return place
            file = (ROOT / page).parent.joinpath(path).resolve()
            if not file.is_relative_to(ROOT):
                return None
            inside = file.relative_to(ROOT).as_posix()
            if inside == "docs/reference.md":
                return "reference.html" + place
            if file.suffix == ".md" and file.is_file():
                if inside not in self.pages:
                    self.pages[inside] = self.name_of(inside)
                    self.waiting.append(inside)
                return self.pages[inside] + place
            if file.is_file():
                copy = self.folder / "files" / inside
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, copy)
                return f"files/{inside}"
            return None
        return find

    def write(self, name, title, body):
        current = {"reference.html": 1, "symbols.html": 2, "options.html": 3, "index.html": 0}.get(name)
        links = [("index.html", "Documentation"), ("reference.html", "Reference"), ("symbols.html", "All names"),
                 ("options.html", "Options")]
        nav = "\n".join(f'<a href="{file}"{" aria-current=page" if i == current else ""}>{text}</a>'
                        for i, (file, text) in enumerate(links))
        version = re.search(r'"(\d+\.\d+\.\d+)"', (ROOT / "include/seqdemand/version.h").read_text())
        text = (f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
                '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
                f"<title>{html.escape(title)} · libseqdemand</title>\n"
                '<link rel="stylesheet" href="style.css">\n</head>\n<body>\n'
                f"<nav><strong>libseqdemand {version.group(1)}</strong>\n{nav}\n</nav>\n<main>\n{body}\n</main>\n</body>\n</html>\n")
        (self.folder / name).write_text(text, encoding="utf-8")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copyfile(ROOT / "docs" / "style.css", folder / "style.css")
    site = Site(folder)
    headers = read_headers()
    known = {symbol.name for _h, parts in headers for _c, _d, symbols in parts for symbol in symbols}
    site.write("reference.html", "Reference", reference_page(headers, known))
    site.write("symbols.html", "All names", symbols_page(headers, known))
    site.target("README.md")(START)
    link = linker(known, "reference.html")
    while site.waiting:
        page = site.waiting.pop(0)
        text = (ROOT / page).read_text(encoding="utf-8")
        title = re.search(r"^# (.*)", text, re.M).group(1)
        body = markdown.convert(text, site.target(page))
        # names inside of code, but not inside of a link
        body = re.sub(r"<a [^>]*>.*?</a>|<code>(\w+)</code>",
                      lambda m: f"<code>{link(m.group(1))}</code>" if m.group(1) else m.group(0), body, flags=re.S)
        site.write(site.pages[page], title, body)
    print(f"{len(site.pages) + 2} pages, {len(known)} names in {folder}")


if __name__ == "__main__":
    main()
