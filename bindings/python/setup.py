# SPDX-License-Identifier: Apache-2.0
"""Builds the shared library with meson and puts it beside the modules.

SEQDEMAND_LIBRARY=/path/libseqdemand.so.0 takes that library instead; SEQDEMAND_MESON_ARGS adds arguments of meson setup.
"""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NAME = "libseqdemand.so.0"


def version():
    header = (ROOT / "include" / "seqdemand" / "version.h").read_text()
    numbers = [re.search(rf"#define SEQD_VERSION_{part} (\d+)", header).group(1) for part in ("MAJOR", "MINOR", "PATCH")]
    return ".".join(numbers)


def build_library(folder):
    arguments = ["--buildtype=release", "-Dtests=disabled", "-Dbindings=false", "-Dexamples=false",
                 "-Donednn=disabled", "-Dstrip=true"] + os.environ.get("SEQDEMAND_MESON_ARGS", "").split()
    meson = [sys.executable, "-m", "mesonbuild.mesonmain"]
    if not (folder / "build.ninja").exists():
        subprocess.check_call(meson + ["setup", str(folder), str(ROOT)] + arguments)
    subprocess.check_call(meson + ["compile", "-C", str(folder)])
    return (folder / "lib" / "api" / NAME).resolve()


class Build(build_py):
    def run(self):
        super().run()
        given = os.environ.get("SEQDEMAND_LIBRARY")
        if self.editable_mode:
            target = HERE / "src" / "seqdemand" / NAME
        else:
            target = Path(self.build_lib) / "seqdemand" / NAME
        library = Path(given) if given else build_library(Path(self.get_finalized_command("build").build_temp) / "library")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(library, target)


class Binary(Distribution):
    """A wheel of one platform: it holds a shared library, but no extension of any Python version."""

    def has_ext_modules(self):
        return True



def commands():
    found = {"build_py": Build}
    try:
        from setuptools.command.bdist_wheel import bdist_wheel
    except ImportError:
        from wheel.bdist_wheel import bdist_wheel

    class Wheel(bdist_wheel):
        def get_tag(self):
            return "py3", "none", super().get_tag()[2]

    found["bdist_wheel"] = Wheel
    return found


setup(version=version(), cmdclass=commands(), distclass=Binary)
