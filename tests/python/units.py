"""Reads what the example `units` left: quantities with their units."""

import sys

import numpy as np
from readers import datasets

for engine, grid in datasets(sys.argv[1], "units/grid"):
    assert grid.speed.attrs["units"] == "m s-1" and np.allclose(grid.speed, [5, 10]), (engine, grid.speed)
    assert grid.distance.attrs["units"] == "m" and grid.distance.dims == ("speed", "angle"), (engine, grid.distance)
    expected = grid.speed**2 * np.sin(2 * grid.angle) / 9.81
    assert np.allclose(grid.distance, expected), (engine, grid.distance)
    assert np.allclose(grid.time, 2 * grid.speed * np.sin(grid.angle) / 9.81), (engine, grid.time)
