# SPDX-License-Identifier: Apache-2.0
"""The part of Markdown that our pages use, as HTML: headings, paragraphs, lists, tables, code, links, emphasis.

What else Markdown knows is not understood; tests/docs/pages.py looks for marks that were left over.
"""

import html
import re


def inline(text, target):
    """A line of text; `target` says where a link leads, or None for none."""
    kept = []

    def keep(piece):
        kept.append(piece)
        return f"\x00{len(kept) - 1}\x00"

    text = re.sub(r"(`+)(.+?)\1", lambda m: keep(f"<code>{html.escape(m.group(2).strip(), quote=False)}</code>"), text)
    text = re.sub(r"\\([*_<\\`\[\]#])", lambda m: keep(html.escape(m.group(1), quote=False)), text)
    text = re.sub(r"<(https?://[^>\s]+)>", lambda m: keep(f'<a href="{m.group(1)}">{m.group(1)}</a>'), text)
    text = html.escape(text, quote=False)

    def link(match):
        where = target(html.unescape(match.group(2)))
        return match.group(1) if where is None else f'<a href="{html.escape(where)}">{match.group(1)}</a>'

    text = re.sub(r"!?\[([^\]]*)\]\(([^)\s]+)\)", link, text)
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"(?<![\w*])\*([^*\s](?:[^*]*[^*\s])?)\*(?![\w*])", r"<em>\1</em>", text)
    while "\x00" in text:
        text = re.sub(r"\x00(\d+)\x00", lambda m: kept[int(m.group(1))], text)
    return text


def place(title, used):
    """The name of a heading in links, as GitHub makes it."""
    name = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()).replace(" ", "-")
    used[name] = used.get(name, -1) + 1
    return name if used[name] == 0 else f"{name}-{used[name]}"


def cells(line):
    line = line.strip().strip("|") if line.strip().startswith("|") else line
    return [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", line)]


def table(rows, target):
    out = ["<table>"]
    head = cells(rows[0])
    if any(head):
        out.append("<tr>" + "".join(f"<th>{inline(cell, target)}</th>" for cell in head) + "</tr>")
    for row in rows[2:]:
        out.append("<tr>" + "".join(f"<td>{inline(cell, target)}</td>" for cell in cells(row)) + "</tr>")
    return "\n".join(out + ["</table>"])


def code(lines):
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return "<pre><code>" + html.escape("\n".join(lines), quote=False) + "</code></pre>"


ITEM = re.compile(r"^( *)([-*]|\d+\.) +(.*)")


def convert(text, target):
    lines = re.sub(r"^ *<!--.*?--> *$", "", text, flags=re.M | re.S).splitlines()
    out, used, i = [], {}, 0
    while i < len(lines):
        line = lines[i]
        fence = re.match(r"^( *)(```+)", line)
        heading = re.match(r"^(#{1,6}) (.*)", line)
        item = ITEM.match(line)
        if not line.strip():
            i += 1
        elif fence:
            end = i + 1
            while end < len(lines) and lines[end].strip() != fence.group(2):
                end += 1
            out.append(code([x[len(fence.group(1)):] for x in lines[i + 1:end]]))
            i = end + 1
        elif heading:
            level = len(heading.group(1))
            out.append(f'<h{level} id="{place(heading.group(2), used)}">{inline(heading.group(2), target)}</h{level}>')
            i += 1
        elif line.startswith("    "):
            end = i
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            out.append(code([x[4:] for x in lines[i:end]]))
            i = end
        elif line.startswith("|") or (i + 1 < len(lines) and re.match(r"^\|[-:| ]+\|$", lines[i + 1])):
            end = i
            while end < len(lines) and lines[end].startswith("|"):
                end += 1
            out.append(table(lines[i:end], target))
            i = end
        elif item:
            kind = "ol" if item.group(2)[0].isdigit() else "ul"
            out.append(f"<{kind}>")
            while i < len(lines) and ITEM.match(lines[i]):
                match = ITEM.match(lines[i])
                indent, body = len(lines[i]) - len(match.group(3)), [match.group(3)]
                i += 1
                while i < len(lines) and (lines[i].startswith(" " * indent) or
                                          (lines[i].strip() and not ITEM.match(lines[i]) and not lines[i].startswith("#")) or
                                          (not lines[i].strip() and i + 1 < len(lines) and
                                           lines[i + 1].startswith(" " * indent))):
                    body.append(lines[i][indent:] if lines[i].startswith(" " * indent) else lines[i])
                    i += 1
                parts = convert("\n".join(body), target)
                if parts.count("<p>") == 1 and parts.startswith("<p>"):
                    parts = parts.replace("<p>", "", 1).replace("</p>", "", 1)
                out.append(f"<li>{parts}</li>")
                while i + 1 < len(lines) and not lines[i].strip() and ITEM.match(lines[i + 1]):
                    i += 1
            out.append(f"</{kind}>")
        else:
            end = i
            while end < len(lines) and lines[end].strip() and not lines[end].startswith(("#", "|", "```")) and \
                    (end == i or not ITEM.match(lines[end])):
                end += 1
            out.append("<p>" + inline("\n".join(lines[i:end]), target) + "</p>")
            i = end
    return "\n".join(out)
