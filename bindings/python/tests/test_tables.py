# SPDX-License-Identifier: Apache-2.0
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


def test_duckdb_to_parquet_and_back(sales, quick, tmp_path):
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "sales.parquet"
    pd.DataFrame(sales).to_parquet(path)
    base = duckdb.connect()
    table = base.sql(f"select * from '{path}'").to_arrow_table()
    answer = LSTM(**quick).fit(table, h=7).predict_quantiles()
    base.register("answer", answer)
    base.sql("create table forecast as select * from answer")
    rows = base.sql("select unique_id, count(*), sum(mean) from forecast group by 1 order by 1").fetchall()
    assert [row[:2] for row in rows] == [("a", 7), ("b", 7), ("c", 7)]
    assert rows[1][2] == pytest.approx(float(np.asarray(answer["mean"], float)[7:14].sum()))


def test_duckdb_streams_a_parquet_file_and_takes_the_forecast(sales, quick, tmp_path):
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "sales.parquet"
    pd.DataFrame(sales).to_parquet(path)
    base = duckdb.connect()
    # Sums of whole numbers are decimals of 128 bits in a stream of DuckDB.
    relation = base.sql(f"select unique_id, ds::date as day, sum(y::int) as qty from '{path}' group by all "
                        "order by all")
    options = {**quick, "time_column": "day", "target_column": "qty"}
    model = LSTM(**options).fit(relation, h=7)
    streamed = model.to_arrow(levels=(0.5, 0.9))
    base.register("answer", model.predict_quantiles(levels=(0.5, 0.9)))
    base.sql("create table forecast as select * from answer")
    rows = base.sql("select unique_id, ds, mean, \"q0.9\" from forecast order by 1, 2").fetchall()
    other = LSTM(**quick).fit(sales, h=7).predict_quantiles(levels=(0.5, 0.9))
    assert [row[2] for row in rows] == other["mean"].tolist()
    assert [row[3] for row in rows] == other["q0.9"].tolist()
    assert [row[:2] for row in rows] == list(zip(other["unique_id"], other["ds"].dt.to_pydatetime()))
    assert polars.DataFrame(streamed)["mean"].to_list() == other["mean"].tolist()
    assert pyarrow.table(streamed).column("q0.5").to_pylist() == other["q0.5"].tolist()


def test_streams_that_nobody_reads_are_released(sales, quick):
    model = LSTM(**quick).fit(sales, h=3)
    for _ in range(3):
        model.to_arrow().__arrow_c_stream__()
    from seqdemand import _arrow
    assert not _arrow._given


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
