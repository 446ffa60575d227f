"""Reads the exports of an example with pandas and xarray and compares all its results with those h5py reads.

Arguments: the trajectory file, and a folder with `table.csv`, `table.<result>.csv`, `table.jsonl`, `table.nc` and,
where there are numbers, `picture.svg`.
"""

import json
import pathlib
import sys
from xml.etree import ElementTree

import h5py
import numpy as np
import pandas
import xarray

folder = pathlib.Path(sys.argv[2])
file = h5py.File(sys.argv[1])
(name,) = (name for name in file if "results" in file[name])
trajectory = file[name]
done = np.flatnonzero(trajectory["runs/status"][()] == 1)
table = pandas.read_csv(folder / "table.csv", keep_default_na=False, na_values=["NaN"])
lines = [json.loads(line) for line in (folder / "table.jsonl").read_text().splitlines()]
dataset = xarray.open_dataset(folder / "table.nc", engine="h5netcdf").load()
n_runs = len(trajectory["runs/status"])
assert len(table) == len(lines) == n_runs

results = {}
trajectory["results"].visititems(
    lambda path, node: results.update({path.replace("/", "."): node}) if isinstance(node, h5py.Dataset) else None
)
n_compared = 0
for result, column in results.items():
    if result not in lines[0] or len(column) != n_runs:
        continue  # not asked for, or not a column of runs
    stored = column.asstr()[()] if column.dtype.kind == "O" and h5py.check_string_dtype(column.dtype) else column[()]
    if stored.dtype.kind not in "biufO" or (stored.ndim == 1 and isinstance(stored[0], np.ndarray)):
        continue
    n_compared += 1
    infinite = {"inf": np.inf, "-inf": -np.inf, None: np.nan}
    for run in done:
        said = lines[run][result]
        if stored.dtype.kind == "f":
            said = np.array(said, dtype=object)
            said = np.vectorize(lambda value: infinite.get(value, value), otypes=[float])(said)
            np.testing.assert_array_equal(said.astype(stored.dtype), stored[run], err_msg=f"{result} of run {run}")
        else:
            assert np.array_equal(said, stored[run]), f"{result} of run {run}"
    if stored.ndim == 1:
        said = table[result][done].to_numpy()
    else:
        long = pandas.read_csv(folder / f"table.{result}.csv")
        assert long.run.unique().tolist() == done.tolist(), result
        said = long[result].to_numpy().reshape(len(done), *stored.shape[1:])
    if stored.dtype.kind == "f":
        np.testing.assert_array_equal(said.astype(stored.dtype), stored[done], err_msg=result)
    else:
        assert np.array_equal(said.astype(stored.dtype), stored[done]), result
    short = result if result in dataset else result.rsplit(".")[-1]
    # The map of our own is made as the runs are stored, and that of the export when it is asked for.
    grid = trajectory["grid"].get(short) if "grid" in trajectory else None
    seen = grid[()] if grid is not None and grid.shape == dataset[short].shape else stored
    if stored.dtype.kind in "biuf" and len(done) == n_runs:
        assert dataset[short].size == stored.size, (result, dataset)
        np.testing.assert_array_equal(dataset[short].to_numpy().ravel(), seen.ravel(), err_msg=result)

if (folder / "picture.svg").exists():
    root = ElementTree.parse(folder / "picture.svg").getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg", root.tag
    shapes = {part.tag.rsplit("}")[-1] for part in root.iter()}
    assert shapes & {"polyline", "circle", "image"}, shapes
assert n_compared > 0, list(results)
print(n_compared)
