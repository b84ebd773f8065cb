#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test_cli.py PROGRAM [unittest arguments]: runs every command of the program and looks at what it answers."""

import pathlib
import sys
import unittest

import support


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: test_cli.py PROGRAM [unittest arguments]")
    support.program = str(pathlib.Path(sys.argv[1]).resolve())
    here = str(pathlib.Path(__file__).resolve().parent)
    names = sys.argv[2:]
    loader = unittest.defaultTestLoader
    suite = loader.loadTestsFromNames(names) if names else loader.discover(here, "check_*.py")
    if suite.countTestCases() == 0:
        sys.exit("no test was found")
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    sys.exit(not result.wasSuccessful())


if __name__ == "__main__":
    main()
