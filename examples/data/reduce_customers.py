#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the shipped sequences of customers and sessions from two tables of the UCI repository.

    python3 examples/data/reduce_customers.py PATH/online_retail.csv.gz PATH/online_shoppers_intention.csv [--out FOLDER]

customers.csv.gz: one row for each invoice of a customer (and each cancellation), from the transactions of Online Retail.
sessions.csv.gz: the table of Online Shoppers as it is, in its order: each row is a session of its own.
Same input, same bytes. Python standard library only.
"""

import argparse
import collections
import csv
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reduce_online_retail as retail  # noqa: E402

SESSION_COLUMNS = 18


def invoices(path, counts):
    """(customer, time, invoice) -> what the invoice holds; rows without a customer tell no sequence."""
    found, seen = {}, set()
    for row in retail.read_rows(path):
        counts["transactions read"] += 1
        key = tuple(row)
        if key in seen:
            counts["exact duplicate rows dropped"] += 1
            continue
        seen.add(key)
        invoice, code, _description, quantity, when, price, customer, country = row
        code = code.strip().upper()
        quantity, price = int(float(quantity)), float(price)
        if not customer:
            counts["rows without a customer dropped"] += 1
            continue
        if code == "PADS" or not retail.ARTICLE.fullmatch(code):
            counts["rows of non-articles dropped"] += 1
            continue
        if price <= 0:
            counts["rows without a price dropped"] += 1
            continue
        # An invoice is written within a minute or two: the first time counts.
        event = found.setdefault((int(float(customer)), invoice), {
            "time": when, "country": country, "units": 0, "amount": 0.0, "articles": set()})
        event["time"] = min(event["time"], when)
        event["units"] += abs(quantity)
        event["amount"] += abs(quantity) * price
        event["articles"].add(code)
    return found


def customer_rows(path, counts):
    found = invoices(path, counts)
    rows = []
    countries = collections.Counter()
    for (customer, invoice), event in found.items():
        kind = "return" if invoice.startswith("C") else "buy"
        counts[f"events written: {kind}"] += 1
        countries[event["country"]] += 1
        rows.append((customer, event["time"], kind, len(event["articles"]), event["units"],
                     f"{event['amount']:.2f}", event["country"]))
    counts["customers"] = len({row[0] for row in rows})
    counts["countries"] = len(countries)
    return [("customer_id", "time", "event", "articles", "units", "amount", "country")] + sorted(rows)


def session_rows(path, counts):
    opener = retail.gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        first = file.readline()
        file.seek(0)
        rows = list(csv.reader(file, delimiter=";" if ";" in first else ","))
    if len(rows[0]) != SESSION_COLUMNS or rows[0][-1] != "Revenue":
        sys.exit(f"{path}: columns are {rows[0]}")
    counts["sessions"] = len(rows) - 1
    counts["sessions with a purchase"] = sum(row[-1].upper() == "TRUE" for row in rows[1:])
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("retail", help="online_retail.csv.gz")
    parser.add_argument("shoppers", help="online_shoppers_intention.csv, as it is or gzipped")
    parser.add_argument("--out", default=os.path.dirname(os.path.abspath(__file__)))
    arguments = parser.parse_args()
    counts = collections.Counter()
    retail.write_text(os.path.join(arguments.out, "customers.csv.gz"), customer_rows(arguments.retail, counts))
    retail.write_text(os.path.join(arguments.out, "sessions.csv.gz"), session_rows(arguments.shoppers, counts))
    sys.stdout.write("".join(f"{name}: {value}\n" for name, value in counts.items()))


if __name__ == "__main__":
    main()
