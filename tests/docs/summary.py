#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The last line of tests/run counts what happened: tests/summary.py on made-up logs."""

import json
import pathlib
import subprocess
import sys
import tempfile

SUMMARY = pathlib.Path(__file__).resolve().parents[1] / "summary.py"
CMOCKA = "[==========] Running 3 test(s).\n[  PASSED  ] %d test(s).\n"

CASES = [
    # records of one log, last line, exit status
    ([{"result": "OK", "stdout": "fine"}], "1 passed, 0 failed", 0),
    ([{"result": "EXPECTEDFAIL"}, {"result": "UNEXPECTEDPASS"}], "1 passed, 1 failed", 1),
    ([{"result": "TIMEOUT"}, {"result": "ERROR"}, {"result": "FAIL"}], "0 passed, 3 failed", 1),
    ([{"result": "SKIP", "stdout": "no second processor"}, {"result": "OK"}], "1 passed, 0 failed, 1 skipped", 0),
    ([{"result": "OK", "stdout": CMOCKA % 3}], "3 passed, 0 failed", 0),
    ([{"result": "FAIL", "stdout": CMOCKA % 1, "stderr": "x[  FAILED  ] 2 test(s), listed below:\n"}],
     "1 passed, 2 failed", 1),
    ([{"result": "OK", "stdout": CMOCKA % 2, "stderr": "[  SKIPPED ] 1 test(s), listed below:\n"}],
     "2 passed, 0 failed, 1 skipped", 0),
    ([{"result": "FAIL", "stdout": CMOCKA % 3}], "3 passed, 1 failed", 1),  # a leak, told after the tests
    ([{"result": "OK", "stdout": "[==========] Running 0 test(s).\n[  PASSED  ] 0 test(s).\n"}],
     "0 passed, 1 failed", 1),
    ([{"result": "OK", "stderr": "...\nRan 62 tests in 4.2s\n\nOK (skipped=2)\n"}], "60 passed, 0 failed, 2 skipped", 0),
    ([{"result": "FAIL", "stderr": "...\nRan 9 tests in 4.2s\n\nFAILED (failures=1, errors=2)\n"}],
     "6 passed, 3 failed", 1),
    ([], "0 passed, 1 failed", 1),
]


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "testlog.json")
        for number, (records, line, status) in enumerate(CASES):
            path.write_text("".join(json.dumps({"name": f"case {number}", **record}) + "\n" for record in records),
                            encoding="utf-8")
            result = subprocess.run([sys.executable, str(SUMMARY), str(path)], capture_output=True, text=True,
                                    check=False)
            if result.stdout.splitlines()[-1] != line or result.returncode != status:
                sys.exit(f"case {number}: expected '{line}' and {status}, got {result.returncode}:\n"
                         f"{result.stdout}{result.stderr}")
    print(f"{len(CASES)} cases")


if __name__ == "__main__":
    main()
