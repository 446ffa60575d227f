"""Makes an HDF5 file that is not one of pypet's."""

import sys

import h5py

with h5py.File(sys.argv[1], "w") as file:
    file["data"] = [1, 2, 3]
