"""Reads what the example `custom_type` left: numbers, JSON, and options as text."""

import json
import sys

import h5py
from readers import text

with h5py.File(sys.argv[1]) as file:
    traj = file["custom_type"]
    assert traj["explored/left"][()].tolist() == [0.1, 0.4, 0.6, 0.9]
    assert json.loads(text(traj["parameters/start"][()])) == "Middle"
    ends = [json.loads(end) for end in traj["results/end"].asstr()[()]]
    assert ends[0]["Stuck"]["side"] == "right" and ends[3]["Stuck"]["side"] == "left", ends
    assert text(traj["results/end"].attrs["type"]) == "custom_type::End"
    returns = traj["results/first_return"].asstr()[()]
    assert all(entry == "" or int(entry) % 2 == 0 for entry in returns), returns
