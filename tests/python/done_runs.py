"""Checks that all runs of a trajectory are there and done: `done_runs.py FILE TRAJECTORY NUMBER`."""

import sys

import h5py

path, trajectory, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
with h5py.File(path, "r") as file:
    status = file[trajectory]["runs/status"][()]
    assert status.shape == (number,) and (status == 1).all(), status
