"""The set-up panel through real events: what it shows, what it says, what it forbids."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPushButton, QToolButton, QTreeWidget, QWidget

from engine.architecture.layers import Activation, Conv2D, Dense, Dropout, Flatten, MaxPool2D, Residual
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.architecture.zoo import EXPERIMENTS
from engine.devices import DeviceInfo
from engine.replies import BackendChosen
from engine.training.config import (
    InitializerConfig,
    OptimizerConfig,
    ScheduleConfig,
    StoppingConfig,
    TrainingConfig,
)
from engine.training.schedules import preview
from gui.setup_panel import SetupPanel
from gui.theme import DARK, LIGHT

UNUSUAL = TrainingConfig(
    optimizer=OptimizerConfig(
        name="adam", learning_rate=1.2345e-7, momentum=0.123, decay=0.77, beta1=0.85, beta2=0.98765,
        weight_decay=3e-5, clip_value=0.25, clip_norm=7.5,
    ),
    schedule=ScheduleConfig(
        name="one-cycle", warmup_epochs=1.5, step_epochs=4, step_factor=0.3, final_factor=0.07, rising_fraction=0.3,
    ),
    initializer=InitializerConfig(name="normal", distribution="gaussian", magnitude=2.24, scale=0.013, biases="drawn"),
    stopping=StoppingConfig(monitor="loss", patience=7),
    batch_size=37, epochs=21, seed=2**63 - 1, loss_reduction="sum", sampling="with-replacement",
    shift=3, limit_train=5000, limit_validation=1000,
)  # fmt: skip

WITH_DROPOUT = NetworkSpec(
    "small", (1, 8, 8),
    (
        Flatten(), Dense(units=20), Activation(function="relu"), Dropout(rate=0.25), Dropout(rate=0.5),
        Residual(body=(Dense(units=20),)), Dense(units=10),
    ),
)  # fmt: skip


@pytest.fixture
def panel(qtbot):
    panel = SetupPanel()
    qtbot.addWidget(panel)
    panel.set_networks(
        [("Networks", [("lenet-tanh", "A convolutional network."), ("mlp-128-64", "Two hidden layers.")])]
    )
    panel.set_datasets([("mnist", "MNIST digits"), ("fashion", "Fashion-MNIST")])
    panel.set_devices([DeviceInfo("cpu", "CPU, 2 threads")])
    panel.set_train_samples(60_000)
    panel.set_state("ready")
    panel.resize(320, 680)
    panel.show()
    return panel


def field(panel, name):
    found = panel.findChild(QWidget, name)
    assert found is not None, name
    return found


def type_into(qtbot, spin, text):
    spin.setFocus()
    spin.selectAll()
    qtbot.keyClicks(spin, text)
    qtbot.keyClick(spin, Qt.Key.Key_Return)


@pytest.mark.parametrize("name", sorted(EXPERIMENTS))
def test_every_published_configuration_comes_back_as_it_was_given(panel, name):
    panel.set_configuration(EXPERIMENTS[name].config)
    assert panel.configuration() == EXPERIMENTS[name].config


def test_a_configuration_of_unusual_values_is_kept_to_the_last_digit(panel):
    panel.set_configuration(UNUSUAL)
    assert panel.configuration() == UNUSUAL


def test_another_seed_replaces_one_too_large_to_be_shown(panel, qtbot):
    panel.set_configuration(UNUSUAL)
    type_into(qtbot, field(panel, "seedSpin"), "12")
    assert panel.configuration().seed == 12
    type_into(qtbot, field(panel, "seedSpin"), str(2**31 - 1))
    assert panel.configuration().seed == 2**63 - 1


def test_what_is_typed_is_in_the_configuration(panel, qtbot):
    with qtbot.waitSignal(panel.configuration_changed):
        type_into(qtbot, field(panel, "learningRateSpin"), "1e-3")
    type_into(qtbot, field(panel, "batchSizeSpin"), "64")
    type_into(qtbot, field(panel, "epochsSpin"), "3")
    type_into(qtbot, field(panel, "limitTrainSpin"), "500")
    field(panel, "optimizerCombo").setFocus()
    qtbot.keyClicks(field(panel, "optimizerCombo"), "Ad")
    qtbot.keyClicks(field(panel, "samplingCombo"), "Fix")
    config = panel.configuration()
    assert config.optimizer.learning_rate == 0.001
    assert config.optimizer.name == "adagrad"
    assert (config.batch_size, config.epochs, config.limit_train) == (64, 3, 500)
    assert config.sampling == "in-order"


def test_shifts_are_typed_in_pixels_switched_off_with_zero_and_named_in_the_folded_section(panel, qtbot):
    shift = field(panel, "shiftSpin")
    assert shift.text() == "Off"
    type_into(qtbot, shift, "2")
    assert (panel.configuration().shift, shift.text()) == (2, "2 px")
    field(panel, "samplingHeader").setChecked(False)
    assert any("shuffled, shifts of 2 px" in label.text() + label.toolTip() for label in panel.findChildren(QLabel))
    type_into(qtbot, shift, "11")
    assert panel.configuration().shift <= 8
    type_into(qtbot, shift, "0")
    assert panel.configuration().shift == 0


def test_typing_that_was_not_confirmed_counts_when_training_begins(panel, qtbot):
    spin = field(panel, "epochsSpin")
    panel.activateWindow()
    spin.setFocus()
    spin.selectAll()
    qtbot.keyClicks(spin, "7")
    assert panel.configuration().epochs == 7


@pytest.mark.parametrize(("typed", "kept"), [("-1", 1e-12), ("500", 100.0), ("abc", 0.1), ("", 0.1), ("0,02", 0.02)])
def test_the_learning_rate_cannot_leave_its_range(panel, qtbot, typed, kept):
    spin = field(panel, "learningRateSpin")
    spin.setFocus()
    spin.selectAll()
    qtbot.keyClicks(spin, typed) if typed else qtbot.keyClick(spin, Qt.Key.Key_Delete)
    qtbot.keyClick(spin, Qt.Key.Key_Return)
    assert panel.configuration().optimizer.learning_rate == kept


@pytest.mark.parametrize(
    ("method", "shown"),
    [
        ("sgd", set()),
        ("nesterov", {"momentumSpin"}),
        ("rmsprop", {"decaySpin"}),
        ("adam", {"beta1Spin", "beta2Spin"}),
    ],
)
def test_only_the_fields_of_the_chosen_optimizer_are_shown(panel, method, shown):
    combo = field(panel, "optimizerCombo")
    combo.setCurrentIndex(combo.findData(method))
    fields = {"momentumSpin", "decaySpin", "beta1Spin", "beta2Spin"}
    assert {name for name in fields if field(panel, name).isVisibleTo(panel)} == shown


@pytest.mark.parametrize(
    ("schedule", "shown"),
    [
        ("constant", set()),
        ("step", {"stepEpochsSpin", "stepFactorSpin"}),
        ("cosine", {"finalFactorSpin"}),
        ("one-cycle", {"finalFactorSpin", "risingSpin"}),
    ],
)
def test_only_the_fields_of_the_chosen_schedule_are_shown(panel, schedule, shown):
    combo = field(panel, "scheduleCombo")
    combo.setCurrentIndex(combo.findData(schedule))
    fields = {"stepEpochsSpin", "stepFactorSpin", "finalFactorSpin", "risingSpin"}
    assert {name for name in fields if field(panel, name).isVisibleTo(panel)} == shown


def test_the_preview_shows_the_schedule_of_this_run(panel, qtbot):
    combo = field(panel, "scheduleCombo")
    combo.setCurrentIndex(combo.findData("one-cycle"))
    type_into(qtbot, field(panel, "epochsSpin"), "4")
    type_into(qtbot, field(panel, "batchSizeSpin"), "250")
    type_into(qtbot, field(panel, "learningRateSpin"), "0.2")
    epochs, rates = field(panel, "schedulePreview").curve()
    expected = preview(panel.configuration().schedule, 0.2, 240, 4)
    assert epochs == list(expected[0])
    assert rates == list(expected[1])
    assert len(rates) <= 300


def test_the_preview_waits_until_it_is_seen(qtbot):
    panel = SetupPanel()
    qtbot.addWidget(panel)
    panel.set_train_samples(1000)
    curve = field(panel, "schedulePreview")
    assert curve.curve() == ([], [])
    panel.show()
    assert len(curve.curve()[0]) > 1


def test_published_settings_come_back(panel, qtbot):
    published = msgspec.structs.replace(UNUSUAL, seed=3)
    panel.set_configuration(published)
    reset = field(panel, "resetButton")
    assert not reset.isEnabled()
    type_into(qtbot, field(panel, "batchSizeSpin"), "11")
    assert reset.isEnabled()
    with qtbot.waitSignal(panel.configuration_changed):
        qtbot.mouseClick(reset, Qt.MouseButton.LeftButton)
    assert panel.configuration() == published
    assert not reset.isEnabled()


def test_choosing_tells_names_and_filling_is_silent(panel, qtbot):
    chosen = []
    panel.network_chosen.connect(chosen.append)
    panel.dataset_chosen.connect(chosen.append)
    panel.configuration_changed.connect(lambda: chosen.append("edited"))
    panel.set_networks([("Networks", [("lenet-tanh", "a"), ("mlp-128-64", "b")])])
    panel.set_configuration(UNUSUAL)
    panel.select_network("mlp-128-64")
    assert chosen == []
    assert panel.network_name() == "mlp-128-64"
    qtbot.keyClick(field(panel, "networkCombo"), Qt.Key.Key_Up)
    qtbot.keyClick(field(panel, "datasetCombo"), Qt.Key.Key_Down)
    assert chosen == ["lenet-tanh", "fashion"]
    assert panel.dataset_name() == "fashion"


def test_a_network_that_is_not_offered_is_shown_by_name(panel):
    panel.select_network("from-a-file")
    assert field(panel, "networkCombo").placeholderText() == "from-a-file"
    assert panel.network_name() == ""


def test_a_device_that_cannot_be_used_is_grey_and_says_why(panel, qtbot):
    reason = "MXNet has no kernels for it."
    panel.set_devices([DeviceInfo("gpu(0)", "NVIDIA H200", False, reason), DeviceInfo("cpu", "CPU")])
    combo = field(panel, "deviceCombo")
    assert panel.device_name() == "cpu"
    assert not combo.model().flags(combo.model().index(0, 0)) & Qt.ItemFlag.ItemIsEnabled
    assert reason in combo.itemData(0, Qt.ItemDataRole.ToolTipRole)
    assert any(reason in label.text() and label.isVisible() for label in panel.findChildren(QLabel))
    qtbot.keyClick(combo, Qt.Key.Key_Up)
    assert panel.device_name() == "cpu"
    combo.showPopup()
    assert combo.view().width() >= combo.view().sizeHintForColumn(0)
    combo.hidePopup()


def test_the_layer_table_counts_every_layer_and_the_total(panel, qtbot):
    summary = summarize(WITH_DROPOUT)
    panel.set_network(summary, "A small one.")
    table = panel.findChild(QTreeWidget, "layerTable")
    assert not table.isVisible()
    qtbot.mouseClick(field(panel, "layersHeader"), Qt.MouseButton.LeftButton)
    assert table.isVisible()
    assert [table.topLevelItem(1).text(column) for column in range(4)] == ["Dense 20", "20", "all", "1,300"]
    residual = table.topLevelItem(5)
    assert residual.child(0).text(0) == "Dense 20"
    assert table.topLevelItem(table.topLevelItemCount() - 1).text(3) == f"{summary.parameter_count:,}"


def test_the_layer_table_tells_how_much_of_the_image_a_layer_sees(panel):
    layers = (Conv2D(4, (3, 3)), Conv2D(4, (1, 5)), MaxPool2D((2, 2)), Flatten(), Dense(10))
    panel.set_network(summarize(NetworkSpec("small", (1, 9, 9), layers)), "")
    table = panel.findChild(QTreeWidget, "layerTable")
    assert [table.topLevelItem(row).text(2) for row in range(5)] == ["3", "3×7", "4×8", "4×8", "all"]
    assert table.topLevelItem(4).toolTip(2).startswith("The whole image")
    many = (Conv2D(300, (3, 3)), Conv2D(300, (3, 3)), Flatten(), Dense(10))
    panel.set_network(summarize(NetworkSpec("wide", (1, 9, 9), many)), "")
    assert (table.topLevelItem(1).text(3), table.topLevelItem(1).toolTip(3)) == ("810 k", "810,300")


def test_dropout_is_there_only_for_networks_that_have_it(panel):
    panel.set_network(summarize(WITH_DROPOUT), "")
    assert field(panel, "dropoutSpin").isVisibleTo(panel)
    assert field(panel, "dropoutSpin").value() == 0.5
    plain = NetworkSpec("plain", (4,), (Dense(units=2),))
    panel.set_network(summarize(plain), "")
    assert not field(panel, "dropoutSpin").isVisibleTo(panel)


@pytest.mark.parametrize("state", ["training", "paused"])
def test_during_a_run_only_live_settings_can_be_edited_and_tell_so(panel, qtbot, state):
    panel.set_network(summarize(WITH_DROPOUT), "")
    combo = field(panel, "optimizerCombo")
    combo.setCurrentIndex(combo.findData("momentum"))
    panel.set_state(state)
    enabled = {
        w.objectName()
        for w in panel.findChildren(QWidget)
        if w.isVisibleTo(panel) and w.isEnabled() and w.objectName().endswith(("Spin", "Combo"))
    }
    assert enabled == {"learningRateSpin", "momentumSpin", "weightDecaySpin", "dropoutSpin"}
    told = []
    panel.live_setting_changed.connect(lambda *change: told.append(change))
    type_into(qtbot, field(panel, "learningRateSpin"), "0.05")
    type_into(qtbot, field(panel, "momentumSpin"), "0.5")
    type_into(qtbot, field(panel, "dropoutSpin"), "0.1")
    assert told == [("learning_rate", 0.05), ("momentum", 0.5), ("dropout", 0.1)]


def test_a_number_being_typed_is_not_applied_half_way(panel, qtbot):
    panel.set_state("training")
    told = []
    panel.live_setting_changed.connect(lambda *change: told.append(change))
    spin = field(panel, "learningRateSpin")
    spin.setFocus()
    spin.selectAll()
    qtbot.keyClicks(spin, "0.001")
    assert told == []
    qtbot.keyClick(spin, Qt.Key.Key_Return)
    assert told == [("learning_rate", 0.001)]


def test_typing_goes_on_when_the_run_pauses(panel, qtbot):
    panel.activateWindow()
    panel.set_state("training")
    spin = field(panel, "learningRateSpin")
    spin.setFocus()
    spin.selectAll()
    qtbot.keyClicks(spin, "0.0")
    panel.set_state("paused")
    assert spin.hasFocus()
    qtbot.keyClicks(spin, "3")
    qtbot.keyClick(spin, Qt.Key.Key_Return)
    assert panel.configuration().optimizer.learning_rate == 0.03


def test_outside_a_run_nothing_is_a_live_change(panel, qtbot):
    with qtbot.assertNotEmitted(panel.live_setting_changed):
        type_into(qtbot, field(panel, "learningRateSpin"), "0.05")
        panel.set_state("training")
        panel.set_configuration(UNUSUAL)


@pytest.mark.parametrize("state", ["loading", "stopping"])
def test_while_nothing_is_possible_nothing_can_be_edited(panel, state):
    panel.set_state(state)
    assert not any(
        w.isEnabled()
        for w in panel.findChildren(QWidget)
        if w.objectName().endswith(("Spin", "Combo", "Button")) and w.objectName() != "editNetworkButton"
    )


@pytest.mark.parametrize("name", ["learningRateSpin", "batchSizeSpin", "optimizerCombo"])
def test_the_wheel_scrolls_past_fields_that_have_no_focus(panel, name):
    widget = field(panel, name)
    panel.setFocus()
    before = panel.configuration()
    centre = QPointF(widget.rect().center())
    wheel = QWheelEvent(
        centre, widget.mapToGlobal(centre), QPoint(0, -120), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, wheel)
    assert panel.configuration() == before


def test_everything_a_person_operates_is_named_and_explained(panel):
    combos = [c for c in panel.findChildren(QComboBox) if c.isVisibleTo(panel)]
    buttons = panel.findChildren(QPushButton) + panel.findChildren(QToolButton)
    named = [*combos, *[b for b in buttons if not b.objectName().startswith("qt_")]]
    fields = [w for w in panel.findChildren(QWidget) if w.objectName().endswith(("Spin", "Combo"))]
    assert len(fields) >= 28
    for widget in {*named, *fields}:
        assert widget.objectName(), widget
        assert widget.accessibleName(), widget.objectName()
        assert widget.toolTip(), widget.objectName()


def test_nothing_is_cut_off_in_a_narrow_dock_and_the_buttons_stay_in_sight(panel):
    panel.set_configuration(UNUSUAL)
    panel.set_network(summarize(NetworkSpec("n", (1, 28, 28), (Conv2D(channels=20, kernel=(5, 5)),))), "One layer.")
    panel.resize(280, 500)
    QApplication.processEvents()
    assert panel.width() == 280
    for name in ("networkCombo", "learningRateSpin", "trainButton", "stopButton", "moreEpochsButton"):
        widget = field(panel, name)
        right = widget.mapTo(panel, widget.rect().topRight()).x()
        assert 0 <= right < 280, name
    for name in ("trainButton", "pauseButton", "stepButton", "stopButton"):
        button = field(panel, name)
        assert button.width() >= button.fontMetrics().horizontalAdvance(button.text()) + 8
        assert panel.rect().contains(button.mapTo(panel, button.rect().bottomRight()))


def test_the_theme_reaches_the_preview(panel):
    for theme in (DARK, LIGHT):
        panel.apply_theme(theme)
        assert field(panel, "schedulePreview").grab().toImage().pixelColor(1, 1).name() == theme.surface


NEWEST = DeviceInfo(
    "gpu(0)", "GPU 0: NVIDIA H200", True, "MXNet has no kernels for it. The backend scratch can.", ("scratch",)
)
KNOWN = DeviceInfo("gpu(1)", "GPU 1: known", True, "NumPy computes on the CPU.", ("gluon", "module", "ndarray"))


def is_offered(combo, value):
    return bool(combo.model().flags(combo.model().index(combo.findData(value), 0)) & Qt.ItemFlag.ItemIsEnabled)


def test_a_gpu_that_only_one_backend_can_use_chooses_it_and_says_why(panel, qtbot):
    panel.set_devices([DeviceInfo("cpu", "CPU"), NEWEST, KNOWN])
    device, backend, note = (field(panel, name) for name in ("deviceCombo", "backendCombo", "backendNote"))
    told = []
    assert panel.backend_name() == "auto", "the fastest, unless somebody wants another"
    qtbot.keyClick(backend, Qt.Key.Key_Down)
    panel.device_chosen.connect(lambda name: told.append((name, panel.backend_name())))
    panel.backend_chosen.connect(told.append)
    assert panel.backend_name() == "gluon" and not note.isVisible()

    qtbot.keyClick(device, Qt.Key.Key_Down)

    assert (panel.device_name(), panel.backend_name()) == ("gpu(0)", "auto")
    assert told == [("gpu(0)", "auto"), "auto"]  # whoever hears of the device sees what goes with it
    assert note.isVisible() and note.text() == NEWEST.reason
    assert [is_offered(backend, name) for name in ("gluon", "module", "ndarray", "scratch")] == [False] * 3 + [True]
    assert "MXNet has no kernels" in backend.itemData(1, Qt.ItemDataRole.ToolTipRole)
    qtbot.keyClick(backend, Qt.Key.Key_Down)
    assert panel.backend_name() == "scratch"


def test_numpy_is_not_offered_on_a_gpu_of_mxnet_and_everything_on_the_cpu(panel, qtbot):
    panel.set_devices([DeviceInfo("cpu", "CPU"), KNOWN])
    device, backend, note = (field(panel, name) for name in ("deviceCombo", "backendCombo", "backendNote"))
    qtbot.keyClicks(backend, "NumPy")
    assert panel.backend_name() == "scratch"

    qtbot.keyClick(device, Qt.Key.Key_Down)
    assert panel.backend_name() == "auto" and not is_offered(backend, "scratch")
    assert note.isVisible()

    qtbot.keyClick(device, Qt.Key.Key_Up)
    assert panel.device_name() == "cpu" and not note.isVisible()
    assert all(is_offered(backend, name) for name in ("gluon", "module", "ndarray", "scratch"))
    assert not backend.itemData(4, Qt.ItemDataRole.ToolTipRole)


def test_devices_that_are_told_again_leave_what_was_chosen(panel):
    panel.set_devices([DeviceInfo("cpu", "CPU"), NEWEST])
    panel.select_device("gpu(0)")
    field(panel, "backendCombo").choose("scratch")

    panel.set_devices([DeviceInfo("cpu", "CPU"), NEWEST])

    assert (panel.device_name(), panel.backend_name()) == ("gpu(0)", "scratch")


def test_what_was_chosen_automatically_is_told_until_something_else_is_chosen(panel, qtbot):
    note, backend = field(panel, "backendChoiceNote"), field(panel, "backendCombo")
    assert not note.isVisible()
    panel.show_backend_choice(BackendChosen("scratch", 1.87))
    assert note.isVisible() and note.text() == "NumPy, 1.9 times as fast as Gluon here"
    panel.show_backend_choice(BackendChosen("scratch", 1.3, on_one_thread=True))
    assert note.text() == "NumPy on one thread, 1.3 times as fast as Gluon here"
    panel.show_backend_choice(BackendChosen("scratch", 87.46))
    assert note.text() == "NumPy, 87 times as fast as Gluon here"
    panel.show_backend_choice(BackendChosen("gluon", 1.0))
    assert note.text() == "Gluon: no other is faster here"
    panel.show_backend_choice(BackendChosen("gluon", 1.0, is_timed=False))
    assert note.text() == "Gluon: too large to be timed first"
    qtbot.keyClick(backend, Qt.Key.Key_Down)
    assert panel.backend_name() == "gluon" and not note.isVisible()
