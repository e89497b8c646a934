"""tomotopy's LDAModel on one worker, in the manner of the programs of `benchmarks/limit`: sweeps on request.

Called with a state (`benchmarks/limit/state.py`) and the number of sweeps to make before it says "ready". It begins
from topics of its own, for it takes none.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import pairwise

import numpy as np
import tomotopy


def main(path: str, sweeps_before: int) -> None:
    """Train when told to."""
    with open(path, "rb") as file:
        n_documents, n_tokens, n_terms, n_topics = np.fromfile(file, np.int64, 4)
        (beta,) = np.fromfile(file, np.float64, 1)
        offsets = np.fromfile(file, np.int64, n_documents + 1)
        words = np.fromfile(file, np.int32, n_tokens)
    model = tomotopy.LDAModel(k=int(n_topics), alpha=min(0.1, 20 / n_topics), eta=float(beta), seed=1)
    names = [str(i) for i in range(n_terms)]
    for begin, end in pairwise(offsets):
        if end > begin:
            model.add_doc([names[w] for w in words[begin:end]])
    model.train(sweeps_before, workers=1, show_progress=False)
    print("ready", flush=True)
    for line in sys.stdin:
        sweeps = int(line)
        before = time.perf_counter()
        model.train(sweeps, workers=1, show_progress=False)
        seconds = time.perf_counter() - before
        print(json.dumps({"sweep": 1e9 * seconds / (sweeps * model.num_words)}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
