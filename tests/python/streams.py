"""Recomputes identities and random streams of a file from docs/reproducibility.md alone."""

import hashlib
import json
import struct
import sys

import h5py
import numpy

DTYPES = {"bool": "<i1", "f32": "<f4", "f64": "<f8"}
DTYPES |= {f"{sign}{8 * size}": f"<{sign}{size}" for sign in "iu" for size in (1, 2, 4, 8)}


def number(value):
    return struct.pack("<Q", value)


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return number(len(value)) + value


def parameter(name, element, value):
    value = numpy.asarray(value)
    if element == "text":
        elements = b"".join(text(item) for item in value.reshape(-1).tolist())
    else:
        elements = value.astype(DTYPES[element]).tobytes()
    return text(name) + text(element) + number(value.ndim) + b"".join(map(number, value.shape)) + elements


def identity(parameters):
    """The hash of (full name, element type, value) of all parameters that are not derived."""
    ordered = sorted(parameters, key=lambda parameter: parameter[0].encode())
    return hashlib.sha256(text("pypet point 1") + b"".join(parameter(*p) for p in ordered)).digest()


def stream(seed, point, repetitions, name):
    counted = sorted((name.encode(), count) for name, count in repetitions.items() if count > 0)
    encoded = text("pypet stream 1") + number(seed) + point + number(len(counted))
    encoded += b"".join(text(name) + number(count) for name, count in counted)
    key = hashlib.sha256(encoded + text(name)).digest()
    s, c = int.from_bytes(key[:16], "little"), int.from_bytes(key[16:], "little") | 1
    generator = numpy.random.PCG64DXSM()
    generator.state = {
        "bit_generator": "PCG64DXSM",
        "state": {"state": ((s + c) * 15750249268501108917 + c) % 2**128, "inc": c},
        "has_uint32": 0,
        "uinteger": 0,
    }
    return generator


def golden():
    """The point and the streams that stand as constants in the tests of the crate."""
    point = identity(
        [
            ("neuron.tau", "f64", 20.0),
            ("neuron.gain", "f32", -0.0),
            ("layers", "u64", [[1, 2, 3], [4, 5, 6]]),
            ("title", "text", "Ünïcode"),
            ("labels", "text", ["", "a"]),
            ("verbose", "bool", True),
        ]
    )
    print(point[:16].hex())
    for repetitions, name in (({}, ""), ({"trial": 3, "other": 0}, "synapses")):
        print(" ".join(str(output) for output in stream(7, point, repetitions, name).random_raw(4)))


def check(path):
    with h5py.File(path) as file:
        (trajectory,) = file.values()
        schema = json.loads(trajectory.attrs["schema"])
        leaves = [leaf for leaf in schema["parameters"] if not leaf.get("derived")]
        explored = {name: column[()] for name, column in trajectory["explored"].items()}
        presets = trajectory["parameters"]
        results = trajectory["results"]
        names = {leaf["name"] for leaf in leaves}
        n_runs = int(trajectory.attrs["n_runs"])
        for run in range(n_runs):

            def value(name):
                return explored[name][run] if name in explored else presets[name.replace(".", "/")][()]

            point = identity([(leaf["name"], leaf["element"], value(leaf["name"])) for leaf in leaves])
            assert results["identity"][run].decode() == point[:16].hex(), run
            repetitions = {name: int(column[run]) for name, column in explored.items() if name not in names}
            seed = int(trajectory.attrs["seed"])
            assert seed == trajectory["config/environment/seed"][()]
            for result, name in (("main", ""), ("synapses", "synapses")):
                expected = stream(seed, point, repetitions, name).random_raw(4)
                assert (results[result][run] == expected).all(), (run, result)
            uniform = numpy.random.Generator(stream(seed, point, repetitions, "uniform")).random(3)
            assert (results["uniform"][run] == uniform).all(), run
    print(n_runs)


if sys.argv[1:]:
    check(sys.argv[1])
else:
    golden()
