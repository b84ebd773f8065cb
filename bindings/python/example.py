# SPDX-License-Identifier: Apache-2.0
"""example.py SALES.csv[.gz] ARTICLE: trains on a table of sales, then forecasts one article and when to reorder it.

The Python form of examples/forecast_sales.c, with the same output to the last digit.
"""
import sys

from seqdemand import LSTM


def main(sales, article):
    model = LSTM(freq="D", max_steps=200).fit(sales, h=14)
    forecast = model.predict(levels=[0.9])
    forecast = forecast[forecast["unique_id"] == article]
    if forecast.empty:
        raise SystemExit(f"{sales} has no article {article}")
    print(",".join(forecast.columns))
    for unique_id, date, mean, high in forecast.itertuples(index=False):
        print(f"{unique_id},{date:%Y-%m-%d},{mean:.9g},{high:.9g}")

    stock = {"unique_id": [article], "on_hand": [40], "pack_size": [12]}
    order = model.reorder(stock, lead_time=7, review_period=7, service_level=0.95).iloc[0]
    print(f"reorder point {order.reorder_point:.9g}, order now {order.order_quantity:.9g}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(sys.argv[1], sys.argv[2])
