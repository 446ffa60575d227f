"""Prints the comment of a node of a file."""

import sys

import h5py

with h5py.File(sys.argv[1]) as file:
    print(file[sys.argv[2]].attrs["comment"])
