"""Checks that xarray reads an expanded trajectory: its runs, and its grid although runs are in another order."""

import sys

import readers

for engine, dataset in readers.datasets(sys.argv[1], "counted/by_run"):
    assert dataset.sizes["run"] == 6, engine
    assert set(dataset.coords) >= {"run", "x", "y"}, (engine, dataset.coords)
    assert list(dataset.z.values) == [10, 20, 20, 40, 30, 60], engine
    assert dataset.trace.dims == ("run", "time"), engine
for engine, dataset in readers.datasets(sys.argv[1], "counted/grid"):
    assert dict(dataset.sizes) == {"x": 3, "y": 2, "time": 3}, (engine, dataset.sizes)
    for x in (1.0, 2.0, 3.0):
        for y in (10.0, 20.0):
            point = dataset.sel(x=x, y=y)
            assert point.z == x * y, (engine, x, y)
            assert list(point.trace.values) == [x * y] * 3, (engine, x, y)
    assert list(dataset.run_index.values.ravel()) == [0, 2, 1, 3, 4, 5], engine
