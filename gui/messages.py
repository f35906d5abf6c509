"""The engine's errors in the language of the window, found by their codes."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from engine.errors import NetariumError

# The English sentences once more, where lupdate finds them. An error whose code is missing is shown as the
# engine wrote it.
TEMPLATES: dict[str, object] = {
    "config.out_of_range": QT_TRANSLATE_NOOP("messages", "{field} is {value}, but must be {allowed}."),
    "config.json": QT_TRANSLATE_NOOP("messages", "These training settings cannot be read: {detail}."),
    "config.not_live": QT_TRANSLATE_NOOP("messages", "{setting} cannot be changed while training; {known} can."),
    "network.name": QT_TRANSLATE_NOOP("messages", "The network's name {name!r} is not a printable text."),
    "network.too_large": QT_TRANSLATE_NOOP("messages", "A network can have at most {most} layers."),
    "network.too_deep": QT_TRANSLATE_NOOP("messages", "Blocks can be nested at most {most} deep."),
    "network.json": QT_TRANSLATE_NOOP("messages", "This is not a network description: {detail}."),
    "network.unknown": QT_TRANSLATE_NOOP("messages", "There is no network {name!r}; there are {known}."),
    "network.layer_name": QT_TRANSLATE_NOOP(
        "messages",
        "The layer name {name!r} in {place} is used twice, or is not of lower-case letters, digits and '-'.",
    ),
    "network.input_shape": QT_TRANSLATE_NOOP(
        "messages",
        "The input shape {shape} must be (features) or (channels, height, width), each from 1 to 4096.",
    ),
    "shape.misfit": QT_TRANSLATE_NOOP("messages", "{layer} ({description}) gets shape {shape}, but needs {wanted}."),
    "shape.not_a_classifier": QT_TRANSLATE_NOOP(
        "messages",
        "The network ends in shape {output}; a classifier ends in one number per class, such as Dense 10.",
    ),
    "shape.too_large": QT_TRANSLATE_NOOP("messages", "{layer} would hold more than {most} numbers."),
    "shape.residual": QT_TRANSLATE_NOOP(
        "messages",
        "{layer} adds its body of shape {body} to a shortcut of shape {shortcut}; make them equal, for example "
        "with a 1×1 convolution in the shortcut.",
    ),
    "shape.concat_empty": QT_TRANSLATE_NOOP("messages", "{layer} has no branches; give it at least one."),
    "shape.concat": QT_TRANSLATE_NOOP(
        "messages", "{layer} joins branches of shapes {shapes}; all but the first number must be equal."
    ),
    "data.unknown": QT_TRANSLATE_NOOP("messages", "There is no data set {name!r}; choose one of {available}."),
    "data.idx": QT_TRANSLATE_NOOP(
        "messages", "{file} cannot be used: {problem}. Choose another file, or get this one again."
    ),
    "data.missing_files": QT_TRANSLATE_NOOP(
        "messages",
        "{folder} has no {missing}; a data set is four IDX files with these names, plain or .gz "
        "(also written with '.idx' in place of '-idx').",
    ),
    "data.unreadable": QT_TRANSLATE_NOOP("messages", "{file} cannot be read: {reason}."),
    "data.shape": QT_TRANSLATE_NOOP(
        "messages", "The images have shape {shape}, but {network} takes {wanted}; choose another data set or network."
    ),
    "device.unavailable": QT_TRANSLATE_NOOP("messages", "{device} ({label}) cannot be used. {reason}"),
    "device.backend": QT_TRANSLATE_NOOP("messages", "The backend {backend} cannot use {device} ({label}). {reason}"),
    "device.unknown": QT_TRANSLATE_NOOP("messages", "There is no device {device}. Choose one of: {devices}."),
    "file.damaged": QT_TRANSLATE_NOOP(
        "messages",
        "{file} is damaged or not {kind}: {problem}. Nothing was changed; choose another file, or get this one again.",
    ),
    "file.missing": QT_TRANSLATE_NOOP("messages", "There is no file {file}; check its name and folder."),
    "file.no_model": QT_TRANSLATE_NOOP(
        "messages",
        "{file} is not a model: a model (.safetensors) begins with a list of its weights, and this file does not. It "
        "may be of another kind, such as a text, or damaged. Nothing was changed; choose another file, or get this one "
        "again.",
    ),
    "file.unreadable": QT_TRANSLATE_NOOP("messages", "{file} cannot be read: {reason}."),
    "file.unwritable": QT_TRANSLATE_NOOP(
        "messages", "{file} was not written: {reason}. What was there before is unchanged. {remedy}"
    ),
    "image.damaged": QT_TRANSLATE_NOOP(
        "messages", "{name} is damaged, or not a picture in a format that is read here ({formats})."
    ),
    "image.too_large": QT_TRANSLATE_NOOP(
        "messages", "{name} is larger than {pixels} megapixels or {bytes} MiB; make it smaller and try again."
    ),
    "model.newer": QT_TRANSLATE_NOOP(
        "messages",
        "{file} was saved by a newer Netarium (format {version}, this one reads up to {known}); "
        "update Netarium to open it. Nothing was changed.",
    ),
    "training.busy": QT_TRANSLATE_NOOP("messages", "A run is going on; stop it first. It was not touched."),
    "training.classes": QT_TRANSLATE_NOOP(
        "messages", "{network} tells {known} classes apart, but {dataset} has {needed}; change its last layer."
    ),
    "zoo.no_parameter": QT_TRANSLATE_NOOP("messages", "{network} has no {parameter} to choose; it has {known}."),
    "zoo.no_image": QT_TRANSLATE_NOOP("messages", "Only images can be resized, but the input has shape {shape}."),
    "zoo.image_too_small": QT_TRANSLATE_NOOP(
        "messages",
        "{network} needs images of at least {least}×{least} pixels, but gets {height}×{width}: nothing would be "
        "left for {layer}. Choose a larger image size, or a network for small images.",
    ),
    "edit.into_itself": QT_TRANSLATE_NOOP("messages", "A block cannot be moved into itself; move it to another place."),
    "edit.missing": QT_TRANSLATE_NOOP("messages", "The network has no {path}; nothing was changed."),
    "edit.no_branches": QT_TRANSLATE_NOOP("messages", "{layer} has no branches; only a Concat has."),
    "edit.too_long": QT_TRANSLATE_NOOP("messages", "The text is longer than {most:,} characters, and no network is."),
    "edit.json": QT_TRANSLATE_NOOP("messages", "This is neither layers nor a network: {detail}."),
    "network.zoo_name": QT_TRANSLATE_NOOP(
        "messages",
        "{name} is the name of a network that comes with Netarium; give yours another name first.",
    ),
    "network.not_own": QT_TRANSLATE_NOOP("messages", "{name} is none of your own networks."),
    "network.fixed": QT_TRANSLATE_NOOP(
        "messages",
        "{network} is a network of its own, which has no width, dropout or image size to choose; edit it instead.",
    ),
    "gradients.memory": QT_TRANSLATE_NOOP(
        "messages",
        "Memory ran out while the gradients of {network} were checked. Take smaller images or a narrower network.",
    ),
    "gradients.too_large": QT_TRANSLATE_NOOP(
        "messages",
        "Checking the gradients of {network} takes about {needed} of memory, but only {available} can be had. "
        "Take smaller images or a narrower network.",
    ),
    "file.undeletable": QT_TRANSLATE_NOOP("messages", "{file} was not deleted: {reason}."),
    "file.folder": QT_TRANSLATE_NOOP("messages", "The folder {folder} cannot be created: {reason}."),
    "training.memory": QT_TRANSLATE_NOOP(
        "messages",
        "Memory ran out while {network} was made for batches of {batch}. What was there before is untouched. "
        "Take a smaller batch, smaller images or a narrower network.",
    ),
    "twin.diverged": QT_TRANSLATE_NOOP(
        "messages",
        "The loss became infinite or undefined with {backend} after {batches} batches, so the twin run ended. A "
        "smaller learning rate, or gradient clipping, usually helps.",
    ),
    "twin.memory": QT_TRANSLATE_NOOP(
        "messages",
        "Training {network} twice with batches of {batch} takes about {needed} of memory, but only {available} can be "
        "had. Take a smaller batch, smaller images or a narrower network.",
    ),
    "training.no_data": QT_TRANSLATE_NOOP("messages", "There is no data set to train on; open one first."),
    "training.no_parameters": QT_TRANSLATE_NOOP(
        "messages",
        "{network} has no weights to learn; add a layer that has some, such as Dense.",
    ),
    "history.busy": QT_TRANSLATE_NOOP(
        "messages",
        "Run {run} is being trained by another Netarium at this moment; stop it there first.",
    ),
    "history.complete": QT_TRANSLATE_NOOP(
        "messages",
        "Run {run} has trained all its {epochs} epochs. Branch from it, or train more epochs on its weights.",
    ),
    "history.damaged": QT_TRANSLATE_NOOP(
        "messages",
        "The history of runs was damaged and set aside as {file}. {count} runs were found again by their "
        "checkpoints; saved models are untouched.",
    ),
    "history.newer": QT_TRANSLATE_NOOP(
        "messages",
        "The history of runs was written by a newer Netarium (version {version}, this one knows {known}); it "
        "is left untouched, and runs are not recorded until Netarium is updated.",
    ),
    "history.no_checkpoint": QT_TRANSLATE_NOOP(
        "messages",
        "Run {run} left no weights; its figures can be exported as .csv, .json or .html.",
    ),
    "history.no_state": QT_TRANSLATE_NOOP(
        "messages",
        "Run {run} left no training state to go on from; branch from one of its snapshots.",
    ),
    "history.one_run": QT_TRANSLATE_NOOP(
        "messages",
        "{file} was not written: only a table (.csv) holds several runs; export them one by one.",
    ),
    "history.other_data": QT_TRANSLATE_NOOP(
        "messages",
        "{dataset} is not what the run learned from: its images or labels have changed since. Put the old "
        "files back to go on, or train more epochs on the run's weights.",
    ),
    "history.other_network": QT_TRANSLATE_NOOP(
        "messages",
        "The weights are of another network than the run's.",
    ),
    "history.removed": QT_TRANSLATE_NOOP(
        "messages",
        "The history of runs was removed or replaced while Netarium used it. Training goes on and is recorded "
        "in the history that is there now; saved models are untouched. If the other was to stay, close Netarium "
        "and put its folder back.",
    ),
    "history.suffix": QT_TRANSLATE_NOOP(
        "messages",
        "{file} was not written: a run is exported as {suffixes}, by the end of the file's name.",
    ),
    "history.taken": QT_TRANSLATE_NOOP(
        "messages",
        "Another Netarium records run {run} at this moment, so what is trained here is not kept in the "
        "history. Stop one of the two; the model here can be saved.",
    ),
    "history.unknown": QT_TRANSLATE_NOOP(
        "messages",
        "There is no run {run} in the history.",
    ),
    "history.unusable": QT_TRANSLATE_NOOP(
        "messages",
        "The history of runs in {folder} cannot be used ({reason}). What is in it was not changed; see that "
        "the disk has room and can be written to, and try again.",
    ),
    "history.unwritable": QT_TRANSLATE_NOOP(
        "messages",
        "The history of runs cannot be written ({reason}). Training goes on, and what was written before is "
        "safe; it is tried again as training goes on. Free some space on the disk, or save the model "
        "elsewhere.",
    ),
    "training.no_state": QT_TRANSLATE_NOOP(
        "messages",
        "{network} was saved without what a run needs to go on exactly; train more epochs on its weights instead.",
    ),
    "training.other_data": QT_TRANSLATE_NOOP(
        "messages",
        "The run learned from {wanted}, and {dataset} is open. Open {wanted} to go on with it.",
    ),
}


def translate_error(error: NetariumError) -> str:
    """Return what happened as a sentence in the window's language, or in English where it has no words for it."""
    template = TEMPLATES.get(error.code)
    if template is None:
        return str(error)
    try:
        return QCoreApplication.translate("messages", str(template)).format(**error.values)
    except (KeyError, ValueError, IndexError):  # a translation that names what the error does not carry
        return str(error)
