#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""elf.py LIBRARY SONAME ONEDNN release|debug CC...: what the library asks of the system, and what it never calls.

Before the library is looked at, small libraries that break a rule each must be found out.
"""

import os
import platform
import re
import subprocess
import sys
import tempfile

NEEDED = {"libc.so.6", "libm.so.6", "libz.so.1", "libgomp.so.1", "ld-linux-x86-64.so.2", "libpthread.so.0"}
CLANG_OPENMP = "libomp.so.5"  # lies beside the compiler, so the build adds a search path for it
NEEDED_ONEDNN = {"libdnnl.so.2", "libdnnl.so.3", "libstdc++.so.6", "libgcc_s.so.1"}

# The newest version of a symbol that the library asks for, by the name before the number: it runs on every system that
# has these, which is glibc 2.34 (2021) and newer. A newer glibc than that of the system the figures were taken on
# (Debian 12) may give functions we call a newer version, which says nothing about us: there they are told, not held.
CEILINGS = {"GLIBC": (2, 34), "GLIBCXX": (3, 4), "CXXABI": (1, 3, 2), "GCC": (3, 0), "GOMP": (4, 0), "OMP": (1, 0)}
MEASURED_ON = (2, 36)
CLANG_OPENMP_VERSION = "VERSION"  # that of libomp's symbols

# A library that an application embeds does none of this.
FORBIDDEN = {
    "ends the process": "abort exit _exit _Exit quick_exit __assert_fail raise kill",
    "prints": "printf __printf_chk fprintf __fprintf_chk vprintf vfprintf __vfprintf_chk puts putchar fputs fputc perror "
              "stdout stderr dprintf __dprintf_chk psignal",
    "follows the locale": "setlocale uselocale newlocale strtod strtof strtold atof scanf sscanf __isoc99_sscanf fscanf "
                          "isdigit isalpha isspace isalnum tolower toupper strcoll strftime __ctype_b_loc "
                          "__ctype_tolower_loc __ctype_toupper_loc localeconv",
    "changes signals": "signal sigaction sigprocmask bsd_signal sigset alarm setitimer",
    "changes the environment": "setenv putenv unsetenv clearenv environ chdir umask",
    "changes floating-point state": "fesetround feenableexcept feholdexcept",
    "is not reentrant": "strtok rand srand random localtime gmtime ctime asctime getpwnam strerror tmpnam",
    "runs other programs": "system popen fork execve execl execlp execvp posix_spawn",
}
# Signals may be held back from worker threads while they are made, with the mask put back: pthread_sigmask is allowed.


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def numbers(text):
    return tuple(int(part) for part in text.split("."))


def asked(library):
    """{name: highest version} of the symbols that other libraries have to bring."""
    highest = {}
    for line in run("nm", "-D", "--undefined-only", library).splitlines():
        match = re.search(r"@@?([A-Za-z]+)_?([0-9][0-9.]*)?$", line.split()[-1])
        if match and match.group(2):
            highest[match.group(1)] = max(highest.get(match.group(1), (0,)), numbers(match.group(2)))
    return highest


def too_new(library):
    wrong = []
    found = asked(library)
    if "GLIBC" not in found:
        wrong.append(f"the versions of symbols were not understood: {found}")
    for name, version in sorted(found.items()):
        if name == CLANG_OPENMP_VERSION:
            continue
        if version > CEILINGS.get(name, (0,)):
            highest = CEILINGS.get(name, "any allowed")
            wrong.append(f"asks for {name}_{'.'.join(map(str, version))}, newer than {highest}")
    return wrong


def check(library, soname, onednn, build):
    """Everything that is wrong, as lines."""
    wrong = []
    dynamic = run("readelf", "-dW", library)
    needed = set(re.findall(r"\(NEEDED\).*\[(.*?)\]", dynamic))
    allowed = NEEDED | {CLANG_OPENMP} | (NEEDED_ONEDNN if onednn != "no" else set())
    if needed - allowed:
        wrong.append(f"needs {sorted(needed - allowed)}")
    if "libc.so.6" not in needed:
        wrong.append(f"the list of needed libraries was not understood: {sorted(needed)}")
    found = re.findall(r"\(SONAME\).*\[(.*?)\]", dynamic)
    if found != [soname]:
        wrong.append(f"soname {found}, expected {soname}")
    if not re.search(r"FLAGS_1\).*\bNODELETE\b", dynamic):
        wrong.append("not linked -z nodelete")
    if not re.search(r"FLAGS_1\).*\bNOW\b", dynamic):
        wrong.append("not linked -z now")
    if "TEXTREL" in dynamic:
        wrong.append("has text relocations")
    if re.search(r"\((RPATH|RUNPATH)\)", dynamic) and CLANG_OPENMP not in needed:
        wrong.append("carries a search path")

    segments = run("readelf", "-lW", library)
    stack = re.search(r"GNU_STACK\s+.*\s([RWE ]{2,3})\s+0x", segments)
    if not stack or "E" in stack.group(1):
        wrong.append("executable stack")
    if "GNU_RELRO" not in segments:
        wrong.append("no RELRO")
    if re.search(r"LOAD\s+.*\sRWE\s", segments):
        wrong.append("a segment that is writable and executable")

    undefined = set()
    for line in run("nm", "-D", "--undefined-only", library).splitlines():
        undefined.add(line.split()[-1].partition("@")[0])
    if "memcpy" not in undefined and "memset" not in undefined:
        wrong.append("the list of undefined symbols was not understood")
    for what, names in FORBIDDEN.items():
        for name in sorted(set(names.split()) & undefined):
            if build == "debug" and name == "__assert_fail":
                continue
            wrong.append(f"{what}: {name}")

    return wrong


# Each with what must be said of it.
GOOD = ["-Wl,-soname,libwrong.so.0", "-Wl,-z,nodelete", "-Wl,-z,relro", "-Wl,-z,now", "-Wl,-z,noexecstack"]
PLANTED = {
    "needs ['libresolv.so.2']": ("", [*GOOD, "-Wl,--no-as-needed", "-lresolv"]),
    "soname ['libother.so.7']": ("", ["-Wl,-soname,libother.so.7", *GOOD[1:]]),
    "not linked -z nodelete": ("", [GOOD[0], *GOOD[2:]]),
    "not linked -z now": ("", [*GOOD[:3], "-Wl,-z,lazy", GOOD[4]]),
    "no RELRO": ("", [*GOOD, "-Wl,-z,norelro"]),
    "executable stack": ("", [*GOOD, "-Wl,-z,execstack"]),
    "carries a search path": ("", [*GOOD, "-Wl,-rpath,/nowhere"]),
    "ends the process: abort": ("#include <stdlib.h>\nvoid end(void);\nvoid end(void) { abort(); }\n", GOOD),
    "prints: puts": ("#include <stdio.h>\nvoid say(void);\nvoid say(void) { puts(\"x\"); }\n", GOOD),
    "follows the locale: strtod": ("#include <stdlib.h>\ndouble number(const char *t);\n"
                                   "double number(const char *t) { return strtod(t, 0); }\n", GOOD),
}
NEWER = ('__asm__(".symver newer, newer@GLIBC_2.99");\nvoid newer(void);\nvoid *ask(void);\n'
         "void *ask(void) { newer(); return 0; }\n")
BODY = "#include <string.h>\nvoid *seqd_copy(void *to, const void *from, size_t n);\n" \
       "void *seqd_copy(void *to, const void *from, size_t n) { return memcpy(to, from, n); }\n"


def planted(compiler, text, flags, folder):
    source, library = os.path.join(folder, "wrong.c"), os.path.join(folder, "libwrong.so")
    with open(source, "w", encoding="utf-8") as file:
        file.write(BODY + text)
    subprocess.run([*compiler, "-O1", "-fPIC", "-shared", "-o", library, source, *flags], check=True)
    return library


def control(compiler):
    """How many planted faults are not found."""
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        clean = check(planted(compiler, "", GOOD, folder), "libwrong.so.0", "no", "release")
        if clean:
            print(f"complained of a library without a fault: {clean}")
            missed += 1
        for what, (text, flags) in PLANTED.items():
            found = check(planted(compiler, text, flags, folder), "libwrong.so.0", "no", "release")
            if len(found) != 1 or not found[0].startswith(what):
                print(f"planted: {what}, found: {found}")
                missed += 1
        newer = os.path.join(folder, "libnewer.so")
        with open(newer + ".c", "w", encoding="utf-8") as file:
            file.write("void newer(void);\nvoid newer(void) { }\n")
        with open(newer + ".map", "w", encoding="utf-8") as file:
            file.write("GLIBC_2.99 { global: newer; local: *; };\n")
        subprocess.run([*compiler, "-fPIC", "-shared", "-o", newer, newer + ".c",
                        "-Wl,--version-script=" + newer + ".map"], check=True)
        found = too_new(planted(compiler, NEWER, [*GOOD, newer], folder))
        if found != ["asks for GLIBC_2.99, newer than (2, 34)"]:
            print(f"planted: GLIBC_2.99, found: {found}")
            missed += 1
    return missed


def main():
    library, soname, onednn, build = sys.argv[1:5]
    missed = control(sys.argv[5:] or ["cc"])
    wrong = check(library, soname, onednn, build)
    here = numbers(platform.libc_ver()[1] or "0")
    newer = too_new(library)
    if here <= MEASURED_ON:
        wrong += newer
    elif newer:
        print(f"glibc {here} is newer than {MEASURED_ON}; not held against the library:", *newer, sep="\n    ")
    needed = sorted(re.findall(r"\(NEEDED\).*\[(.*?)\]", run("readelf", "-dW", library)))
    versions = " ".join(f"{name}_{'.'.join(map(str, version))}" for name, version in sorted(asked(library).items()))
    print("\n".join(wrong) if wrong else f"needs {needed}; at most {versions}; nothing forbidden")
    print(f"{len(PLANTED) + 1} planted faults, {missed} missed")
    return 1 if wrong or missed else 0


if __name__ == "__main__":
    sys.exit(main())
