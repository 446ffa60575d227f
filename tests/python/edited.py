"""Checks annotations, links, comments and summaries as h5py sees them."""

import sys

import h5py
import numpy
import readers

with h5py.File(sys.argv[1]) as file:
    traj = file["multiply"]
    assert readers.text(traj.attrs["annotation:analysed_by"]) == "Åda"
    assert list(traj["results/z"].attrs["annotation:limits"]) == [0.5, 0.0, numpy.inf]
    assert traj["parameters/x"].attrs["annotation:is_checked"] == 1
    assert readers.text(traj["parameters/x"].attrs["annotation_dtype:is_checked"]) == "bool"
    assert traj["results/best"][()] == 21.0
    assert isinstance(traj["results"].get("best", getlink=True), h5py.SoftLink)
    assert readers.text(traj["parameters/y"].attrs["comment"]) == "another factor"
    assert readers.text(traj["results/summary/best"].attrs["units"]) == "mV"
