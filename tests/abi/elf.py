#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""elf.py LIBRARY SONAME BUILD release|debug: what the shared library asks of the system, and what it never calls."""

import re
import subprocess
import sys

NEEDED = {"libc.so.6", "libm.so.6", "libz.so.1", "libgomp.so.1", "ld-linux-x86-64.so.2", "libpthread.so.0"}
CLANG_OPENMP = "libomp.so.5"  # lies beside the compiler, so the build adds a search path for it
NEEDED_ONEDNN = {"libdnnl.so.2", "libdnnl.so.3", "libstdc++.so.6", "libgcc_s.so.1"}

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


def main():
    library, soname, onednn, build = sys.argv[1:5]
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

    print("\n".join(wrong) if wrong else f"needs {sorted(needed)}; {len(undefined)} undefined symbols, none forbidden")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
