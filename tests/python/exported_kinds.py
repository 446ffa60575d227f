"""Reads an export of one trajectory, in CSV, JSON lines or Parquet, and compares all of it with the file's values."""

import csv
import json
import math
import pathlib
import sys

import h5py
import numpy as np
import pandas

folder, kind = pathlib.Path(sys.argv[1]), sys.argv[2]
file = h5py.File(folder / "trajectory.h5")["kinds"]
N_RUNS, FAILED = 5, 3
DONE = [run for run in range(N_RUNS) if run != FAILED]
NA = 0x7FF00000000007A2

INTS = ["count", "big", "small"]
FLOATS = ["single", "float"]
TEXTS = ["word", "method", "wide"]


def stored(name):
    """All runs of a result as Python values."""
    values = file[f"results/{name}"][()]
    return [value.decode() if isinstance(value, bytes) else value.item() for value in values]


def ragged(name):
    group = file[f"results/{name}"]
    rows = zip(group["row_start"][()], group["row_size"][()])
    return [group["values"][start:][:size].tolist() for start, size in rows]


def is_missing(number):
    return np.float64(number).view(np.uint64) & ~np.uint64(1 << 51) == NA


def same(found, expected, what):
    def equal(a, b):
        if isinstance(a, float) and isinstance(b, float):
            return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
        return type(a) is type(b) and a == b

    assert len(found) == len(expected) and all(map(equal, found, expected)), (what, found, expected)


def known(values):
    return [value for run, value in enumerate(values) if run != FAILED]


def check_csv():
    with open(folder / "kinds.csv", newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    column = lambda name: [row[name] for row in rows]
    table = pandas.read_csv(folder / "kinds.csv", dtype=str, keep_default_na=False)
    for name in table.columns:
        # The C parser of pandas reads `\r\n` within quotes as it stands.
        assert table[name].tolist() == column(name), name
    assert column("run") == list("01234") and column("n") == list("01234")
    assert [json.loads(text) for text in column("weights")] == [[0.5] * n for n in range(N_RUNS)]
    assert column("status") == ["done", "done", "done", "failed", "done"]
    for name in table.columns[3:-1]:
        assert column(name)[FAILED] == "", name
    for name in INTS:
        same(known(map(int, [text or 0 for text in column(name)])), known(stored(name)), name)
    same(known(map(float, [text or 0 for text in column("float")])), known(stored("float")), "float")
    singles = [float(np.float32(text or 0)) for text in column("single")]
    same(known(singles), known(stored("single")), "single")
    same(known(pandas.read_csv(folder / "kinds.csv", float_precision="round_trip").float.tolist()), known(stored("float")), "float")
    same(known([text == "true" for text in column("flag")]), known([bool(flag) for flag in stored("flag")]), "flag")
    for name in TEXTS + ["maybe_count", "maybe_flag", "maybe_word"]:
        same(known(column(name)), known(stored(name)), name)
    same(known([int(text or 0) for text in column("span")]), known(stored("span")), "span")

    trace = pandas.read_csv(folder / "kinds.trace.csv", dtype={"trace": np.float32})
    expected = file["results/trace"][()][DONE]
    np.testing.assert_array_equal(trace.trace.to_numpy().reshape(expected.shape), expected)
    matrix = pandas.read_csv(folder / "kinds.matrix.csv", float_precision="round_trip")
    assert list(matrix.columns) == ["run", "site", "step", "matrix"]
    expected = file["results/matrix"][()]
    assert all(expected[int(r), int(a), int(b)] == x for r, a, b, x in matrix.to_numpy())
    words = pandas.read_csv(folder / "kinds.words.csv", keep_default_na=False)
    lists = words.groupby("run").words.apply(list).to_dict()
    assert lists == {run: [w.decode() for w in ws] for run, ws in enumerate(ragged("words")) if ws}, lists


def check_jsonl():
    with open(folder / "kinds.jsonl", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    column = lambda name: [row[name] for row in rows]
    number = lambda x: math.nan if x is None else float(x)
    assert column("weights") == [[0.5] * n for n in range(N_RUNS)]
    for name in INTS:
        same(known(column(name)), known(stored(name)), name)
    same(known([number(x) for x in column("float")]), known(stored("float")), "float")
    same(known([float(np.float32(number(x))) for x in column("single")]), known(stored("single")), "single")
    same(known(column("flag")), known([bool(flag) for flag in stored("flag")]), "flag")
    for name in TEXTS + ["maybe_count", "maybe_flag", "maybe_word"]:
        same(known(column(name)), known(stored(name)), name)
    expected = file["results/matrix"][()]
    assert known(column("matrix")) == expected[DONE].tolist()
    assert known(column("words")) == [[w.decode() for w in ws] for ws in known(ragged("words"))]
    assert all(rows[FAILED][name] is None for name in list(rows[0])[3:-1])
    frame = pandas.read_json(folder / "kinds.jsonl", lines=True, dtype=False, precise_float=True)
    assert known(frame.word.tolist()) == known(column("word")), frame.word
    assert known([bool(flag) for flag in frame.flag]) == known(column("flag")), frame.flag


def check_parquet():
    import polars
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(folder / "kinds.parquet")
    column = lambda name: table[name].to_pylist()
    types = {name: str(table.schema.field(name).type) for name in table.column_names}
    assert types == {
        "run": "uint64", "n": "uint64", "weights": "list<item: double>",
        "count": "int64", "big": "uint64", "small": "int8", "single": "float", "float": "double", "flag": "bool",
        "word": "string", "maybe": "double", "maybe_count": "uint32", "maybe_flag": "bool", "maybe_word": "string",
        "span": "duration[ns]", "time": "timestamp[ns, tz=UTC]",
        "complex": "struct<r: double not null, i: double not null>", "method": "string", "wide": "string",
        "status": "string",
    }, types
    metadata = {key.decode(): text.decode() for key, text in table.schema.field("float").metadata.items() if not key.startswith(b"PARQUET")}
    assert metadata == {"units": "mV", "comment": 'A mean, "over all", and more.'}, metadata
    assert table.schema.field("wide").metadata[b"encoding"] == b"decimal"
    assert table.schema.metadata[b"comment"] == b"all kinds", table.schema.metadata
    assert column("run") == column("n") == list(range(N_RUNS))
    assert column("weights") == [[0.5] * n for n in range(N_RUNS)]
    assert column("status") == ["done", "done", "done", "failed", "done"]
    for name in table.column_names[3:-1]:
        assert column(name)[FAILED] is None, name
    for name in INTS + FLOATS + TEXTS:
        same(known(column(name)), known(stored(name)), name)
    same(known(column("flag")), known([bool(flag) for flag in stored("flag")]), "flag")
    optional = [None if is_missing(x) else x for x in stored("maybe")]
    same(known(column("maybe")), known(optional), "maybe")
    assert known(optional)[1] is None and math.isnan(known(optional)[2]), "NaN is not missing"
    same(column("maybe_count"), [int(text) if text else None for text in stored("maybe_count")], "maybe_count")
    same(column("maybe_flag"), [json.loads(text) if text else None for text in stored("maybe_flag")], "maybe_flag")
    same(column("maybe_word"), [json.loads(text) if text else None for text in stored("maybe_word")], "maybe_word")
    nanoseconds = lambda name: table[name].cast(pyarrow.int64()).to_pylist()
    same(known(nanoseconds("span")), known(stored("span")), "span")
    same(known(nanoseconds("time")), known(stored("time")), "time")
    assert known([z and complex(z["r"], z["i"]) for z in column("complex")]) == known(stored("complex"))

    trace = pyarrow.parquet.read_table(folder / "kinds.trace.parquet")
    expected = file["results/trace"][()][DONE]
    np.testing.assert_array_equal(trace["trace"].to_numpy().reshape(expected.shape), expected)
    matrix = pandas.read_parquet(folder / "kinds.matrix.parquet")
    assert list(matrix.columns) == ["run", "site", "step", "matrix"]
    expected = file["results/matrix"][()]
    np.testing.assert_array_equal(expected[matrix.run, matrix.site, matrix.step], matrix.matrix)
    assert len(matrix) == expected[DONE].size
    lists = {run: [] for run in DONE}
    for row in pyarrow.parquet.read_table(folder / "kinds.ragged.parquet").to_pylist():
        assert row["ragged_0"] == len(lists[row["run"]])
        lists[row["run"]].append(row["ragged"])
    expected = [[None if is_missing(x) else x for x in xs] for xs in ragged("ragged")]
    assert lists == {run: expected[run] for run in DONE} and lists[2] == [0.0, None], lists
    words = pandas.read_parquet(folder / "kinds.words.parquet").groupby("run").words.apply(list).to_dict()
    assert words == {run: [w.decode() for w in ws] for run, ws in enumerate(ragged("words")) if ws}, words

    frame = pandas.read_parquet(folder / "kinds.parquet")
    assert frame.word.tolist()[:3] == stored("word")[:3] and frame.loc[FAILED, "status"] == "failed"
    assert frame.span.dt.total_seconds()[4] == stored("span")[4] / 1e9
    by_polars = polars.read_parquet(folder / "kinds.parquet")
    assert by_polars.drop("complex").to_arrow().select(["word", "maybe_count"]).to_pylist() == table.select(["word", "maybe_count"]).to_pylist()
    same(by_polars["maybe"].to_list(), column("maybe"), "polars")
    same(by_polars["float"].to_list(), column("float"), "polars")
    assert by_polars["count"].to_list() == column("count") and by_polars["big"].to_list() == column("big")


{"csv": check_csv, "jsonl": check_jsonl, "parquet": check_parquet}[kind]()
