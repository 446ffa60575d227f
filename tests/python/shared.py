"""Reads what the runs of the example `shared` have written together."""

import sys

import h5py
import numpy as np
import xarray

with h5py.File(sys.argv[1]) as file:
    results = file["shared/results"]
    image = results["image"]
    assert image.shape == (160, 160) and image.dtype == np.uint16, image
    assert image.attrs["comment"] == "steps until a point leaves the circle"
    inside = image[()] == 30
    n_inside = results["n_inside"][()]
    assert inside.sum() == n_inside.sum() > 1000, n_inside
    assert [band.sum() for band in np.split(inside, 16)] == n_inside.tolist()

    line, column = results["boundary/line"], results["boundary/column"]
    found = []
    for run in range(16):
        rows = slice(line["row_start"][run], line["row_start"][run] + line["row_size"][run])
        found += zip(line["values"][rows].tolist(), column["values"][rows].tolist())
    expected = np.argwhere(inside[:, 1:] != inside[:, :-1]).tolist()
    assert found == [tuple(place) for place in expected], found[:5]

    slices = file["shared/runs/slices/image"]
    first = slices["values"][slices["row_start"][3] :][: slices["row_size"][3]].reshape(slices["row_shape"][3])
    assert first.shape == (10, 2, 2) and first[0].tolist() == [[30, 31], [0, 160]], first
    assert results["orbits"].shape == (16, 160, 8)

with xarray.open_dataset(sys.argv[1], group="shared/by_run") as by_run:
    assert by_run.orbits.dims == ("run", "orbits_0", "orbits_1"), by_run
