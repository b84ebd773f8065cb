#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up meson test logs: tests/summary.py LOG... prints what failed or was skipped, then `N passed, N failed`.

A cmocka or unittest program counts as the tests it holds, anything else as one. A program that ended badly counts as at least one
failure, whatever it printed; one that holds tests and ran none is a failure too.
"""

import json
import re
import sys

STARTED = re.compile(r"^\[==========\] .*Running (\d+) test", re.M)
ENDED = re.compile(r"\[  (PASSED|FAILED|SKIPPED)\s*\] (\d+) test\(s\)")

UNITTEST = re.compile(r"^Ran (\d+) tests? in .*\n+(?:OK|FAILED)(?: \((.*)\))?", re.M)


def count_unittest(match):
    numbers = dict(re.findall(r"(failures|errors|skipped|unexpected successes)=(\d+)", match.group(2) or ""))
    skipped = int(numbers.pop("skipped", 0))
    failed = sum(int(number) for number in numbers.values())
    return int(match.group(1)) - failed - skipped, failed, skipped


def count(record):
    """(passed, failed, skipped) of one test program."""
    result = record["result"]
    output = record.get("stdout", "") + record.get("stderr", "")
    if result == "SKIP":
        return 0, 0, 1
    good = result in ("OK", "EXPECTEDFAIL")
    unittest = UNITTEST.search(output)
    if unittest:
        passed, failed, skipped = count_unittest(unittest)
    elif STARTED.search(output):
        sums = {"PASSED": 0, "FAILED": 0, "SKIPPED": 0}
        for word, number in ENDED.findall(output):
            sums[word] += int(number)
        passed, failed, skipped = sums["PASSED"], sums["FAILED"], sums["SKIPPED"]
    else:
        return (1, 0, 0) if good else (0, 1, 0)
    if not good:
        failed = max(failed, 1)
    elif passed + failed + skipped == 0:
        failed = 1
    return passed, failed, skipped


def main():
    total = [0, 0, 0]
    records = 0
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            for line in file:
                record = json.loads(line)
                records += 1
                numbers = count(record)
                total = [a + b for a, b in zip(total, numbers)]
                where = path.split("/")[0]
                if numbers[1]:
                    print(f"failed: {record['name']} ({where}, {record['result']})")
                if numbers[2]:
                    reason = record.get("stdout", "").strip().splitlines()[-1:] or ["no reason given"]
                    print(f"skipped: {record['name']} ({where}): {reason[0]}")
    if records == 0:
        total[1] += 1
        print("failed: no test ran at all")
    passed, failed, skipped = total
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
