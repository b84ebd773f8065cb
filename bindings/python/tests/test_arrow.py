# SPDX-License-Identifier: Apache-2.0
"""The Arrow interfaces from Python: DuckDB and Parquet, nothing copied, everything released once."""
import ctypes

import duckdb
import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest

from seqdemand import DataError, LSTM, SequenceClassifier, _arrow
from seqdemand._structs import ArrowArray, ArrowSchema, ArrowStream


def test_duckdb_to_parquet_and_back(sales, quick, tmp_path):
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


def test_answers_to_sequences_are_streams_too(quick):
    rng = np.random.default_rng(3)
    events = {"user": np.repeat([f"u{i:02d}" for i in range(40)], 6), "at": np.tile(np.arange(6), 40),
              "event": rng.choice(["look", "buy"], 240)}
    model = SequenceClassifier(id_column="user", time_column="at", event_column="event", label="next_event", max_len=4,
                               max_steps=20, hidden_size=8)
    table = pyarrow.table(model.fit(events).to_arrow())
    assert table.column_names == ["unique_id", "event", "step", "class", "p_buy", "p_look"] and table.num_rows == 40
    proba = model.predict_proba()
    assert table["p_buy"].to_pylist() == proba[:, 0].tolist()
    base = duckdb.connect()
    counts = dict(base.sql("select class, count(*) from \"table\" group by 1").fetchall())
    told = model.classify(polars.DataFrame({name: column.tolist() for name, column in events.items()}))
    assert isinstance(told, polars.DataFrame) and dict(told["class"].value_counts().rows()) == counts
    assert model.predict(events)["class"].tolist() == table["class"].to_pylist()


def open_stream(capsule):
    """The struct in a capsule; the capsule must live as long as it is used."""
    return ArrowStream.from_address(_arrow._get_pointer(capsule, b"arrow_array_stream"))


def take(stream, name, struct):
    made = struct()
    assert _arrow._Take(getattr(stream, name))(ctypes.addressof(stream), ctypes.addressof(made)) == 0
    return made


def release(struct):
    _arrow._Release(struct.release)(ctypes.addressof(struct))


class Counted:
    """A table whose stream counts how often it is released, and tells where its column y lies."""

    def __init__(self, table):
        self.table, self.released, self.addresses = table, 0, []

    def __arrow_c_stream__(self, requested_schema=None):
        capsule = self.table.__arrow_c_stream__()
        stream = open_stream(capsule)
        release_it, get_next = stream.release, stream.get_next

        def count(address):
            self.released += 1
            stream.release = release_it
            _arrow._Release(release_it)(address)

        def look(address, out):
            status = _arrow._Take(get_next)(address, out)
            batch = ArrowArray.from_address(out)
            if status == 0 and batch.release:
                self.addresses.append(batch.children[2].contents.buffers[1])
            return status

        self.kept = (_arrow._Release(count), _arrow._Take(look), capsule)
        stream.release = ctypes.cast(self.kept[0], ctypes.c_void_p)
        stream.get_next = ctypes.cast(self.kept[1], ctypes.c_void_p)
        return capsule


def as_arrow(sales, kind):
    return pyarrow.table({"unique_id": sales["unique_id"].tolist(), "ds": sales["ds"],
                          "y": pyarrow.array(sales["y"].astype(kind))})


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_values_are_read_where_they_lie(sales, quick, kind):
    """What the library reads is the memory of the caller's numpy array: neither pyarrow nor this package copies it."""
    values = sales["y"].astype(kind)
    table = pyarrow.table({"unique_id": sales["unique_id"].tolist(), "ds": sales["ds"], "y": values})
    counted = Counted(table)
    model = LSTM(**quick).fit(counted, h=7)
    assert counted.addresses == [values.ctypes.data] and counted.released == 1
    assert np.asarray(model.predict()["mean"]).tolist() == LSTM(**quick).fit(sales, h=7).predict()["mean"].tolist()


def test_polars_and_pandas_columns_are_not_copied(sales, quick):
    frame = polars.DataFrame(as_arrow(sales, np.float64))
    counted = Counted(frame)
    LSTM(**quick).fit(counted, h=7)
    assert counted.addresses == [frame["y"].to_numpy(allow_copy=False).ctypes.data] and counted.released == 1
    columns = pd.DataFrame({"unique_id": sales["unique_id"], "ds": sales["ds"]})
    columns["y"] = sales["y"]
    counted = Counted(columns)
    LSTM(**quick).fit(counted, h=7)
    assert counted.addresses == [columns["y"].to_numpy().ctypes.data]


def test_streams_are_released_once_on_errors(sales, quick):
    table = as_arrow(sales, np.float64)
    wrong = [table.set_column(2, "y", pyarrow.array([[1.0]] * 360)), table.drop_columns(["y"]),
             table.set_column(1, "ds", pyarrow.array(["no date"] * 360))]
    for each in wrong:
        counted = Counted(each)
        with pytest.raises(DataError):
            LSTM(**quick).fit(counted, h=7)
        assert counted.released == 1
    counted = Counted(table)
    with pytest.raises(ValueError, match="learning_rate"):
        LSTM(**quick, learning_rate=-1).fit(counted, h=7)
    assert counted.released == 0  # it was never asked for


def test_forecasts_are_taken_where_they_lie(sales, quick):
    """The arrays of pyarrow, polars and numpy are the memory that the library gave."""
    model = LSTM(**quick).fit(sales, h=7)
    capsule = model.to_arrow().__arrow_c_stream__()
    stream = open_stream(capsule)
    schema, batch = take(stream, "get_schema", ArrowSchema), take(stream, "get_next", ArrowArray)
    address = batch.children[2].contents.buffers[1]
    taken = pyarrow.RecordBatch._import_from_c(ctypes.addressof(batch), ctypes.addressof(schema))
    assert taken.column("mean").buffers()[1].address == address
    assert taken.column("mean").to_numpy(zero_copy_only=True).ctypes.data == address
    assert polars.from_arrow(taken)["mean"].to_numpy(allow_copy=False).ctypes.data == address
    columns = model.to_arrow().columns()
    assert columns["mean"].base is not None and columns["mean"].tolist() == taken.column("mean").to_pylist()


def test_columns_outlive_what_made_them(sales, quick):
    columns = LSTM(**quick).fit(sales, h=7).to_arrow(levels=(0.9,)).columns()
    mean, high = columns["mean"], columns.pop("q0.9")
    del columns
    for _ in range(50):
        np.empty(1000)
    assert np.isfinite(mean).all() and (high > mean).any()


def test_streams_that_nobody_reads_are_released(sales, quick):
    model = LSTM(**quick).fit(sales, h=3)
    for _ in range(3):
        model.to_arrow().__arrow_c_stream__()
    assert not _arrow._given
