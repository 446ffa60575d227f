"""Puts something into a trajectory that pypet does not write."""

import sys

import h5py
import numpy

with h5py.File(sys.argv[1], "r+") as file:
    file["product/results/pair"] = numpy.array([(1, 2.0)], dtype=[("count", "i4"), ("share", "f8")])
