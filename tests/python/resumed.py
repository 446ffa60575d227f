"""Checks that xarray reads a trajectory that was resumed, its late results included."""

import sys

import readers

for engine, dataset in readers.datasets(sys.argv[1], "fragile/by_run"):
    assert dataset.sizes["run"] == 50, engine
    assert dataset.late.values[49] == 49, engine
    assert dataset.late.dims == ("run",), engine
    assert "k" in dataset.coords, engine
for engine, dataset in readers.datasets(sys.argv[1], "fragile/grid"):
    assert dataset.late.sel(k=33) == 33, engine
    assert list(dataset.scaled.values) == [2.5 * k for k in range(50)], engine
