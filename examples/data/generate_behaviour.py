#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a log of behaviour in a shop that follows a stated process, so that what can be learned from it is known.

    python3 examples/data/generate_behaviour.py OUT.csv [--users 1500] [--days 60] [--seed 1]

Columns: user_id, time (seconds since 1970), event (pv, cart, fav, buy), category (of the article). The same arguments
give the same bytes. Python standard library only.

The process
  1. A user is of a hidden type: browser (40 %), planner (35 %) or impulsive (25 %), and has two favourite categories.
     A user comes on a day drawn evenly from the first half of the time, and acts until leaving for good or the end.
  2. The next event depends on the type and on the last event, by the table NEXT, unless a rule about what lies
     further back takes its place:
     a. a planner buys on the 4th event after a cart, an impulsive user on the 2nd, with probability 0.85, unless there
        was a purchase in between;
     b. three views in a row of one category are followed by a fav of it with probability 0.75;
     c. for five events after a purchase there is no other: what would be a buy is a view.
     Rule a goes before b, b before the table, c applies to all.
  3. The category stays the same after a cart and a view with probability 0.7; else it is one of the favourites (0.8) or
     any. A buy is of the category of the last cart.
  4. The time to the next event is log-normal: with a median of 40 seconds within a visit; after each event a visit ends
     with probability 0.15 (0.5 after a purchase), and the next one begins after a median of 20 hours.
  5. After each event a user leaves for good with a probability of 0.004 (browser 0.012). It is ten times that once there
     was no purchase in the last 25 events: whoever finds nothing goes away.

So the next event cannot be told from the last one alone: rule a needs the type, which shows only over many events, and
the place of the cart several steps back; rule b three events; rule c six. Whether a user is still there in seven days
hangs on how long ago the last purchase was, counted in events.

Printed at the end: how often an oracle that knows the hidden type and the rules tells the next event, and how often
one that knows the last event alone does. No model does better than the first, up to chance.
"""

import argparse
import collections
import math
import random

EVENTS = ("pv", "cart", "fav", "buy")
TYPES = (("browser", 0.40), ("planner", 0.35), ("impulsive", 0.25))
CATEGORIES = 12
START = 1_704_067_200  # 2024-01-01 00:00:00 UTC
DAY = 86_400
# type -> last event -> probabilities of pv, cart, fav, buy
NEXT = {
    "browser": {"pv": (.86, .06, .07, .01), "cart": (.80, .10, .06, .04), "fav": (.85, .08, .05, .02),
                "buy": (.92, .03, .04, .01)},
    "planner": {"pv": (.66, .22, .10, .02), "cart": (.74, .12, .12, .02), "fav": (.60, .28, .10, .02),
                "buy": (.80, .08, .10, .02)},
    "impulsive": {"pv": (.60, .30, .05, .05), "cart": (.70, .15, .05, .10), "fav": (.50, .35, .05, .10),
                  "buy": (.75, .18, .05, .02)},
}
BUY_AFTER_CART = {"planner": 4, "impulsive": 2}
LEAVES = {"browser": 0.012, "planner": 0.004, "impulsive": 0.004}


def pick(rng, probabilities):
    x = rng.random()
    for place, p in enumerate(probabilities):
        x -= p
        if x < 0:
            return place
    return len(probabilities) - 1


def distribution(kind, events, categories, since_cart, since_buy):
    """Probabilities of the next event, with everything known."""
    p = [0.0, 0.0, 0.0, 0.0]
    table = NEXT[kind][events[-1]] if events else (1.0, 0.0, 0.0, 0.0)
    sure, what = 0.0, 0
    if since_cart is not None and since_cart + 1 == BUY_AFTER_CART.get(kind):
        sure, what = 0.85, 3
    elif len(events) >= 3 and events[-3:] == ["pv"] * 3 and len(set(categories[-3:])) == 1:
        sure, what = 0.75, 2
    for place in range(4):
        p[place] += (1 - sure) * table[place]
    p[what] += sure
    if since_buy is not None and since_buy < 5:
        p[0] += p[3]
        p[3] = 0.0
    return p


def gap(rng, event):
    u = max(rng.random(), 1e-12)
    normal = math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * rng.random())
    ends = rng.random() < (0.5 if event == "buy" else 0.15)
    median, spread = (20 * 3600.0, 0.8) if ends else (40.0, 0.9)
    return max(1, round(median * math.exp(spread * normal)))


def next_category(rng, event, categories, favourites, last_cart):
    if event == "buy" and last_cart is not None:
        return last_cart
    if categories and rng.random() < 0.7:
        return categories[-1]
    if rng.random() < 0.8:
        return favourites[0 if rng.random() < 0.6 else 1]
    return int(rng.random() * CATEGORIES)


def live(rng, days, tally):
    """One user's rows (time, event, category)."""
    kind = TYPES[pick(rng, [share for _, share in TYPES])][0]
    favourites = (int(rng.random() * CATEGORIES), int(rng.random() * CATEGORIES))
    time = START + int(rng.random() * days / 2 * DAY)
    events, categories, rows = [], [], []
    since_cart = since_buy = last_cart = None
    while time < START + days * DAY:
        p = distribution(kind, events, categories, since_cart, since_buy)
        event = EVENTS[pick(rng, p)]
        if events:
            tally["asked"] += 1
            tally["oracle"] += event == EVENTS[p.index(max(p))]
            tally[events[-1], event] += 1
        category = next_category(rng, event, categories, favourites, last_cart)
        since_cart = 0 if event == "cart" else None if event == "buy" or since_cart is None else since_cart + 1
        since_buy = 0 if event == "buy" else None if since_buy is None else since_buy + 1
        if event == "cart":
            last_cart = category
        events.append(event)
        categories.append(category)
        rows.append((time, event, f"c{category:02d}"))
        hungry = len(events) >= 25 and (since_buy is None or since_buy >= 25)
        if rng.random() < LEAVES[kind] * (10 if hungry else 1):
            break
        time += gap(rng, event)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--users", type=int, default=1500)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    tally = collections.Counter()
    count = 0
    with open(arguments.out, "w", encoding="ascii", newline="\n") as file:
        file.write("user_id,time,event,category\n")
        for user in range(1, arguments.users + 1):
            for time, event, category in live(rng, arguments.days, tally):
                file.write(f"u{user:05d},{time},{event},{category}\n")
                count += 1
    last = sum(max(tally[a, b] for b in EVENTS) for a in EVENTS)
    print(f"{arguments.users} users, {count} events")
    print("shares: " + ", ".join(f"{e} {sum(tally[a, e] for a in EVENTS) / tally['asked']:.3f}" for e in EVENTS))
    print(f"next event told by an oracle: {tally['oracle'] / tally['asked']:.4f}")
    print(f"next event told from the last one: {last / tally['asked']:.4f}")


if __name__ == "__main__":
    main()
