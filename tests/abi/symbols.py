#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""symbols.py LIBRARY CC...: exported symbols == functions of the public headers == names of the version map, and
every public struct, member and constant is pinned by layout.c, every struct that may grow tried by structs.c.

Before the library is looked at, two small libraries that break the rule must be found out.
"""

import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import public  # noqa: E402
import surface  # noqa: E402


def exported(library):
    output = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    names = {}
    for line in output.splitlines():
        _address, kind, name = line.split()
        if kind == "A":  # the name of a version node
            continue
        base, _, version = name.partition("@")
        names[base] = (kind, version.lstrip("@"))
    return names


def mapped(path):
    """{name: node} of a version map whose nodes list every name."""
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    names = {}
    for node, body in re.findall(r"(\w[\w.]*)\s*\{(.*?)\}", text, re.S):
        section = "global"
        for word in re.findall(r"[\w*?]+\s*[:;]", body):
            name, mark = word[:-1].strip(), word[-1]
            if mark == ":":
                section = name
            elif section == "global":
                names[name] = node
    return names


def compare(library, declared, nodes):
    """Everything that is wrong, as lines."""
    wrong = []
    found = exported(library)
    for name in sorted(set(found) - set(declared)):
        wrong.append(f"exported, but in no public header: {name}")
    for name in sorted(set(declared) - set(found)):
        wrong.append(f"in a public header, but not exported: {name}")
    for name in sorted(set(nodes) - set(declared)):
        wrong.append(f"in the version map, but in no public header: {name}")
    for name in sorted(set(declared) - set(nodes)):
        wrong.append(f"in a public header, but not in the version map: {name}")
    for name, (kind, version) in sorted(found.items()):
        if not name.startswith("seqd_"):
            wrong.append(f"exported without the prefix seqd_: {name}")
        if kind != "T":
            wrong.append(f"{name} is of kind {kind}; only functions are exported")
        if name in nodes and version != nodes[name]:
            wrong.append(f"{name} has version '{version}', the map says '{nodes[name]}'")
    return wrong


def control(compiler, source, map_text, declared, expect):
    """Builds a small wrong library and answers whether the comparison says what is expected."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("wrong.c", "wrong.map", "libwrong.so")]
        for path, text in zip(paths, (source, map_text)):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        subprocess.run([*compiler, "-shared", "-fPIC", "-o", paths[2], paths[0],
                        "-Wl,--version-script=" + paths[1]], check=True)
        wrong = compare(paths[2], declared, mapped(paths[1]))
    if not any(expect in line for line in wrong):
        print(f"the check did not notice: {expect} (said {wrong})")
        return False
    return True


def unpinned(layout, tested):
    """What layout.c does not pin, and structs that structs.c does not try in other sizes."""
    missing = []
    for name in surface.constants(public.INCLUDE):
        if f"CODE({name}, " not in layout:
            missing.append(f"layout.c does not pin {name}")
    for header, text in surface.texts(public.INCLUDE).items():
        for name, body in re.findall(r"struct (\w+) \{(.*?)\n\}", text, re.S):
            kind = name if name.startswith("seqd_") else "struct " + name
            for member in surface.members(body):
                member = re.search(r"\(\*(\w+)\)|(\w+)(?:\[\w+\])?$", member)
                member = member.group(1) or member.group(2)
                if f"AT({kind}, {member}, " not in layout:
                    missing.append(f"layout.c does not pin {name}.{member} of {header}")
    for name in surface.structs(public.INCLUDE):
        if not re.search(rf"RESULT\({name}, |\b{name} (?:full|known);|const {name} \*", tested):
            missing.append(f"structs.c does not try {name}")
    return missing


def read(name):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), encoding="utf-8") as file:
        return file.read()


def main():
    library, compiler = sys.argv[1], sys.argv[2:] or ["cc"]
    one = "int seqd_one(void);\nint seqd_one(void) { return 1; }\n"
    two = one + "int leaked(void);\nint leaked(void) { return 2; }\n"
    good = control(compiler, two, "NODE { global: seqd_one; leaked; local: *; };\n", ["seqd_one"],
                   "in no public header: leaked")
    good &= control(compiler, one, "NODE { global: seqd_one; local: *; };\n", ["seqd_one", "seqd_two"],
                    "not exported: seqd_two")
    good &= control(compiler, one, "NODE { global: seqd_one; local: *; };\n", [], "in no public header: seqd_one")
    if not good:
        return 1
    declared = public.all_declared()
    if len(declared) != len(set(declared)):
        print("declared twice:", sorted({name for name in declared if declared.count(name) > 1}))
        return 1
    layout, tested = read("layout.c"), read("structs.c")
    if (not unpinned(layout.replace("AT(seqd_trial, steps, ", ""), tested) or
            not unpinned(layout.replace("CODE(SEQD_OK, ", ""), tested) or
            not unpinned(layout, tested.replace("RESULT(seqd_trial, ", ""))):
        print("the check did not notice a struct, a member or a constant that is not pinned")
        return 1
    wrong = compare(library, declared, mapped(public.MAP)) + unpinned(layout, tested)
    print("\n".join(wrong) if wrong else f"{len(declared)} functions: headers, map and library agree")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
