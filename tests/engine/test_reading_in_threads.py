"""What several threads read at once: files, networks and settings, in a process that has not read any before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from engine.history.recovery import open_history
from engine.storage.model_file import save_model
from tests.engine.history.runs import session_on, squares
from tests.engine.history.samples import record_two_runs

ROOT = Path(__file__).parents[2]
# Threads that hand over as often as they can meet where a type is worked out for the first time.
SCRIPT = """
import sys, threading
from pathlib import Path
from engine.architecture.editing import layers_from_json
from engine.history.store import RunStore
from engine.storage.model_file import load_model
sys.setswitchinterval(1e-6)
barrier, done = threading.Barrier(9), []
def read(what):
    barrier.wait()
    done.append(what())
def history():
    store = RunStore()
    found = [store.start(run.id) for run in store.runs()]
    store.close()
    return found
layers = '[{"kind": "flatten"}, {"kind": "dense", "units": 10}]'
kinds = [lambda: load_model(Path(sys.argv[1])), history, lambda: layers_from_json(layers)]
threads = [threading.Thread(target=read, args=(what,)) for what in 3 * kinds]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(done))
"""


def test_threads_that_read_for_the_first_time_at_once_do_not_crash(tmp_path):
    path = tmp_path / "model.safetensors"
    save_model(path, session_on(squares()).model({}))
    record_two_runs()
    open_history()[0].close()
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(path)], cwd=ROOT, capture_output=True, text=True, timeout=120
        )
        assert (done.returncode, done.stdout) == (0, "9\n"), done.stderr
