"""Checks that the virtual grid of a renamed trajectory shows its values."""

import sys

import readers

for engine, dataset in readers.datasets(sys.argv[1], "table/grid"):
    assert dataset.z.sel(x=3.0, y=7.0) == 21.0, engine
