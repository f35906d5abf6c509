"""The weights of the best epoch are kept, whatever else is kept around them."""

from __future__ import annotations

from engine.history.recorder import Pace
from engine.history.store import RunStore
from engine.history.writer import HistoryWriter
from engine.storage.model_file import load_model
from tests.engine.history.runs import recorded, session_on, squares


def test_the_best_epoch_is_kept_although_a_state_was_kept_after_its_last_batch():
    writer = HistoryWriter()
    pace = Pace(figures_s=0.0, state_s=0.0, snapshot_s=1e9, share=1.0)  # a state after every batch, no snapshot
    _, events = recorded(writer, session_on(squares()), pace=pace)
    for _ in events:
        writer.settle()
    assert writer.close()
    store = RunStore()
    (run,) = store.runs()
    (best,) = [checkpoint for checkpoint in store.checkpoints(run.id) if checkpoint.best]
    assert (best.position.epoch, best.position.batch) == (run.best_epoch, 0)
    assert best.validation_accuracy == run.best_accuracy
    model = load_model(best.path)
    assert model.position == best.position and model.metrics[-1].epoch == run.best_epoch
    store.close()
