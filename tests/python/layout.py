"""Reads the trajectory file of the example `firing_rate` as a stranger would: with h5py and with xarray."""

import sys

import h5py
import numpy as np
from readers import datasets, text

TAU_REF = np.array([5.0, 7.5, 10.0])
I = np.linspace(0.0, 1.0, 101)


def check_nodes(file):
    assert text(file.attrs["pypet_format"]) == "1.0", dict(file.attrs)
    assert text(file.attrs["creator"]).startswith("pypet "), dict(file.attrs)
    trajectory = file["firing_rate"]
    assert text(trajectory.attrs["experiment"]) == "firing_rate"
    assert trajectory.attrs["n_runs"] == 303
    assert text(trajectory.attrs["state"]) == "finished"
    for name in ("comment", "created", "schema"):
        assert name in trajectory.attrs, f"{name} is not among {list(trajectory.attrs)}"

    # Presets and what is said about them.
    neuron = trajectory["parameters/neuron"]
    assert set(neuron) == {"v_init", "i", "tau_v", "tau_ref"}, list(neuron)
    assert neuron["i"][()] == 0.0 and neuron["tau_v"][()] == 10.0
    assert neuron["i"].shape == () and neuron["i"].dtype == np.float64
    assert text(neuron["i"].attrs["comment"]) == "Externally applied current."
    assert text(neuron["tau_v"].attrs["units"]) == "ms"
    assert neuron["i"].attrs["explored"] == 1 and neuron["tau_v"].attrs["explored"] == 0
    steps = trajectory["derived_parameters/simulation/steps"]
    assert steps[()] == 10_000 and steps.dtype.kind == "u", steps
    assert text(steps.attrs["comment"]) == "Number of Euler steps."

    # Points and runs.
    assert trajectory["explored/neuron.i"].shape == (303,)
    assert np.array_equal(trajectory["explored/neuron.i"], np.tile(I, 3))
    assert np.array_equal(trajectory["explored/neuron.tau_ref"], np.repeat(TAU_REF, 101))
    status = trajectory["runs/status"]
    assert status.shape == (303,) and (status[()] == 1).all(), status[()]
    assert (trajectory["runs/runtime"][()] >= 0).all()

    # One column for each result, and a view of it shaped by the axes.
    results, grid = trajectory["results"], trajectory["grid"]
    assert set(results) == {"v", "n_spikes", "rate"}, list(results)
    assert results["rate"].shape == (303,) and grid["rate"].shape == (3, 101)
    assert results["v"].shape == (303, 10_000) and grid["v"].shape == (3, 101, 10_000)
    assert results["n_spikes"].dtype == np.uint64
    assert text(results["rate"].attrs["units"]) == "Hz"
    assert text(results["rate"].attrs["comment"]) == "Mean firing rate."
    assert np.array_equal(grid["rate"][()], results["rate"][()].reshape(3, 101))
    assert np.array_equal(grid["v"][1, 100], results["v"][201])
    return {name: results[name][()] for name in results}


def check_grid(path, results):
    for engine, grid in datasets(path, "firing_rate/grid"):
        assert dict(grid.sizes) == {"tau_ref": 3, "i": 101, "v_0": 10_000}, (engine, grid)
        assert grid.rate.dims == ("tau_ref", "i"), (engine, grid)
        assert grid.v.dims == ("tau_ref", "i", "v_0"), (engine, grid)
        assert np.array_equal(grid.tau_ref, TAU_REF) and np.array_equal(grid.i, I), (engine, grid)
        assert {"tau_ref", "i"} <= set(grid.coords), (engine, grid)
        for name, column in results.items():
            assert np.array_equal(grid[name].values.reshape(column.shape), column), (engine, name)
        assert grid.rate.attrs["units"] == "Hz" and grid.rate.attrs["comment"] == "Mean firing rate."
        assert grid.tau_ref.attrs["units"] == "ms" and grid.tau_ref.attrs["comment"] == "Refractory period."
        # What labels are for.
        assert grid.rate.sel(tau_ref=7.5, i=1.0) == results["rate"][201], engine
        assert grid.rate.sel(tau_ref=5.0, i=0.503, method="nearest") == results["rate"][50], engine


def check_by_run(path, results):
    for engine, runs in datasets(path, "firing_rate/by_run"):
        assert runs.sizes["run"] == 303, (engine, runs)
        assert np.array_equal(runs.run, np.arange(303)), (engine, runs)
        assert {"run", "i", "tau_ref"} <= set(runs.coords), (engine, runs)
        assert np.array_equal(runs.i, np.tile(I, 3)) and np.array_equal(runs.tau_ref, np.repeat(TAU_REF, 101)), engine
        assert runs.rate.dims == ("run",) and runs.v.dims == ("run", "v_0"), (engine, runs)
        for name, column in results.items():
            assert np.array_equal(runs[name], column), (engine, name)
        assert runs.rate.attrs["units"] == "Hz", engine
        chosen = runs.rate.where((runs.i > 0.9) & (runs.tau_ref == 5.0), drop=True)
        assert chosen.size == 10, (engine, chosen)


def main(path):
    with h5py.File(path, "r") as file:
        results = check_nodes(file)
        print(file["firing_rate/results/rate"].shape, file["firing_rate/grid/rate"].shape)
    check_grid(path, results)
    check_by_run(path, results)


main(sys.argv[1])
