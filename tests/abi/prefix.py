#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""prefix.py ARCHIVE...: every symbol that one object file shows to another starts with seqd_.

A program that links the library statically would otherwise meet our names beside its own.
"""

import re
import subprocess
import sys


def main():
    wrong = []
    count = 0
    for archive in sys.argv[1:]:
        output = subprocess.run(["nm", "-g", "--defined-only", archive], capture_output=True, text=True,
                                check=True).stdout
        for line in output.splitlines():
            match = re.fullmatch(r"[0-9a-f]+ ([A-Za-z]) (\S+)", line)
            if not match:
                continue
            count += 1
            if not match.group(2).startswith("seqd_") and match.group(1) not in "WwVv":  # weak: what C++ brings, too
                wrong.append(f"{archive}: {match.group(2)}")
    if count < 100:
        wrong.append(f"only {count} symbols found: the archives were not understood")
    print("\n".join(wrong) if wrong else f"{count} symbols, all with the prefix")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
