#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""model_file.py PROGRAM: reads a model file by docs/model-file.md alone, with Python's standard library."""

import math
import pathlib
import struct
import subprocess
import sys
import tempfile


def crc32c(data):
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, form):
        size = struct.calcsize("<" + form)
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += size
        return values[0] if len(values) == 1 else values

    def text(self):
        return self.take(f"{self.take('I')}s").decode("utf-8")

    def many(self, read):
        return [read() for _ in range(self.take("I"))]

    def done(self):
        assert self.at == len(self.data), (self.at, len(self.data))


def read_sections(data):
    reader = Reader(data)
    magic, form, count, length, crc = reader.take("8sIIQI")
    assert magic == b"SEQDMODL" and form == 1 and count == 5 and length == len(data), (magic, form, count, length)
    table_end = 28 + 24 * count
    assert crc32c(data[:24] + b"\0\0\0\0" + data[28:table_end]) == crc
    sections, expected = {}, table_end
    for _ in range(count):
        kind, crc, offset, length = reader.take("IIQQ")
        assert offset == expected and kind not in sections
        expected = offset + length
        sections[kind] = data[offset:expected]
        assert crc32c(sections[kind]) == crc
    assert expected == len(data)
    return sections


def check(data, options, article_count):
    sections = read_sections(data)
    assert sorted(sections) == [1, 2, 3, 4, 5]

    reader = Reader(sections[1])
    found = dict(reader.many(lambda: (reader.text(), reader.text())))
    reader.done()
    for name, value in options.items():
        assert found[name] == value, (name, found.get(name))
    assert "horizon" in found and "context_length" in found and found["head"] != "auto" and "backend" not in found, found

    reader = Reader(sections[2])
    frequency, _anchor, season, horizon, context, _calendar, stock, scaler, _window = reader.take("9I")
    assert (frequency, season, horizon, context, stock, scaler) == (0, 7, 5, 20, 0, 0)
    scale, _mean, deviation = reader.take("3d")
    assert scale > 0 and deviation > 0
    lags = reader.many(lambda: reader.take("I"))
    assert lags == [7], lags
    known, past, real = [reader.many(lambda: (reader.text(), *reader.take("2d"))) for _ in range(3)]
    assert known == [] and real == [] and [column[0] for column in past] == ["price"], (known, past, real)
    assert math.isclose(past[0][1], 4.5, rel_tol=0.2), past
    categories = reader.many(lambda: (reader.text(), reader.many(reader.text)))
    reader.done()
    assert categories == [("kind", ["a", "b", "c"])], categories

    reader = Reader(sections[3])
    common, fade = reader.take("2d")
    spread = reader.many(lambda: reader.take("d"))
    reader.done()
    assert 0 <= common <= 1 and 0 <= fade < 1 and spread == sorted(spread)

    reader = Reader(sections[4])
    card = dict(reader.many(lambda: (reader.text(), reader.text())))
    reader.done()
    assert card

    reader = Reader(sections[5])
    tensors = {}
    for _ in range(reader.take("I")):
        name, rank, (rows, columns) = reader.text(), reader.take("I"), reader.take("2Q")
        values = reader.take(f"{rows * columns}f")
        assert rank in (1, 2) and (rank == 2 or columns == 1)
        values = values if isinstance(values, tuple) else (values,)
        assert all(math.isfinite(value) for value in values), name
        tensors[name] = (rows, columns)
    reader.done()
    assert tensors["rnn.weight_hh_l0"] == (24, 6), tensors
    assert tensors["rnn.weight_ih_l0"][0] == 24 and tensors["rnn.bias_ih_l0"] == (24, 1), tensors
    print(f"{len(data)} bytes, {len(found)} options, {len(tensors)} tensors, {article_count} articles")


def main():
    with tempfile.TemporaryDirectory() as folder:
        table = pathlib.Path(folder, "sales.csv")
        rows = ["unique_id,ds,y,price,kind"]
        for article in range(4):
            for day in range(90):
                month, date = (day // 30 + 1, day % 30 + 1) if day < 30 or day >= 60 else (2, day % 30 + 1)
                if month == 2 and date > 28:
                    continue
                rows.append(f"article-{article},2023-{month:02d}-{date:02d},{(day * 7 + article) % 9},"
                            f"{4 + (day + article) % 2},{'abca'[article]}")
        table.write_text("\n".join(rows) + "\n", encoding="utf-8")
        options = {"freq": "D", "horizon": "5", "context_length": "20", "hidden_size": "6", "lags": "7",
                   "past_columns": "price", "static_columns": "kind", "max_steps": "5", "scaler": "mean_abs"}
        path = pathlib.Path(folder, "model.seqd")
        settings = [word for name, value in options.items() for word in ("--set", f"{name}={value}")]
        subprocess.run([sys.argv[1], "train", "--data", str(table), *settings, "--out", str(path), "--quiet"], check=True)
        del options["scaler"]  # it is the default, so the file need not name it
        check(path.read_bytes(), {name: options[name] for name in ("horizon", "hidden_size", "context_length")}, 4)


if __name__ == "__main__":
    main()
