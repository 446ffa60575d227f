"""Reads a file in a loop while a study writes it: every run that counts as done has its results.

Reads for so many seconds, and on until it has seen enough or waited in vain.
Prints how many reads there were, how often they found newer runs, how often the file was refused because a commit was
being applied, how often it was refused again after 20 ms, how often it still was after minutes, and how old the newest
run was at worst.
"""

import json
import sys
import time

import h5py
import numpy as np

path, seconds = sys.argv[1], float(sys.argv[2])
PATIENCE = 240
reads = newer = newest = refused = refused_again = errors = wrong = 0
oldest = longest = 0.0


def opened():
    """The file; while a commit is applied it is refused, and tried again after 20 ms."""
    global refused, refused_again, errors
    for attempt in range(50 * PATIENCE):
        try:
            return h5py.File(path, "r")
        except OSError:
            refused += attempt == 0
            refused_again += attempt == 1
            time.sleep(0.02)
    errors += 1
    return None


end = time.time() + seconds
while time.time() < end or (reads <= 10 or newer <= 4 or newest <= 100) and not errors and time.time() < end + PATIENCE:
    now = time.time()
    file = opened()
    if file is None:
        continue
    with file:
        study = file["study"]
        done = np.flatnonzero(study["runs/status"][()] == 1)
        runs = slice(0, done[-1] + 1 if len(done) else 0)
        squares = study["results/square"][runs][done]
        traces = study["results/trace"][runs][done]
        # Texts are read one by one, so the newest of them must do.
        words = study["results/word"].asstr()[runs][done[-50:]]
        ended = study["runs/started"][runs][done] + study["runs/runtime"][runs][done]
    reads += 1
    newer += len(done) > newest
    newest = len(done)
    wrong += not (squares == done**2).all()
    wrong += not (traces == done[:, None]).all()
    wrong += [f"run {run}" for run in done[-50:]] != list(words)
    if len(done):
        oldest = max(oldest, now - ended.max())
    longest = max(longest, time.time() - now)
print(json.dumps({"reads": reads, "newer": newer, "refused": refused, "refused_again": refused_again, "errors": errors, "wrong": wrong, "runs": newest,
                  "oldest_newest_run": round(oldest, 3), "longest_read": round(longest, 3)}))
