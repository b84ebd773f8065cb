# SPDX-License-Identifier: Apache-2.0
"""What a folder of public headers holds, and a library with debug information that has this interface and no more.

abidw and abidiff read types from debug information, which a release build has not. The definitions of the library
proper cannot differ from the headers: the compiler refuses a definition that disagrees with its declaration or has none
(-Wmissing-prototypes, and warnings are errors), and abi_symbols holds the names. So a library made of the headers alone
has the same interface, within a second, and one of headers with a planted change is as quick.
"""

import os
import re
import subprocess

COMMENT = re.compile(r"/\*.*?\*/", re.S)
FUNCTION = re.compile(r"^SEQD_API\b([^;{]*?\b(\w+)\s*\([^;{]*?\))\s*;", re.S | re.M)
CONSTANT = re.compile(r"^#define (SEQD_\w+|ARROW_FLAG_\w+)[ \t]+(\(?-?\d+\)?)[ \t]*$", re.M)
VERSION = re.compile(r"SEQD_VERSION_|SEQD_MODEL_FORMAT$")
STRUCT = re.compile(r"(?<=^typedef struct )(\w+) \{\n(.*?)\n\} \1;", re.S | re.M)


def texts(include):
    """{name: text without comments} of the public headers below a folder."""
    folder = os.path.join(include, "seqdemand")
    found = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".h"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                found[name] = COMMENT.sub("", file.read())
    return found


def functions(include):
    """{name: declaration without SEQD_API} of all headers."""
    return {name: text for header in texts(include).values() for text, name in FUNCTION.findall(header)}


def constants(include):
    """{name: number} of the macros that are whole numbers; those that change with each version are left out."""
    return {name: int(value.strip("()")) for header in texts(include).values()
            for name, value in CONSTANT.findall(header) if not VERSION.match(name)}


def members(body):
    """The declarations in a struct, each with its white space made one blank."""
    return [" ".join(part.split()) for part in body.split(";") if part.strip()]


def structs(include):
    """{name: members} of the structs that may grow: those that begin with struct_size."""
    found = {name: members(body) for header in texts(include).values() for name, body in STRUCT.findall(header)}
    return {name: parts for name, parts in found.items() if parts[0] == "uint32_t struct_size"}


def build(include, compiler, folder):
    """Path of the library, made in `folder`."""
    text, library = os.path.join(folder, "surface.c"), os.path.join(folder, "libsurface.so")
    with open(text, "w", encoding="utf-8") as file:
        file.write("#include <seqdemand/seqdemand.h>\n")
        for declaration in functions(include).values():
            nothing = re.match(r"\s*void\s+\w+\s*\(", declaration)
            file.write(declaration.strip() + (" {}\n" if nothing else " { return 0; }\n"))
    subprocess.run([*compiler, "-std=c11", "-g", "-O0", "-w", "-fPIC", "-shared", "-I" + include, "-o", library, text],
                   check=True)
    return library
