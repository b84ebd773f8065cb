# SPDX-License-Identifier: Apache-2.0
import subprocess
import sys

import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest

from seqdemand import DataError, LSTM


def kinds(sales):
    yield dict, sales
    yield pd.DataFrame, pd.DataFrame(sales)
    yield polars.DataFrame, polars.DataFrame({**sales, "unique_id": sales["unique_id"].tolist()})
    yield pyarrow.Table, pyarrow.table({**sales, "unique_id": sales["unique_id"].tolist()})


def test_the_same_forecast_from_every_kind_of_table(sales, quick):
    found = {}
    for kind, table in kinds(sales):
        answer = LSTM(**quick).fit(table, h=7).predict()
        assert isinstance(answer, pd.DataFrame if kind is dict else kind)
        found[kind] = np.asarray(answer["mean"], float)
    assert all(np.array_equal(values, found[dict]) for values in found.values())


def test_streams_of_every_type(sales, quick):
    """What pyarrow, polars and pandas hold a table in makes no bit of difference."""
    frame, answers = pd.DataFrame(sales), []
    table = pyarrow.table({**sales, "unique_id": sales["unique_id"].tolist()})
    for kind in (pyarrow.large_string(), pyarrow.string_view(), pyarrow.dictionary(pyarrow.int16(), pyarrow.string())):
        answers.append(table.set_column(0, "unique_id", table["unique_id"].cast(kind)))
    for kind in (pyarrow.date32(), pyarrow.timestamp("s"), pyarrow.timestamp("us", "UTC")):
        answers.append(table.set_column(1, "ds", table["ds"].cast(kind)))
    for kind in (pyarrow.int8(), pyarrow.uint64(), pyarrow.float32(), pyarrow.float16(), pyarrow.decimal128(9, 2)):
        answers.append(table.set_column(2, "y", table["y"].cast(kind)))
    answers.append(table.append_column("other", pyarrow.array([[1]] * table.num_rows)))
    answers.append(pyarrow.concat_tables([table[:100], table[100:101], table[101:]]))
    shop = polars.DataFrame(table)
    answers += [shop.with_columns(polars.col("unique_id").cast(polars.Categorical), polars.col("ds").cast(polars.Date)),
                shop.with_columns(polars.col("y").cast(polars.Int16))]
    answers += [frame.set_index("unique_id"), frame.astype({"y": "Int32", "unique_id": "category"}),
                frame.assign(ds=frame["ds"].dt.tz_localize("Europe/Berlin")),
                frame.assign(ds=frame["ds"].dt.date), frame.assign(ds=frame["ds"].dt.to_period("D")),
                frame.convert_dtypes(dtype_backend="pyarrow")]
    expected = LSTM(**quick).fit(frame, h=3).predict()["mean"].tolist()
    for each in answers:
        assert np.asarray(LSTM(**quick).fit(each, h=3).predict()["mean"]).tolist() == expected, each


def test_columns_that_cannot_be_read_are_named(sales, quick):
    table = pyarrow.table({**sales, "unique_id": sales["unique_id"].tolist()})
    for wrong, told in ((pyarrow.array([[1.0]] * 360), r"column 'y' is of the Arrow type '\+l'"),
                        (pyarrow.array([1] * 360, pyarrow.duration("s")), "tDs")):
        with pytest.raises(DataError, match=told):
            LSTM(**quick).fit(table.set_column(2, "y", wrong))


def test_missing_values_of_every_kind(quick):
    days = pd.date_range("2024-01-01", periods=60)
    ids = np.array(["a"] * 60, object)
    base = np.arange(60.0) % 7
    forms = [np.where(np.arange(60) == 9, np.nan, base),
             pd.array([None if i == 9 else v for i, v in enumerate(base)], dtype="Float64"),
             pd.array([None if i == 9 else int(v) for i, v in enumerate(base)], dtype="Int64")]
    answers = []
    for form in forms:
        model = LSTM(**quick).fit(pd.DataFrame({"unique_id": ids, "ds": days, "y": form}), h=3)
        assert model.data_summary()["missing"] == 1
        answers.append(model.predict()["mean"].tolist())
    assert answers[0] == answers[1] == answers[2]


def test_text_columns_of_pandas(quick, sales):
    frame = pd.DataFrame(sales)
    for dtype in ("string", "category"):
        other = frame.astype({"unique_id": dtype})
        assert LSTM(**quick).fit(other, h=3).predict().equals(LSTM(**quick).fit(frame, h=3).predict())


def test_covariates_and_static_columns(sales, quick):
    frame = pd.DataFrame(sales)
    frame["price"] = 1.0 + 0.1 * (np.arange(len(frame)) % 5)
    frame["shop"] = frame["unique_id"].map({"a": "x", "b": "x", "c": "y"})
    model = LSTM(**quick, known_columns="price", static_columns=["shop"]).fit(frame, h=3)
    last = frame.groupby("unique_id").tail(1)
    future = pd.concat([last.assign(ds=last["ds"] + pd.Timedelta(days=d), y=np.nan) for d in (1, 2, 3)])
    assert np.isfinite(model.predict(pd.concat([frame, future]))["mean"]).all()
    with pytest.raises(DataError, match="price"):
        model.predict()


def test_whole_number_steps(quick):
    table = {"unique_id": ["a"] * 50, "ds": np.arange(50), "y": np.arange(50.0) % 4}
    answer = LSTM(**{**quick, "freq": "int", "season_length": 4}).fit(table, h=4).predict()
    assert answer["ds"].tolist() == [50, 51, 52, 53]


def test_what_is_no_table_is_refused(sales, quick):
    with pytest.raises(TypeError, match="list"):
        LSTM(**quick).fit([1, 2, 3])
    with pytest.raises(DataError, match="length"):
        LSTM(**quick).fit({**sales, "y": sales["y"][:-1]})
    with pytest.raises(DataError):
        LSTM(**quick).fit({"unique_id": sales["unique_id"], "y": sales["y"]})


def test_without_pandas_and_pyarrow(tmp_path):
    """numpy alone is enough: answers are then dicts of arrays."""
    program = """
import sys
for name in ('pandas', 'pyarrow', 'polars', 'sklearn', 'tqdm'):
    sys.modules[name] = None
import numpy as np, seqdemand
t = {'unique_id': ['a'] * 60 + ['b'] * 60, 'ds': list(range(60)) * 2, 'y': np.arange(120.0) % 7}
model = seqdemand.LSTM(max_steps=5, hidden_size=8, freq='int').fit(t, h=4, progress=True)
found = model.predict_quantiles()
assert type(found) is dict and list(found) == ['unique_id', 'ds', 'mean', 'q0.1', 'q0.5', 'q0.9']
assert found['unique_id'].tolist() == ['a'] * 4 + ['b'] * 4 and found['ds'].tolist() == [60, 61, 62, 63] * 2
assert found['mean'].dtype == np.float64
assert model.reorder({'unique_id': ['b'], 'on_hand': [0]}, lead_time=2)['order_quantity'][0] > 0
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)
