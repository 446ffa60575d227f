"""How long h5py takes to read whole datasets from a warm page cache: the best of nine times, in seconds.

Arguments: pairs of a file and a dataset in it.
"""

import sys
import time

import h5py

for path, name in zip(sys.argv[1::2], sys.argv[2::2]):
    times = []
    for _ in range(9):
        with h5py.File(path) as file:
            dataset = file[name]
            begun = time.perf_counter()
            dataset[()]
            times.append(time.perf_counter() - begun)
    print(min(times))
