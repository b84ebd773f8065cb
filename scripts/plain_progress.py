# SPDX-License-Identifier: Apache-2.0
"""Turns the progress bar of `seqdemand --progress` on standard input into a plain line for every quarter of a task."""

import re
import sys

BAR = re.compile(r"(.*?) *\[[#.]*\] +((\d+) %.*)")


def main():
    last = None
    rest = b""
    while True:
        piece = sys.stdin.buffer.read1(65536)
        *lines, rest = re.split(rb"[\r\n]", rest + piece)
        if not piece:
            lines.append(rest)
        for line in lines:
            text = line.decode("utf-8", "replace").rstrip()
            bar = BAR.fullmatch(text)
            if bar:
                now = (bar.group(1), int(bar.group(3)) // 25)
                if now == last or "loss" not in text:  # what takes no time needs no line
                    continue
                last, text = now, f"  {bar.group(1)}: {bar.group(2)}"
            if text:
                print(text, flush=True)
        if not piece:
            return


main()
