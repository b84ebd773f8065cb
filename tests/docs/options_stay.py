#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Options of a release stay, as docs/upgrading.md promises.

    options_stay.py PROGRAM            compares the option table with tests/docs/options-*.csv, one for each release
    options_stay.py PROGRAM --record   writes the file of this version: with a release, never after it

A name stays, with its type; what a choice or a range accepted is accepted; and the defaults of the groups data and model
are the same, because a model file leaves out what was not set.
"""

import csv
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
FIELDS = ["name", "type", "group", "default", "choices", "minimum", "maximum"]


def read_table(program):
    text = subprocess.run([program, "describe", "--json"], capture_output=True, text=True, check=True).stdout
    rows = [{field: row[field] for field in FIELDS} for row in json.loads(text)["options"]]
    for row in rows:
        row["choices"] = "|".join(row["choices"])
        for field in ("minimum", "maximum"):
            row[field] = "" if row[field] is None else repr(row[field])
    return rows


def compare(old_rows, new_rows):
    new = {row["name"]: row for row in new_rows}
    wrong = []
    for old in old_rows:
        name = old["name"]
        if name not in new:
            wrong.append(f"option {name} is gone")
            continue
        now = new[name]
        if now["type"] != old["type"]:
            wrong.append(f"option {name} is of type {now['type']}, was {old['type']}")
        lost = set(old["choices"].split("|")) - set(now["choices"].split("|"))
        if lost:
            wrong.append(f"option {name} does not accept {sorted(lost)} any more")
        if old["minimum"] and (not now["minimum"] or float(now["minimum"]) > float(old["minimum"]) or
                               float(now["maximum"]) < float(old["maximum"])):
            wrong.append(f"option {name} accepts {now['minimum']}..{now['maximum']}, was {old['minimum']}..{old['maximum']}")
        if old["group"] in ("data", "model") and now["default"] != old["default"]:
            wrong.append(f"option {name} has the default '{now['default']}', was '{old['default']}'")
    return wrong


def check_controls(rows):
    """Planted changes are found; one that is allowed is not."""
    def changed(name, **fields):
        return [dict(row, **(fields if row["name"] == name else {})) for row in rows]

    broken = [
        [row for row in rows if row["name"] != "horizon"],
        changed("hidden_size", default="32"),
        changed("hidden_size", type="integer"),
        changed("model", choices="lstm|gru"),
        changed("dropout", maximum="0.5"),
        changed("dropout", minimum="0.1"),
    ]
    allowed = [rows + [dict(rows[0], name="something_new")], changed("model", choices="|".join([r["choices"] for r in rows if
               r["name"] == "model"] + ["newer"])), changed("dropout", maximum="0.99"), changed("learning_rate", default="0.1")]
    for table in broken:
        if len(compare(rows, table)) != 1:
            sys.exit("control: a planted change was not found")
    for table in allowed:
        if compare(rows, table):
            sys.exit("control: a change that is allowed was found fault with")


def main():
    rows = read_table(sys.argv[1])
    if sys.argv[2:] == ["--record"]:
        version = (HERE.parents[1] / "include/seqdemand/version.h").read_text(encoding="utf-8").split('/* "')[1].split('"')[0]
        with (HERE / f"options-{version}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return 0
    check_controls(rows)
    wrong, files = [], sorted(HERE.glob("options-*.csv"))
    for path in files:
        with path.open(newline="", encoding="utf-8") as file:
            wrong += [f"{path.stem}: {line}" for line in compare(list(csv.DictReader(file)), rows)]
    print("\n".join(wrong))
    print(f"{len(rows)} options beside those of {len(files)} releases: {len(wrong)} broken promises")
    return 1 if wrong or not files else 0


if __name__ == "__main__":
    sys.exit(main())
