"""Computes the example `firing_rate` anew, in plain Python, and compares every bit with its trajectory file."""

import sys

import h5py
import numpy as np


def neuron(i, tau_ref, v_init=0.0, tau_v=10.0, duration=1000.0, dt=0.1):
    """The model as the tutorial of Python's pypet has it: potential at each step, number of spikes, rate in Hz."""
    steps = int(duration / dt)
    v = [0.0] * steps
    v[0] = v_init
    spike_times = []
    for step in range(1, steps):
        if v[step - 1] >= 1:
            v[step] = 0.0
            spike_times.append(step * dt)
        elif spike_times and step * dt - spike_times[-1] <= tau_ref:
            v[step] = 0.0
        else:
            dv = -1 / tau_v * v[step - 1] + i
            v[step] = v[step - 1] + dv * dt
    return v, len(spike_times), len(spike_times) / duration * 1000


def main(path):
    currents = np.linspace(0.0, 1.0, 101).tolist()
    points = [(tau_ref, i) for tau_ref in (5.0, 7.5, 10.0) for i in currents]
    with h5py.File(path, "r") as file:
        trajectory = file["firing_rate"]
        assert trajectory["explored/neuron.tau_ref"][()].tolist() == [tau_ref for tau_ref, _ in points]
        assert trajectory["explored/neuron.i"][()].tolist() == [i for _, i in points]

        results = trajectory["results"]
        v, n_spikes, rate = results["v"], results["n_spikes"][()], results["rate"][()]
        assert v.shape == (303, 10_000) and v.dtype == np.float64, (v.shape, v.dtype)
        for run, (tau_ref, i) in enumerate(points):
            expected = neuron(i, tau_ref)
            # Bytes, not numbers: equal to the last bit, the sign of zero included.
            assert v[run].tobytes() == np.array(expected[0]).tobytes(), f"the traces of run {run} differ"
            assert (n_spikes[run], rate[run]) == expected[1:], f"run {run}: {n_spikes[run]}, {rate[run]}, {expected[1:]}"

        # A model in which nothing happens would agree with everything.
        assert n_spikes.min() == 0 and n_spikes.max() > 100, n_spikes
    print(f"{len(points)} runs agree, {n_spikes.sum()} spikes")


main(sys.argv[1])
