#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the source to the rules that a compiler does not check: who may include whom, what only one file may do, what
the library never calls, and that every public function is tested and documented. CONTRIBUTING.md states the rules.

Every rule carries a line that breaks it; before the tree is read, each rule must find its own line.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "abi"))
import public  # noqa: E402

# Folder: folders below it whose headers it may include, besides its own and include/seqdemand.
NETWORK = ["kernels", "lib/core", "lib/data", "lib/backend", "lib/forecast", "lib/nn"]
FLOORS = {
    "kernels": [],
    "lib/core": [],
    "lib/data": ["lib/core"],
    "lib/backend": ["kernels", "lib/core"],
    "lib/forecast": ["lib/core"],
    "lib/nn": ["kernels", "lib/core", "lib/data", "lib/backend", "lib/forecast"],
    "lib/optim": ["kernels", "lib/core", "lib/backend"],
    "lib/model": NETWORK + ["lib/optim"],
    "lib/train": NETWORK + ["lib/optim", "lib/model"],
    "lib/infer": NETWORK + ["lib/optim", "lib/model"],
    "lib/eval": ["lib/core", "lib/data", "lib/forecast"],
    "lib/inventory": ["lib/core", "lib/forecast"],
    "lib/api": NETWORK + ["lib/optim", "lib/model", "lib/train", "lib/infer", "lib/eval", "lib/inventory"],
    "bindings/cli": [],
    "examples": [],
    "pkgconfig": [],
}
# The kernels know nothing of the library, not even its public header.
NO_PUBLIC_HEADER = {"kernels"}

LIBRARY = ("kernels/", "lib/")


class Rule:
    """`pattern` may only be found in code (no comments, no strings) of files whose path matches `allowed`."""

    def __init__(self, what, pattern, breaks, allowed=None, where=LIBRARY, strings=False):
        self.what = what
        self.pattern = re.compile(pattern)
        self.breaks = breaks
        self.allowed = re.compile(allowed) if allowed else None
        self.where = where
        self.strings = strings

    def applies(self, path):
        return path.startswith(self.where) and not (self.allowed and self.allowed.fullmatch(path))

    def find(self, text):
        return [match.group(0).strip() for match in self.pattern.finditer(strip(text, self.strings))]


def calls(names):
    return r"(?<![\w.>])(?:" + "|".join(names.split()) + r")\s*\("


RULES = [
    Rule("intrinsics outside kernels/avx2 and kernels/avx512", r"\b(?:\w*intrin\.h|_mm\d*_\w+|__m\d+\w*)", "__m256 x = _mm256_setzero_ps();",
         r"kernels/avx(2|512)/.*"),
    Rule("OpenMP outside lib/core/parallel.c", r"#\s*pragma\s+omp|\bomp\.h|\bomp_\w+\s*\(", "#pragma omp parallel for",
         r"lib/core/parallel\.c"),
    Rule("oneDNN outside lib/backend/onednn.c", r"\bdnnl_\w+|\bdnnl\.h", "dnnl_engine_t engine;",
         r"lib/backend/onednn[\w.]*"),
    Rule("opens files outside lib/core/file*.c", calls("fopen fdopen freopen open openat creat gzopen gzdopen mkstemp "
                                                      "tmpfile opendir"), "file = fopen(path, mode);",
         r"lib/core/file\w*\.c"),
    Rule("prints", calls("printf fprintf vprintf vfprintf puts fputs putchar putc fputc perror dprintf vdprintf psignal")
         + r"|\b(?:stdout|stderr)\b", 'printf("x");'),
    Rule("ends the process", calls("abort exit _exit _Exit quick_exit raise kill __builtin_trap __builtin_abort"),
         "abort();"),
    Rule("follows the locale", calls("setlocale uselocale newlocale localeconv strtod strtof strtold atof sscanf fscanf "
                                     "isdigit isalpha isspace isalnum isupper islower ispunct isprint iscntrl isxdigit "
                                     "tolower toupper strcasecmp strncasecmp strcoll strxfrm strftime wcstombs mbstowcs"),
         "value = strtod(text, &end);"),
    Rule("formats a number with a fraction, which follows the locale", r"%[-+ #0-9.*]*(?:l|L)?[aefgAEFG]\b(?!\w)",
         'seqd_fail(error, 1, "is %.3f", x);', strings=True),
    Rule("unchecked text functions", calls("strcpy strcat sprintf vsprintf gets strtok atoi atol atoll"),
         "strcpy(a, b);"),
    Rule("memory outside lib/core", calls("malloc calloc realloc free aligned_alloc posix_memalign memalign strdup "
                                          "strndup mmap"), "p = malloc(4);", r"lib/core/(alloc|context)\.c"),
    Rule("stack memory of variable size", calls("alloca __builtin_alloca"), "p = alloca(n);"),
    Rule("thread-local state", r"\b(?:_Thread_local|__thread|thread_local)\b", "static _Thread_local int last;"),
    Rule("reads the environment", calls("getenv secure_getenv setenv putenv unsetenv"), 'getenv("X");'),
    Rule("changes what belongs to the host", calls("signal sigaction sigprocmask alarm umask chdir fesetround "
                                                   "srand rand random system popen fork"), "signal(SIGINT, f);"),
    Rule("floating-point state outside the two places that set the default for our sums and put the host's back",
         calls("fesetenv feupdateenv feholdexcept feenableexcept _mm_setcsr __builtin_ia32_ldmxcsr") + r"|\bldmxcsr\b",
         "fesetenv(&env);", r"lib/core/parallel\.c|lib/api/api\.h"),
    Rule("randomness that is not ours", calls("arc4random getrandom random_r drand48"), "getrandom(p, 4, 0);"),
    Rule("threads outside lib/core/parallel.c", calls("pthread_create thrd_create"), "pthread_create(&t, 0, f, 0);",
         r"lib/core/parallel\.c"),
    Rule("a type that differs between platforms, in a public header", r"\b(?:long|bool|_Bool|FILE|time_t|va_list|wchar_t)"
         r"\b|\.\.\.|:\s*\d+\s*;|\benum\b", "long f(void);", where=("include/",)),
]
FAST_MATH = re.compile(r"-ffast-math|-Ofast|-funsafe-math|-fassociative-math|-ffinite-math-only")


def strip(text, keep_strings=False):
    """Code without comments and, unless asked for, without the inside of strings (an #include line keeps its name)."""
    def replace(match):
        found = match.group(0)
        if found.startswith("/"):
            return "\n" * found.count("\n") or " "
        if found.startswith("#"):
            return found
        return found if keep_strings else found[0] * 2
    return re.sub(r'#\s*include[^\n]*|/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', replace, text,
                  flags=re.S)


def folder_of(path):
    """The row of FLOORS that a file belongs to, or None."""
    parts = path.split("/")
    for length in range(len(parts) - 1, 0, -1):
        name = "/".join(parts[:length])
        if name in FLOORS:
            return name
    return None


def wrong_includes(path, text, homes):
    """Lines of `text` that reach beside or above; `homes` maps a header's file name to the folders that have one."""
    folder = folder_of(path)
    if folder is None:
        return []
    wrong = []
    for quoted, name in re.findall(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', text, re.M):
        if name.startswith("seqdemand/"):
            if folder in NO_PUBLIC_HEADER:
                wrong.append(f"{folder} must not include <{name}>")
            continue
        base = name.split("/")[-1]
        if quoted == "<" and base not in homes:
            continue
        if quoted == "<":
            wrong.append(f"<{name}> is a header of the library, write \"{name}\"")
            continue
        where = homes.get(base, set())
        if not where:
            wrong.append(f'"{name}" is in no folder of the floors')
        elif not where & ({folder} | set(FLOORS[folder])):
            wrong.append(f'{folder} must not include "{name}" of {", ".join(sorted(where))}')
    return wrong


def sources(*folders):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".c", ".h", ".cpp", ".cc", ".inc", ".S") and path.is_file():
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def check_controls():
    wrong = []
    for rule in RULES:
        if not rule.find(rule.breaks):
            wrong.append(f"control: '{rule.what}' does not find {rule.breaks!r}")
        if rule.find(f"/* {rule.breaks} */"):
            wrong.append(f"control: '{rule.what}' is found in a comment")
    homes = {"nn.h": {"lib/nn"}, "status.h": {"lib/core"}, "cli.h": {"bindings/cli"}}
    if not wrong_includes("lib/data/x.c", '#include "nn.h"\n', homes):
        wrong.append("control: an include upwards is not found")
    if wrong_includes("lib/data/x.c", '#include "status.h"\n#include <stdio.h>\n', homes):
        wrong.append("control: an include downwards is found fault with")
    if not wrong_includes("bindings/cli/x.c", '#include "status.h"\n', homes):
        wrong.append("control: a binding that reaches into the library is not found")
    if not wrong_includes("kernels/x.c", "#include <seqdemand/base.h>\n", homes):
        wrong.append("control: a kernel that knows the public header is not found")
    return wrong


def check_sources():
    wrong = []
    everything = dict(sources("include", "kernels", "lib", "bindings", "examples", "pkgconfig", "tests", "benchmarks"))
    if not any(path.startswith("lib/core/") for path in everything):
        wrong.append("no source files found")
    homes = {}
    for path in everything:
        if path.endswith((".h", ".inc")) and folder_of(path):
            homes.setdefault(path.split("/")[-1], set()).add(folder_of(path))
    for path, text in everything.items():
        if "SPDX-License-Identifier: Apache-2.0" not in "\n".join(text.splitlines()[:2]):
            wrong.append(f"{path}: no licence line at its head")
        wrong += [f"{path}: {line}" for line in wrong_includes(path, text, homes)]
        for rule in RULES:
            if rule.applies(path):
                wrong += [f"{path}: {rule.what}: {found}" for found in rule.find(text)]
    for path in sorted(ROOT.rglob("meson.build")):
        name = path.relative_to(ROOT)
        if not name.parts[0].startswith("build") and FAST_MATH.search(path.read_text(encoding="utf-8")):
            wrong.append(f"{name}: asks for arithmetic that is not IEEE")
    return wrong


def check_coverage():
    """Every public function is called by a test, and stands in the reference."""
    tests = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").rglob("*.c")))
    called = set(re.findall(r"\b(seqd_\w+)\s*\(", strip(tests)))
    reference = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"\b(seqd_\w+)\b", reference))
    wrong = []
    for name in public.all_declared():
        if name not in called:
            wrong.append(f"no test calls {name}")
        if name not in documented:
            wrong.append(f"docs/reference.md does not know {name}")
    return wrong


def check_areas():
    """Every folder of tests is part of the suite."""
    text = (ROOT / "tests" / "meson.build").read_text(encoding="utf-8")
    return [f"tests/meson.build leaves out tests/{path.parent.name}"
            for path in sorted((ROOT / "tests").glob("*/meson.build")) if f"'{path.parent.name}'" not in text]


def main():
    wrong = check_controls() + check_sources() + check_coverage() + check_areas()
    for line in wrong:
        print(line)
    print(f"{len(RULES)} rules, {len(wrong)} findings")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
