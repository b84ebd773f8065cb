#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""consumer.py BUILD_FOLDER: installs into a temporary folder and builds pkgconfig/consumer against what is there."""

import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    build = sys.argv[1]
    with tempfile.TemporaryDirectory() as temporary:
        destination = pathlib.Path(temporary, "installed")
        subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", str(destination)],
                       check=True)
        found = list(destination.rglob("seqdemand.pc"))
        if len(found) != 1:
            sys.exit(f"expected one seqdemand.pc, found {found}")
        text = found[0].read_text(encoding="utf-8")
        version = subprocess.run(["sh", str(ROOT / "pkgconfig/version.sh"), "full"], capture_output=True, text=True,
                                 check=True).stdout.strip()
        if f"Version: {version}\n" not in text:
            sys.exit(f"the version is not {version}:\n{text}")
        installed = {path.name for path in destination.rglob("*.h")}
        expected = {path.name for path in (ROOT / "include/seqdemand").glob("*.h")}
        if installed != expected:
            sys.exit(f"installed headers differ: {sorted(installed ^ expected)}")

        environment = dict(os.environ)
        environment["PKG_CONFIG_PATH"] = os.pathsep.join(
            [str(found[0].parent)] + [path for path in [environment.get("PKG_CONFIG_PATH")] if path])
        out = pathlib.Path(temporary, "out")
        out.mkdir()
        subprocess.run(["sh", str(ROOT / "pkgconfig/consumer/build.sh"), str(out)], check=True, env=environment)

        # The programs must have met the installed library, by its soname, not one of the build folder.
        libraries = [path for path in destination.rglob("libseqdemand.so.0") if path.exists()]
        if len(libraries) != 1:
            sys.exit(f"expected one libseqdemand.so.0, found {libraries}")
        needed = subprocess.run(["readelf", "-dW", str(out / "consumer_c99")], capture_output=True, text=True,
                                check=True).stdout
        if "[libseqdemand.so.0]" not in needed:
            sys.exit("the program does not need libseqdemand.so.0")
        dynamic = subprocess.run(["readelf", "-dW", str(libraries[0])], capture_output=True, text=True,
                                 check=True).stdout
        if "RUNPATH" in dynamic and "[libomp.so.5]" not in dynamic:  # clang's OpenMP lies beside the compiler
            sys.exit("the installed library carries a search path")
    return 0


if __name__ == "__main__":
    sys.exit(main())
