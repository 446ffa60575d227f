"""Checks a trajectory whose results became ragged after their first runs."""

import sys

import h5py
import readers

path, trajectory = sys.argv[1:]

with h5py.File(path) as file:
    steps = file[trajectory]["results/steps"]
    assert steps.attrs["layout"] == "ragged"
    starts, sizes, values = steps["row_start"][:], steps["row_size"][:], steps["values"][:]
    for run in range(78):
        row = values[starts[run] : starts[run] + sizes[run]]
        assert list(row) == [i + 1.0 for i in range(run % 39 + 1)], (run, row)
    shapes = file[trajectory]["results/area/row_shape"][:]
    assert [tuple(shape) for shape in shapes[:3]] == [(1, 1), (2, 2), (0, 3)], shapes[:3]

for group, dims in (("by_run", {"run": 78, "corners_0": 4}), ("grid", {"pace": 2, "n_steps": 39, "corners_0": 4})):
    for engine, dataset in readers.datasets(path, f"{trajectory}/{group}"):
        assert dict(dataset.sizes) == dims, (engine, dataset.sizes)
        assert "steps" not in dataset and "far" in dataset, engine
