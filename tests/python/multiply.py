"""Reads the trajectory file of the example `multiply`."""

import sys

import numpy as np
from readers import datasets

for engine, grid in datasets(sys.argv[1], "multiply/grid"):
    assert grid.x.values.tolist() == [1, 2, 3, 4] and grid.y.values.tolist() == [6, 7, 8], (engine, grid)
    assert grid.z.dims == ("x", "y") and np.array_equal(grid.z, grid.x * grid.y), (engine, grid)
    assert grid.z.attrs["comment"] == "Multiplies two numbers.", (engine, grid.z.attrs)
print("z is x times y")
