"""Makes links that lead nowhere, as other programs may."""

import sys

import h5py

with h5py.File(sys.argv[1], "r+") as file:
    results = file["multiply/results"]
    results["lost"] = h5py.SoftLink("/multiply/results/gone")
    results["round"] = h5py.SoftLink("/multiply/results/about")
    results["about"] = h5py.SoftLink("/multiply/results/round")
