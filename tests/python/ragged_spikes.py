"""Reads the tables of the example `ragged_spikes`, run by run, as its header shows."""

import sys

import h5py
import numpy as np


def of_run(column, run):
    return column["values"][column["row_start"][run] :][: column["row_size"][run]]


with h5py.File(sys.argv[1]) as file:
    results = file["ragged_spikes/results"]
    spikes = results["spikes"]
    assert set(spikes) == {"time", "neuron"}, set(spikes)
    sizes = spikes["time/row_size"][()].tolist()
    assert sizes[0] == 0 and sizes[4] > sizes[2] > 0, sizes
    for run in range(5):
        time, neuron = of_run(spikes["time"], run), of_run(spikes["neuron"], run)
        assert len(time) == len(neuron) and (np.diff(time) >= 0).all(), run
        assert of_run(results["first_train"], run).tolist() == time[neuron == 0].tolist(), run
        dots = of_run(results["dots"], run).reshape(results["dots/row_shape"][run])
        assert dots.tolist() == np.column_stack([time, neuron]).tolist(), run
    first = results["first_spike"][()]
    assert np.isnan(first[0]) and not np.isnan(first[4]), first
    assert file["ragged_spikes/by_run/first_spike"].shape == (5,)
    found = {name: column[()] for name, column in results["found"].items()}
    assert set(found) == {"rate", "n_spikes", "first"}, found
    assert found["rate"].tolist() == [0.0, 1.0, 5.0, 10.0, 20.0] and found["n_spikes"].tolist() == sizes
    assert results["found/first"].attrs["units"] == "s" and np.isnan(found["first"][0])
