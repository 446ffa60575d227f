"""One phase of one Python system: `peers.py SYSTEM CASE N_RUNS PHASE FOLDER` prints its seconds.

h5py_rows    one data set, one row for each run
h5py_groups  one group with one data set for each run, as pypet lays out its files
pypet        pypet itself, as its author sets it up for speed: no log files, no progress, no tables;
             arrays uncompressed
"""

import os
import sys
import time

import numpy as np

SHAPE = (1000, 125)
SAMPLED = 1000

system, case, n_runs, phase, folder = sys.argv[1:]
n_runs = int(n_runs)
os.chdir(folder)


def value():
    return np.random.rand(*SHAPE) if case == "array" else float(np.random.rand())


def sampled():
    count = min(n_runs, SAMPLED)
    return [k * n_runs // count for k in range(count)]


def h5py_rows():
    import h5py

    if phase == "run":
        with h5py.File("values.h5", "w") as f:
            if case == "returned":
                f["z"] = np.array([value() for _ in range(n_runs)])
            else:
                shape = (n_runs,) + (SHAPE if case == "array" else ())
                chunk = (1,) + SHAPE if case == "array" else (min(16384, n_runs),)
                z = f.create_dataset("z", shape, "f8", chunks=chunk)
                for run in range(n_runs):
                    z[run] = value()
        return
    with h5py.File("values.h5", "r") as f:
        z = f["z"]
        if phase == "load_all":
            z[...]
        else:
            for run in sampled():
                z[run]


def h5py_groups():
    import h5py

    if phase == "run":
        with h5py.File("values.h5", "w") as f:
            if case == "returned":
                f["z"] = np.array([value() for _ in range(n_runs)])
            else:
                for run in range(n_runs):
                    f[f"results/runs/run_{run:08d}/z"] = value()
        return
    with h5py.File("values.h5", "r") as f:
        runs = range(n_runs) if phase == "load_all" else sampled()
        if case == "returned":
            [f["z"][...] if phase == "load_all" else f["z"][run] for run in ([0] if phase == "load_all" else runs)]
        else:
            [f[f"results/runs/run_{run:08d}/z"][()] for run in runs]


def job(traj):
    if case == "returned":
        return value()
    traj.f_add_result("z", value(), comment="A random value")


def pypet():
    from pypet import Environment, Trajectory

    if phase == "run":
        options = dict(log_config=None, report_progress=False, purge_duplicate_comments=False,
                       summary_tables=False, small_overview_tables=False)
        if case == "array":
            options.update(complevel=0)
        if case == "returned":
            options.update(automatic_storing=False)
        env = Environment(trajectory="bench", filename="values.hdf5", overwrite_file=True, **options)
        traj = env.trajectory
        traj.f_add_parameter("x", 0, comment="Number of the run")
        traj.f_add_parameter("scale", 1.0, comment="Not explored")
        traj.f_explore({"x": list(range(n_runs))})
        results = env.run(job)
        if case == "returned":
            traj.f_add_result("z", np.array([result[1] for result in results]), comment="All numbers")
            traj.f_store()
        env.disable_logging()
        return
    traj = Trajectory("bench", add_time=False)
    if phase == "load_all":
        traj.f_load(filename="values.hdf5", load_all=2)
        return
    traj.f_load(filename="values.hdf5", load_parameters=2, load_derived_parameters=0, load_results=0,
                load_other_data=0)
    traj.v_auto_load = True
    for run in sampled():
        traj.v_idx = run
        if case == "returned":
            traj.res.z[run]
        else:
            traj.res.runs.crun.z
            traj.res.runs.f_remove_child(traj.v_crun, recursive=True)


def import_all():
    import h5py  # noqa: F401

    if system == "pypet":
        import pypet  # noqa: F401


if __name__ == "__main__":
    # Imports are not measured.
    import_all()
    begun = time.perf_counter()
    {"h5py_rows": h5py_rows, "h5py_groups": h5py_groups, "pypet": pypet}[system]()
    if phase == "run":
        name = "values.hdf5" if system == "pypet" else "values.h5"
        with open(name, "rb") as f:
            os.fsync(f.fileno())
    took = time.perf_counter() - begun
    print("seconds", took * n_runs / len(sampled()) if phase == "load_each" else took)
