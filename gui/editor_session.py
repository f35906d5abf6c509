"""What the editor edits: a network, what is selected in it, and everything that can be taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from PySide6.QtCore import QObject, Signal

from engine.architecture import editing
from engine.architecture.editing import Place
from engine.architecture.layers import Concat, Layer
from engine.architecture.network import NetworkSpec, Shape
from engine.architecture.shapes import PartialSummary, summarize_partly
from engine.architecture.zoo import EXPERIMENTS
from engine.errors import NetariumError
from gui.editor_places import below, delete, insertion, inward, layers_of, only_branch, outward, upward
from gui.messages import translate_error

_MOST_STEPS = 100  # that can be taken back


@dataclass
class _State:
    """A network and what is selected in it: paths of layers, or one branch by its sequence."""

    spec: NetworkSpec
    selection: tuple[str, ...] = ()

    @cached_property
    def partial(self) -> PartialSummary:
        return summarize_partly(self.spec)


class EditorSession(QObject):
    """Carries out edits, and undoes and redoes them; knows nothing of how they are shown.

    Every command says by its return value whether it changed anything.
    """

    changed = Signal()  # another network, or another selection by a command
    edited = Signal(object)  # the NetworkSpec after a person's edit
    failed = Signal(str)  # a sentence: why an edit was refused

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = _State(NetworkSpec("network", (1, 28, 28), ()))
        self._past: list[_State] = []
        self._future: list[_State] = []
        self._merge: tuple[str, ...] | None = None

    @property
    def spec(self) -> NetworkSpec:
        """The network as it is now."""
        return self._state.spec

    @property
    def partial(self) -> PartialSummary:
        """Its shapes as far as they can be worked out, and what does not fit."""
        return self._state.partial

    @property
    def selection(self) -> tuple[str, ...]:
        """The paths of the selected layers in order, or the sequence of one branch."""
        return self._state.selection

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is an edit to put back."""
        return bool(self._future)

    def start(self, spec: NetworkSpec) -> None:
        """Begin with a network that somebody else gives; there is nothing to take back."""
        self._state = _State(spec)
        self._past, self._future, self._merge = [], [], None
        self.changed.emit()

    def select(self, keys: Sequence[str]) -> None:
        """Note what is selected; tells nobody."""
        if tuple(keys) != self._state.selection:
            self._state.selection = tuple(keys)
            self._merge = None

    def undo(self) -> bool:
        """Take the last edit back."""
        return self._go(self._past, self._future)

    def redo(self) -> bool:
        """Put back what was taken back."""
        return self._go(self._future, self._past)

    def load(self, spec: NetworkSpec) -> bool:
        """Go over to another network; undo comes back to this one."""
        return self._do(lambda: (spec, ()), own_name=False)

    def add(self, layers: Sequence[Layer]) -> bool:
        """Put layers behind what is selected, or into a selected block that is empty."""
        return self._do(lambda: _of(editing.insert(self.spec, insertion(self.spec, self.selection), layers)))

    def paste(self, text: str) -> bool:
        """Put layers there that are written as JSON; a whole network counts as its layers."""
        return self._do(
            lambda: _of(editing.insert(self.spec, insertion(self.spec, self.selection), editing.layers_from_json(text)))
        )

    def copy(self) -> str:
        """Return the selected layers as JSON; empty if nothing is selected."""
        layers = layers_of(self.spec, self.selection)
        return editing.layers_to_json(layers) if layers else ""

    def add_branch(self) -> bool:
        """Give the Concat that is selected, or holds what is selected, one more branch."""
        path = self.concat()
        return bool(path) and self._do(lambda: _of(editing.add_branch(self.spec, path)))

    def remove(self) -> bool:
        """Take out what is selected."""
        return bool(self.selection) and self._do(lambda: delete(self.spec, self.selection))

    def duplicate(self) -> bool:
        """Put a copy behind what is selected."""
        branch = only_branch(self.spec, self.selection)
        if branch is not None:
            path, index = branch
            if index is None:  # a residual has one body and one shortcut
                return False
            layers = layers_of(self.spec, self.selection)
            return self._do(lambda: _of(editing.add_branch(self.spec, path, layers, index + 1)))
        return bool(self.selection) and self._do(lambda: _of(editing.duplicate(self.spec, self.selection)))

    def move_up(self) -> bool:
        """Move what is selected in front of what comes before it, or a branch before its neighbour."""
        return self._move_branch(-1) or self._move_to(upward(self.spec, self.selection))

    def move_down(self) -> bool:
        """Move what is selected behind what comes after it."""
        return self._move_branch(1) or self._move_to(below(self.spec, self.selection))

    def move_in(self) -> bool:
        """Move what is selected into the block behind it, or else into the one before it."""
        return self._move_to(inward(self.spec, self.selection))

    def move_out(self) -> bool:
        """Move what is selected out of its block, behind it."""
        return self._move_to(outward(self.spec, self.selection))

    def move(self, paths: Sequence[str], place: Place) -> bool:
        """Move layers to a place."""
        return self._do(lambda: _of(editing.move(self.spec, paths, place)))

    def replace(self, path: str, layer: Layer, field: str) -> bool:
        """Change a setting of a layer; changes of the same one in a row are taken back together."""
        return self._do(lambda: _of(editing.replace(self.spec, path, layer)), merge=("layer", path, field))

    def rename(self, name: str) -> bool:
        """Change the network's name."""
        return self._do(lambda: (editing.rename(self.spec, name), self.selection), merge=("name",), own_name=False)

    def set_input_shape(self, shape: Shape) -> bool:
        """Change the shape of the network's input."""
        return self._do(lambda: (editing.set_input_shape(self.spec, shape), self.selection), merge=("input",))

    def concat(self) -> str:
        """Return the path of the Concat that is selected, or is nearest around what is selected; else empty."""
        path = self.selection[-1] if self.selection else ""
        if path.endswith("/"):
            path = editing.container_of(self.spec, path)
        while path and not isinstance(editing.layer_at(self.spec, path), Concat):
            path = editing.container_of(self.spec, editing.place_of(self.spec, path).sequence)
        return path

    def possible(self) -> set[str]:
        """Return the names of the commands that would do something now."""
        chosen = bool(self.selection)
        branch = only_branch(self.spec, self.selection)
        index = branch[1] if branch else None
        count = len(editing.branches_of(self.spec, branch[0])) if branch else 0
        answers = {
            "undo": self.can_undo,
            "redo": self.can_redo,
            "add_branch": bool(self.concat()),
            "remove": chosen and (branch is None or index is not None or bool(layers_of(self.spec, self.selection))),
            "duplicate": chosen and (branch is None or index is not None),
            "cut": bool(layers_of(self.spec, self.selection)),
            "copy": bool(layers_of(self.spec, self.selection)),
            "move_up": upward(self.spec, self.selection) is not None or bool(index),
            "move_down": below(self.spec, self.selection) is not None or (index is not None and index + 1 < count),
            "move_in": inward(self.spec, self.selection) is not None,
            "move_out": outward(self.spec, self.selection) is not None,
        }
        return {name for name, can in answers.items() if can}

    def _move_branch(self, by: int) -> bool:
        branch = only_branch(self.spec, self.selection)
        if branch is None or branch[1] is None:
            return False
        index = branch[1] + by
        if not 0 <= index < len(editing.branches_of(self.spec, branch[0])):
            return False
        return self._do(lambda: _of(editing.move_branch(self.spec, self.selection[0], index)))

    def _move_to(self, place: Place | None) -> bool:
        return place is not None and self.move(self.selection, place)

    def _do(
        self,
        edit: Callable[[], tuple[NetworkSpec, tuple[str, ...]]],
        merge: tuple[str, ...] | None = None,
        own_name: bool = True,
    ) -> bool:
        try:
            spec, selection = edit()
            if own_name and spec.name in EXPERIMENTS and spec != self.spec:
                spec = editing.rename(spec, f"my-{spec.name}")  # it is no longer what the zoo calls so
        except NetariumError as error:
            self.failed.emit(translate_error(error))
            return False
        if spec == self.spec:
            return False
        if merge is None or merge != self._merge or not self._past:
            self._past.append(self._state)
            del self._past[:-_MOST_STEPS]
        self._future = []
        self._state = _State(spec, selection)
        self._merge = merge
        self._tell()
        return True

    def _go(self, source: list[_State], target: list[_State]) -> bool:
        if not source:
            return False
        target.append(self._state)
        self._state = source.pop()
        self._merge = None
        self._tell()
        return True

    def _tell(self) -> None:
        self.changed.emit()
        self.edited.emit(self.spec)


def _of(edit: editing.Edit) -> tuple[NetworkSpec, tuple[str, ...]]:
    return edit.spec, edit.paths
