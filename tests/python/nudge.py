"""Changes one result of one run: adds a number to it."""

import sys

import h5py

path, name, run, amount = sys.argv[1:]
with h5py.File(path, "r+") as file:
    (trajectory,) = [group for group in file.values() if "experiment" in group.attrs]
    trajectory["results"][name][int(run)] += float(amount)
