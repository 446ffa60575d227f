"""Reads the exports of one trajectory with pandas and xarray and compares them with its file."""

import pathlib
import sys

import h5py
import numpy as np
import pandas
import xarray

folder = pathlib.Path(sys.argv[1])
file = h5py.File(folder / "trajectory.h5")["shapes"]
words = ["plain", "a,b", None, 'say "so"\nand more']

table = pandas.read_csv(folder / "trajectory.csv")
assert list(table.columns) == ["run", "n", "scalar", "word", "status"], table.columns
assert table.run.tolist() == table.n.tolist() == [0, 1, 2, 3]
assert table.status.tolist() == ["done", "done", "failed", "done"]
np.testing.assert_array_equal(table.scalar, file["results/scalar"][()])
assert [None if pandas.isna(word) else word for word in table.word] == words, table.word

trace = pandas.read_csv(folder / "trajectory.trace.csv")
assert list(trace.columns) == ["run", "time", "trace"], trace.columns
pivoted = trace.pivot(index="run", columns="time", values="trace")
assert pivoted.index.tolist() == [0, 1, 3]
np.testing.assert_array_equal(pivoted.to_numpy(), file["results/trace"][()][[0, 1, 3]])

ragged = pandas.read_csv(folder / "trajectory.ragged.csv")
assert ragged.groupby("run").ragged.apply(list).to_dict() == {1: [0], 3: [0, 1, 2]}, ragged

for name, lines in (("trajectory.jsonl", True), ("trajectory.json", False)):
    runs = pandas.read_json(folder / name, lines=lines)
    assert list(runs.columns) == ["run", "n", "scalar", "trace", "ragged", "word", "status"], runs.columns
    np.testing.assert_allclose(runs.scalar, file["results/scalar"][()], rtol=0, atol=0)
    assert runs.ragged.tolist() == [[], [0], None, [0, 1, 2]], runs.ragged
    assert runs.trace[3] == [3.0, 3.0, 3.0] and runs.trace[2] is None
    assert runs.word.tolist()[:2] == words[:2]

for engine in ("h5netcdf", "netcdf4"):
    with xarray.open_dataset(folder / "trajectory.nc", engine=engine) as dataset:
        dataset.load()
        # One explored parameter is an axis of its own.
        assert dataset.n.values.tolist() == [0, 1, 2, 3], dataset
        assert dataset.scalar.dims == ("n",) and dataset.trace.dims == ("n", "time"), dataset
        assert dataset.trace.attrs["units"] == "mV" and dataset.trace.dtype == np.float32
        np.testing.assert_array_equal(dataset.scalar, file["results/scalar"][()])
        assert dataset.status.values.tolist() == [1, 1, 2, 1]
        assert dataset.ragged.values.tolist() == [0, 0, 1, 2]
        assert dataset.ragged_row_size.values.tolist() == [0, 1, 0, 3]
