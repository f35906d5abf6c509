"""The report of a run is one page that holds the right figures, and lets nothing in from a name or a network."""

from __future__ import annotations

import base64
import io
import math
import re
from html.parser import HTMLParser

import msgspec
import numpy as np
import pytest
from PIL import Image

from engine.architecture.layers import Dense, Flatten
from engine.architecture.network import NetworkSpec
from engine.backends.choice import make_backend
from engine.data.dataset import Dataset
from engine.errors import NetariumError
from engine.history.recorded import chosen_checkpoint, gathered
from engine.history.report import page
from engine.history.report_curves import Figure, draw, ticks
from engine.history.store import RunStore
from engine.inspection.assessment import Assessment, Mistake, assess
from engine.storage.model_file import load_model
from tests.engine.history.runs import SMALL, session_on, squares
from tests.engine.history.samples import record_two_runs

HOSTILE = '<script>alert(1)</script>"\' onload="x" & </title></style><img src=http://evil.example/x>'
VOID = {"meta", "br", "img"}


class Page(HTMLParser):
    """Reads a page, checks that every element is closed where it was opened, and gathers what is in it."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def store():
    record_two_runs()
    store = RunStore()
    yield store
    store.close()


def assessed(store, run, dataset=None, limit=None):
    checkpoint = chosen_checkpoint(store, store.run(run))
    model = load_model(checkpoint.path)
    network = make_backend("scratch").build(model.spec, model.weights)
    steps = assess(network, model.spec, dataset or squares(), limit)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return checkpoint, end.value


def test_the_page_holds_the_figures_of_the_run(store):
    run = store.run(1)
    told = Page(page(gathered(store, run, *assessed(store, 1))))
    assert f"epoch {run.best_epoch}, loss {run.best_loss:.4f}" in told.text
    assert f"{run.parameters:,}" in told.text and "Status: completed" in told.text
    epochs = store.epochs(1)
    for place in range(3):
        row = next(row for row in told.rows if row[0] == str(place + 1) and len(row) == 7)
        assert row[1:5] == [
            f"{epochs['train_loss'][place]:.4f}", f"{epochs['train_accuracy'][place]:.2%}",
            f"{epochs['validation_loss'][place]:.4f}", f"{epochs['validation_accuracy'][place]:.2%}",
        ]  # fmt: skip
    assert ["epoch 2, after batch 2", "learning rate", "0.01", "0.005"] in told.rows
    assert ["Optimizer", "Adam with β₁ = 0.9 and β₂ = 0.999"] in told.rows
    assert ["Seed of all chance", "5"] in told.rows
    assert ["conv1", "Conv 4, 3×3, no bias", "4×6×6", "36"] in told.rows
    assert "It began with freshly drawn weights." in told.text


def test_a_run_that_goes_on_tells_where_it_came_from(store):
    store.annotate(1, name="the first")
    text = Page(page(gathered(store, store.run(2), None, None))).text
    assert "It trains the weights of run 1 (the first) on, as they were after batch 15." in text
    with store.transaction() as connection:
        connection.execute("DELETE FROM runs WHERE id = 1")
    text = Page(page(gathered(store, store.run(2), None, None))).text
    assert "run 1 (which is no longer in the history) on, as" in text


def test_the_curves_of_a_run_that_goes_on_begin_with_those_of_the_run_before_and_the_table_does_not(store):
    told = Page(page(gathered(store, store.run(2), None, None)))
    uprights = [line for line in told.attributes("line") if line.get("class") == "begins"]
    assert len(uprights) == 2 and uprights[0]["x1"] == uprights[1]["x1"]
    curves = [path["d"] for path in told.attributes("path") if path.get("class") == "validation"]
    validation = next(curve for curve in curves if curve != "M1 6L27 6")
    before = Page(page(gathered(store, store.run(1), None, None)))
    assert not [line for line in before.attributes("line") if line.get("class") == "begins"]
    assert validation.count("L") >= 3, "three epochs of the run before, and its own"
    epochs = [row[0] for row in told.rows if len(row) == 7 and row[0].isdigit()]
    assert epochs == ["4"]
    assert "here this run began" in told.text


def test_assessing_agrees_with_the_validation_of_the_run(store):
    checkpoint, assessment = assessed(store, 1)
    assert assessment.samples == 24
    assert assessment.right / assessment.samples == pytest.approx(checkpoint.validation_accuracy)
    assert assessment.confusion.sum(axis=1).tolist() == np.bincount(squares().test_labels).tolist()
    assert assessed(store, 1, limit=10)[1].samples == 10


def test_assessing_goes_a_batch_at_a_time_and_finds_the_surest_mistakes():
    dataset = squares(16, 600)
    network = session_on(dataset).network
    steps = list(assess(network, SMALL, dataset))
    assert steps == [(256, 600), (512, 600), (600, 600)]
    begun = assess(network, SMALL, dataset)
    next(begun)
    begun.close()
    assessment = finished(assess(network, SMALL, dataset, most=5))
    assert len(assessment.mistakes) == 5
    sure = [mistake.confidence for mistake in assessment.mistakes]
    assert sure == sorted(sure, reverse=True)
    for mistake in assessment.mistakes:
        assert mistake.answer != mistake.label == dataset.test_labels[mistake.place]
        assert np.array_equal(mistake.image, dataset.test_images[mistake.place])


def test_assessing_with_fewer_outputs_than_classes_is_refused_at_once():
    dataset = squares()
    spec = NetworkSpec("two", (1, 8, 8), (Flatten(), Dense(2)))
    network = session_on(dataset).network
    with pytest.raises(NetariumError, match="tells 2 classes apart"):
        next(assess(network, spec, dataset))


def test_an_output_beyond_the_classes_has_a_name_too():
    dataset = squares()
    spec = NetworkSpec("five", (1, 8, 8), (Flatten(), Dense(5)))
    assessment = finished(assess(session_on(dataset, spec).network, spec, dataset))
    assert assessment.class_names == ("a", "b", "c", "3", "4")
    assert assessment.confusion.shape == (5, 5)
    assert np.isnan(assessment.recall[3:]).all() and not np.isnan(assessment.recall[:3]).any()


def finished(steps):
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def assessment_of(names=("cat", "dog"), image=None) -> Assessment:
    image = np.arange(16, dtype=np.uint8).reshape(1, 4, 4) if image is None else image
    counts = np.zeros((len(names), len(names)), np.int64)
    counts[0, :2], counts[1, :2] = (30, 10), (1, 39)
    return Assessment(names, counts, (Mistake(7, image, 0, 1, 0.98765),))


def test_the_confusion_matrix_tells_counts_and_recall(store):
    told = Page(page(gathered(store, store.run(1), None, assessment_of())))
    assert ["cat", "30", "10", "40", "75.0%", ""] in told.rows
    assert ["dog", "1", "39", "40", "97.5%", ""] in told.rows
    assert "69 of 80 test images are answered rightly (86.25%)." in told.text
    heats = {a["class"]: float(a["style"].split(":")[1]) for a in told.attributes("td") if "style" in a}
    cells = [(a["class"], a["style"]) for a in told.attributes("td") if "style" in a]
    assert set(heats) == {"right", "wrong"} and len(cells) == 4
    assert cells[1] > cells[2]  # ten mistakes are more than one


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_mistake_is_shown_with_its_image_truth_answer_and_confidence(store, channels):
    image = np.random.default_rng(0).integers(0, 256, (channels, 4, 6)).astype(np.uint8)
    told = Page(page(gathered(store, store.run(1), None, assessment_of(image=image))))
    assert "It is cat.Answer: dog98.77% sure, image 7" in "".join(told.texts)
    (source,) = [attributes["src"] for attributes in told.attributes("img")]
    assert source.startswith("data:image/png;base64,")
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(source.split(",")[1]))))
    assert np.array_equal(shown, image.transpose(1, 2, 0) if channels == 3 else image[0])


def test_many_classes_are_told_by_what_is_confused_most(store):
    told = Page(page(gathered(store, store.run(1), None, assessment_of(tuple(f"c{n}" for n in range(200))))))
    assert ["c0", "c1", "10", "75.00%"] in told.rows and ["c1", "c0", "1", "97.50%"] in told.rows
    assert max(map(len, told.rows)) < 10


def test_nothing_of_a_hostile_name_gets_into_the_page(store):
    store.annotate(1, name=HOSTILE, note=HOSTILE)
    store.update(1, {"network": HOSTILE, "message": HOSTILE, "dataset": f"x{HOSTILE}", "device": HOSTILE})
    store.update(1, {"versions": msgspec.json.encode({HOSTILE: HOSTILE}).decode()})
    store.annotate(2, name=HOSTILE)
    answers = assessment_of((HOSTILE, "b"))
    for run in (1, 2):
        text = page(gathered(store, store.run(run), None, answers, HOSTILE))
        told = Page(text)
        assert "script" not in {tag for tag, _ in told.tags}
        assert not [a for tag, a in told.tags if any(name.startswith("on") for name in a)]
        assert {a["src"].split(":")[0] for a in told.attributes("img")} == {"data"}
        assert told.text.count("<script>alert(1)</script>") >= 3


def test_the_page_asks_nothing_of_a_network_and_runs_nothing(store):
    text = page(gathered(store, store.run(1), *assessed(store, 1)))
    assert not re.search(r"https?:|//|@import|<script|<link|<iframe|javascript:", re.sub(r"base64,[^\"]*", "", text))
    policy = next(a["content"] for a in Page(text).attributes("meta") if "http-equiv" in a)
    assert "default-src 'none'" in policy
    for address in re.findall(r"url\(([^)]*)\)", text):
        assert address.startswith("#clip-")


def test_without_answers_the_page_says_why(store):
    told = Page(page(gathered(store, store.run(1), None, None, "The data set is gone.")))
    assert "The data set is gone." in told.text
    assert not told.attributes("img") and "recall" not in told.text


def test_a_run_without_epochs_or_batches_has_a_page(store):
    run = store.insert(store.start(1), 10)
    text = Page(page(gathered(store, store.run(run), None, None))).text
    assert "Not a single batch was trained." in text and "no epoch yet" in text and "still running" in text
    assert "nan" not in text


def test_of_a_long_run_some_epochs_are_left_out_of_the_table_but_not_the_best(store):
    count = 950
    with store.transaction() as connection:
        connection.execute("DELETE FROM epochs")
        connection.executemany(
            "INSERT INTO epochs VALUES (1, ?, ?, 1, 1, 1, 1, 0.5, 1, 0.1)", [(n, n * 5) for n in range(1, count + 1)]
        )
    store.update(1, {"best_epoch": 347, "epochs": count})
    told = Page(page(gathered(store, store.run(1), None, None)))
    epochs = [int(row[0]) for row in told.rows if len(row) == 7 and row[0].isdecimal()]
    assert {1, 347, count} <= set(epochs) and len(epochs) < 110
    assert "every 10th epoch" in told.text


def figure(epochs=(), training=(), validation=(), batches=(), **more) -> Figure:
    arrays = [np.array(values, float) for values in (epochs, training, validation)]
    return Figure("Loss", "loss", *arrays, np.arange(1, len(batches) + 1) / 10, np.array(batches, float), **more)


def test_a_curve_goes_through_its_points_and_leaves_a_gap_where_nothing_is_known():
    drawn = draw(figure([1, 2, 3, 4], [4, 3, math.nan, 1], [2, 2, 2, 2]))
    (path,) = re.findall(r'<path class="training" d="([^"]*)"', drawn)
    points = [tuple(map(float, point.split())) for point in re.split("[ML]", path)[1:]]
    assert re.sub("[^ML]", "", path) == "MLM"
    (x1, y1), (x2, y2), (x4, y4) = points
    assert x4 - x2 == pytest.approx(2 * (x2 - x1), abs=0.2)
    assert y4 - y2 == pytest.approx(2 * (y2 - y1), abs=0.2) and y1 < y4
    assert len(re.findall('<circle class="training"', drawn)) == 3


def test_nothing_known_is_no_picture_and_infinities_do_no_harm():
    assert draw(figure()) == ""
    assert draw(figure([1], [math.nan], [math.inf])) == ""
    drawn = draw(figure([1, 2], [1, math.inf], [1, 2], [5.0, math.nan, 3.0]))
    assert "inf" not in drawn and "nan" not in drawn


def test_a_few_wild_batches_do_not_flatten_the_curves():
    drawn = draw(figure([1], [1.0], [1.0], [1.0] * 500 + [1e6]))
    assert float(re.findall(r'<text class="end"[^>]*>([\d.]+)<', drawn)[-1]) < 2


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.97, 0.995), (0, 2.4), (3, 1e5), (1e-6, 3e-6)])
def test_ticks_are_few_round_and_within(low, high):
    found = ticks(low, high)
    assert 3 <= len(found) <= 7
    assert low - 1e-9 <= found[0] and found[-1] <= high * (1 + 1e-9)
    step = found[1] - found[0]
    assert round(step / 10 ** math.floor(math.log10(step * 1.0000001)), 6) in (1, 2, 5)
    assert len({f"{value:.9g}" for value in found}) == len(found)


def test_epochs_are_counted_in_whole_numbers():
    assert ticks(0, 2, whole=True) == [0, 1, 2]
    assert ticks(0, 1000, whole=True) == [0, 200, 400, 600, 800, 1000]


def test_colour_images_of_a_data_set_are_assessed():
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (8, 3, 8, 8)).astype(np.uint8)
    labels = np.array([0, 1] * 4, np.uint8)
    dataset = Dataset("colours", images, labels, images, labels, ("x", "y"))
    spec = NetworkSpec("flat", (3, 8, 8), (Flatten(), Dense(2)))
    assert finished(assess(session_on(dataset, spec).network, spec, dataset)).samples == 8
