"""Opening, saving and remembering files, from the window's side."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from engine.errors import NetariumError
from engine.storage.paths import data_home, make_data_home
from gui.messages import translate_error
from gui.training_controller import TrainingController

_MOST_RECENT = 8
# What a model is saved as: whole, or its weights for others.
_SUFFIXES = (".safetensors", ".params", ".npz", "-symbol.json")


class Files(QObject):
    """The file commands of a window.

    Parameters
    ----------
    window : QWidget
        The dialogs' parent.
    controller : TrainingController
    settings : QSettings
        Where recent files and folders are remembered.
    """

    recent_changed = Signal()

    def __init__(self, window: QWidget, controller: TrainingController, settings: QSettings) -> None:
        super().__init__(window)
        self._window = window
        self._controller = controller
        self._settings = settings
        controller.saved.connect(self._saved)
        controller.opened.connect(self._remember)

    @property
    def unsaved_model(self) -> Path:
        """Where the model of the last sitting is kept if it was not saved."""
        return data_home() / "last-model.safetensors"

    def recent(self) -> list[Path]:
        """Return the files that were opened or saved lately and still exist, the newest first."""
        kept = self._settings.value("recentFiles", [])
        entries = [kept] if isinstance(kept, str) else kept if isinstance(kept, list) else []
        return [path for path in map(Path, map(str, entries)) if path.is_file()]

    def open(self) -> None:
        """Ask for a model or a file of weights, and open it."""
        chosen, _ = QFileDialog.getOpenFileName(
            self._window,
            self.tr("Open model"),
            self._folder(),
            self.tr("Models, weights and networks (*.safetensors *.params *.npz *.json);;All files (*)"),
        )
        if chosen:
            self._controller.open(Path(chosen))

    def save(self) -> None:
        """Save the model where it was opened or saved last; ask when it has no file yet."""
        path = self._controller.model_path
        if path is None or path.suffix != ".safetensors" or path == self.unsaved_model:
            self.save_as()
        else:
            self._controller.save(path)

    def save_best(self) -> None:
        """Ask where and in which format, and save the model as it was after its best epoch."""
        self.save_as(best=True)

    def save_as(self, best: bool = False) -> None:
        """Ask where and in which format, and save the model: as it is, or as it was after its ``best`` epoch."""
        spec = self._controller.model_spec
        name = f"{spec.name if spec else 'model'}{'-best' if best else ''}.safetensors"
        formats = (
            self.tr("Netarium model"),
            self.tr("MXNet parameters"),
            self.tr("NumPy arrays"),
            self.tr("MXNet graph and parameters"),
        )
        filters = {f"{title} (*{suffix})": suffix for title, suffix in zip(formats, _SUFFIXES, strict=True)}
        chosen, kind = QFileDialog.getSaveFileName(
            self._window,
            self.tr("Save the model of the best epoch") if best else self.tr("Save model"),
            str(Path(self._folder()) / name),
            ";;".join(filters),
        )
        if not chosen:
            return
        if chosen.endswith(_SUFFIXES):
            self._controller.save(Path(chosen), best)
        else:  # the dialog asked about a file of another name
            self._save_new(Path(chosen + filters.get(kind, _SUFFIXES[0])), best)

    def _save_new(self, path: Path, best: bool) -> None:
        """Save the model, after a question if there is such a file already."""
        if not path.exists():
            self._controller.save(path, best)
            return
        question = QMessageBox(
            QMessageBox.Icon.Question,
            self.tr("Save model"),
            self.tr("{file} exists already. Replace it?").format(file=path.name),
            QMessageBox.StandardButton.Cancel,
            self._window,
        )
        question.setObjectName("replaceQuestion")
        replace = question.addButton(self.tr("Replace"), QMessageBox.ButtonRole.AcceptRole)
        replace.setObjectName("replaceButton")
        replace.clicked.connect(lambda: self._controller.save(path, best))
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question.open()

    def open_dataset(self) -> None:
        """Ask for a folder with four IDX files, and learn from it."""
        chosen = QFileDialog.getExistingDirectory(
            self._window, self.tr("Open data set: a folder with four IDX files"), self._folder()
        )
        if chosen:
            self._controller.load_dataset(Path(chosen))

    def reopen_unsaved(self) -> None:
        """Open the model of the last sitting that was not saved."""
        self._controller.open(self.unsaved_model)

    def keep_unsaved(self) -> None:
        """Keep a model that has no file, so that closing the window loses nothing."""
        if self._controller.model_spec is None or not self._controller.model_unsaved:
            return
        try:
            make_data_home()
        except NetariumError as error:
            self._controller.failed.emit(translate_error(error))
            return
        self._controller.save(self.unsaved_model)

    def _saved(self, path: Path) -> None:
        self._controller.told.emit(self.tr("Saved {file}").format(file=path.name))
        self._remember(path)

    def _remember(self, path: Path) -> None:
        if path == self.unsaved_model:
            return
        self._settings.setValue("folder", str(path.parent))
        others = [other for other in self.recent() if other != path]
        self._settings.setValue("recentFiles", [str(entry) for entry in (path, *others)][:_MOST_RECENT])
        self.recent_changed.emit()

    def _folder(self) -> str:
        return str(self._settings.value("folder", str(Path.home())))
