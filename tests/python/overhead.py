"""Reads the trajectory file of the example `overhead`."""

import sys

import numpy as np
from readers import datasets

for engine, runs in datasets(sys.argv[1], "overhead/by_run"):
    assert runs.run.dtype == np.int32 and np.array_equal(runs.run, np.arange(len(runs.run))), (engine, runs.run)
    assert np.array_equal(runs.y, runs.x**2), (engine, runs)
print("every run has its index and its square")
