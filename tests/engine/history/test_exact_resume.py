"""A run that was cut anywhere goes on bit for bit, in networks of every kind."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from engine.history.records import Origin
from engine.history.store import RunStore
from engine.history.writer import HistoryWriter
from engine.networks import choose_network
from engine.storage.model_file import load_model, save_model
from engine.training.config import ScheduleConfig
from engine.training.events import BatchesDone, EpochDone
from tests.engine.history.runs import recorded, session_on
from tests.gui.conftest import make_digits

# Batch normalisation, dropout, momentum, Adam, residuals, concatenation; the last eight in the whole campaign only.
NETWORKS = (
    "lenet-bn", "mlp-dropout", "resnet-20", "alexnet", "googlenet", "densenet", "simple-convnet", "nin", "vgg-11",
    "lenet-tanh",
)  # fmt: skip
EPOCHS, BATCHES = 3, 4


@pytest.mark.parametrize("name", NETWORKS)
def test_a_run_cut_anywhere_goes_on_bit_for_bit(name, torture, tmp_path):
    if not torture and name not in NETWORKS[:2]:
        pytest.skip("one of the whole campaign: make torture")
    chosen = choose_network(name)
    config = msgspec.structs.replace(
        chosen.config, batch_size=10, epochs=EPOCHS, limit_train=None, limit_validation=None,
        schedule=ScheduleConfig("one-cycle"), shift=1,
    )  # fmt: skip
    dataset = make_digits(train=10 * BATCHES - 3, test=20)
    writer = HistoryWriter()
    whole = session_on(dataset, chosen.spec, config, backend="gluon")
    recorder, events = recorded(writer, whole)
    cuts = {}
    for event in events:
        if isinstance(event, (BatchesDone, EpochDone)) and event.state is not None:
            place = (event.position.epoch, event.position.batch)
            cuts[place] = path = tmp_path / f"cut-{event.position.step}-{event.position.batch}.safetensors"
            save_model(path, whole.model({}))
    # Every batch, the moment between the last batch of an epoch and its validation, and the one behind it.
    assert len(cuts) == EPOCHS * (BATCHES + 1)
    places = sorted(cuts)[:-1]
    for place in places[:10] if torture else (places[1], places[BATCHES - 1], places[BATCHES]):
        model = load_model(cuts[place])
        again = session_on(dataset, model.spec, model.config, model, backend="gluon")
        replayed = []
        origin = Origin("state", recorder.id, model.position.step)
        _, events = recorded(writer, again, origin, resume=True, replayed=replayed.append)
        list(events)
        writer.settle()
        for path, values in whole.network.weights().items():
            assert np.array_equal(values, again.network.weights()[path]), (place, path)
        for moment, values in whole.network.optimizer_state().items():
            assert np.array_equal(values, again.network.optimizer_state()[moment]), (place, moment)
        figures = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
        for one, other in zip(whole.metrics, again.metrics, strict=True):
            assert all(getattr(one, name) == getattr(other, name) for name in figures), (place, one.epoch)
        assert replayed and all(r.exact for r in replayed), place
    writer.close()
    store = RunStore()
    assert {run.origin.parent for run in store.runs()} == {None, recorder.id}
    store.close()
