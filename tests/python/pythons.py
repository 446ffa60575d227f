"""Makes a file with what every file of Python's pypet has."""

import sys

import h5py

with h5py.File(sys.argv[1], "w") as file:
    file["example/overview/info"] = [1]
    file["example/parameters/x/data"] = [1.0]
