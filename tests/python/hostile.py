"""Fills a file with names and comments that mean no good: markup, escape sequences, paths, line ends, 64 kB."""

import json
import sys

import h5py

EVIL = '<script>alert(1)</script>"><img src=x onerror=alert(2)>\x1b]0;owned\x07\x1b[31m\x9b\u202e../../evil\r\nrun 0 {picture}'

with h5py.File(sys.argv[1], "r+") as file:
    trajectory = file["multiply"]
    schema = json.loads(trajectory.attrs["schema"])
    for leaf in schema["parameters"] + schema["results"]:
        leaf["comment"] = EVIL[:50]
        leaf["unit"] = EVIL
    trajectory.attrs["schema"] = json.dumps(schema)
    trajectory.attrs["comment"] = EVIL + "x" * 65_536
    trajectory.attrs["experiment"] = EVIL
    for node in ("explored/x", "explored/y", "results/z", "parameters/x"):
        trajectory[node].attrs["comment"] = EVIL[:50]
        trajectory[node].attrs["units"] = EVIL
    results = trajectory["results"]
    for name in (EVIL.replace("/", "\\"), "..", "y" * 60_000, "\x1b[2J"):
        if name == "..":
            continue
        results.copy("z", results, name=name)
        for attribute in ("DIMENSION_LIST", "REFERENCE_LIST"):
            if attribute in results[name].attrs:
                del results[name].attrs[attribute]
