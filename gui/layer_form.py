"""The form of a layer's settings, made from the fields of its record and the ranges written in their types."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import QAbstractSpinBox, QLineEdit, QStackedWidget, QWidget

from engine.architecture.layers import Activation, Layer, describe
from engine.validation import Range
from gui.form import CompoundField, Field, SettingsForm
from gui.layer_fields import NameField, NumbersField, Toggle
from gui.spin_boxes import Choice, CountSpin, ScientificSpin
from gui.theme import SPACE

_BLOCKS = ("body", "shortcut", "branches")  # edited as rows of the tree


class LayerForm(SettingsForm):
    """The settings of one kind of layer.

    Parameters
    ----------
    kind : type of Layer
    """

    setting_changed = Signal(str, object)  # the field of the record, and its new value

    def __init__(self, kind: type[msgspec.Struct], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._widgets: dict[str, Any] = {}
        words = self._words()
        # All kinds alike, so that the fields stay where they are when another layer is selected.
        self.caption_width = max(self.fontMetrics().horizontalAdvance(label) for label, _ in words.values()) + SPACE
        hints = typing.get_type_hints(kind, include_extras=True)
        fields = [field for field in kind.__struct_fields__ if field not in (*_BLOCKS, "name")]
        for name in ("name", *fields):
            label, idea = words[name]
            widget = self._field(name, hints[name])
            self.add_field(label, widget, "layer" + name.title().replace("_", "") + "Field", idea)
            self._widgets[name] = widget
            if isinstance(widget, Choice):
                widget.currentIndexChanged.connect(lambda _, field=name: self._tell(field))
            else:
                widget.valueChanged.connect(lambda *_, field=name: self._tell(field))

        self.set_label_width(self.caption_width)

    def set_layer(self, layer: Layer) -> None:
        """Show the settings of a layer, without a signal."""
        for name, widget in self._widgets.items():
            value = getattr(layer, name)
            if isinstance(widget, CompoundField):
                widget.set_value(value)  # type: ignore[attr-defined]
            elif widget.value() != value:
                with QSignalBlocker(widget):
                    widget.choose(value) if isinstance(widget, Choice) else widget.setValue(value)

    def focus_setting(self) -> None:
        """Let the keyboard go to the first setting, or to the name where there is none."""
        widget = list(self._widgets.values())[:2][-1]
        widget.setFocus(Qt.FocusReason.ShortcutFocusReason)
        target = widget.focusProxy() or widget
        if isinstance(target, (QAbstractSpinBox, QLineEdit)):
            target.selectAll()

    def _tell(self, field: str) -> None:
        self.setting_changed.emit(field, self._widgets[field].value())

    def _field(self, name: str, hint: Any) -> Field:
        if name == "name":
            return NameField("[a-z][a-z0-9-]{0,63}")
        bare = typing.get_args(hint)[0] if typing.get_origin(hint) is typing.Annotated else hint
        if typing.get_origin(bare) is tuple:
            return NumbersField(_allowed(typing.get_args(bare)[0]), (self.tr("rows"), self.tr("columns")), linked=True)
        if typing.get_origin(bare) is Literal:
            return Choice([(value, describe(Activation(value))) for value in typing.get_args(bare)])
        if bare is bool:
            return Toggle(self.tr("added to every output"))
        return CountSpin(_allowed(hint)) if bare is int else ScientificSpin(_allowed(hint), 0.05)

    def _words(self) -> Mapping[str, tuple[str, str]]:
        """Return the label and the idea of every setting that a layer can have."""
        return {
            "name": (
                self.tr("Name"),
                self.tr("What the layer is called among its neighbours. Trained weights are kept by it."),
            ),
            "units": (
                self.tr("Units"),
                self.tr("How many values come out, each a weighted sum of all inputs; at the end, one per class."),
            ),
            "channels": (
                self.tr("Channels"),
                self.tr("How many feature maps come out; each shows where one pattern is. Multiples of 16 are fast."),
            ),
            "kernel": (
                self.tr("Kernel"),
                self.tr("How many pixels a pattern spans, rows × columns; two of 3×3 see as far as one of 5×5."),
            ),
            "size": (self.tr("Window"), self.tr("How many pixels become one, rows × columns.")),
            "stride": (
                self.tr("Stride"),
                self.tr("How many pixels it moves from one output to the next: 2 halves height and width."),
            ),
            "padding": (
                self.tr("Padding"),
                self.tr("How many rows and columns of zeros surround the image; 1 keeps its size under a 3×3 kernel."),
            ),
            "use_bias": (
                self.tr("Bias"),
                self.tr("One more number per output that is learned. Batch norm right behind it makes it superfluous."),
            ),
            "function": (
                self.tr("Function"),
                self.tr("How values are bent. ReLU lets gradients through undamped; sigmoid and tanh flatten out."),
            ),
            "rate": (
                self.tr("Rate"),
                self.tr("The share of values that is set to zero while training; nothing is dropped afterwards."),
            ),
        }  # fmt: skip


class LayerForms(QStackedWidget):
    """The form of the selected layer; every kind gets its own, made when it is first needed."""

    edited = Signal(object, str)  # the layer with its new setting, and which field it was

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._forms: dict[type, LayerForm] = {}
        self._layer: Layer | None = None
        self._nothing = QWidget()
        self.addWidget(self._nothing)

    def set_layer(self, layer: Layer | None) -> None:
        """Show a layer's settings; None shows nothing."""
        self._layer = layer
        if layer is None:
            self.setCurrentWidget(self._nothing)
            self.updateGeometry()
            return
        kind = type(layer)
        if kind not in self._forms:
            form = LayerForm(kind)
            form.setting_changed.connect(self._change)
            self._forms[kind] = form
            self.addWidget(form)
        self._forms[kind].set_layer(layer)
        if self.currentWidget() is not self._forms[kind]:
            self.setCurrentWidget(self._forms[kind])
            self.updateGeometry()

    def form(self) -> LayerForm | None:
        """Return the form that is shown."""
        current = self.currentWidget()
        return current if isinstance(current, LayerForm) else None

    def focus_setting(self) -> None:
        """Let the keyboard go to the first setting of the layer on show."""
        form = self.form()
        if form is not None:
            form.focus_setting()

    def sizeHint(self) -> QSize:
        """Return the size that the form on show needs, not the largest of them."""
        current = self.currentWidget()
        return super().sizeHint() if current is None else current.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """Return the size below which the form on show could not be used."""
        current = self.currentWidget()
        return super().minimumSizeHint() if current is None else current.minimumSizeHint()

    def _change(self, field: str, value: object) -> None:
        layer = self._layer
        if layer is None or getattr(layer, field) == value:
            return
        self.edited.emit(msgspec.structs.replace(layer, **{field: value}), field)
        # Where the edit was refused, the field shows again what holds.
        form = self.form()
        if form is not None and self._layer is not None:
            form.set_layer(self._layer)


def _allowed(hint: Any) -> Range:
    meta = hint.__metadata__[0]
    return Range(
        low=meta.ge if meta.ge is not None else meta.gt, high=meta.le if meta.le is not None else meta.lt,
        low_open=meta.gt is not None, high_open=meta.lt is not None,
    )  # fmt: skip
