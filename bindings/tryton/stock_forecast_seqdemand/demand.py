# SPDX-License-Identifier: Apache-2.0
"""From past sales to forecasts and stock levels, by seqdemand; nothing in here knows the ERP."""
import datetime as dt

import numpy as np


def table(sales, today):
    """`sales`: {name: {date: quantity}} before `today`. Days without a row are days without a sale, up to yesterday."""
    yesterday = today - dt.timedelta(days=1)
    rows = [(name, day, quantity) for name, days in sorted(sales.items())
            for day, quantity in sorted({yesterday: 0.0, **days}.items())]
    names, days, quantities = zip(*rows)
    return {'unique_id': np.array(names, object), 'ds': np.array(days, 'datetime64[s]'),
            'y': np.array(quantities, float)}


def means(model):
    """The expected demand of each day of the horizon: {name: array}."""
    answer = model.predict()
    names, values = np.asarray(answer['unique_id']), np.maximum(np.asarray(answer['mean']), 0.0)
    return {name: values[names == name] for name in set(names.tolist())}


def levels(model, asked):
    """`asked`: {name: (days until the order helps, days until the next one does, service level)}, 0 < first <= second.

    Returns {name: (quantile of the demand of the first days, quantile of the demand of the second)}.
    """
    groups, found = {}, {}
    for name, (first, second, service_level) in asked.items():
        groups.setdefault((second - first, service_level), []).append((name, first))
    for (review, service_level), members in groups.items():
        stock = {'unique_id': np.array([name for name, _ in members], object), 'on_hand': np.zeros(len(members)),
                 'lead_time': np.array([first for _, first in members], float)}
        answer = model.reorder(stock, review_period=review, service_level=service_level)
        for i, (name, _) in enumerate(members):
            found[name] = float(np.asarray(answer['reorder_point'])[i]), float(np.asarray(answer['order_up_to'])[i])
    return found


def periods(days, period):
    """Days in order, as lists that are without gaps and lie in one calendar period each."""
    def key(day):
        return {'day': day, 'week': day.isocalendar()[:2], 'month': (day.year, day.month)}[period]

    found = []
    for day in days:
        if found and found[-1][-1] + dt.timedelta(days=1) == day and key(found[-1][-1]) == key(day):
            found[-1].append(day)
        else:
            found.append([day])
    return found


def rounded(quantities, round_):
    """Rounds amounts so that their running total stays right: small ones are carried, not lost."""
    total = carried = 0.0
    for quantity in quantities:
        total += quantity
        yield round_(round_(total) - carried)
        carried = round_(total)
