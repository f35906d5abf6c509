"""The commands about networks: those there are, and what one consists of and costs."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

import msgspec

from engine.architecture.layers import describe
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import LayerSummary, NetworkSummary, format_shape, summarize
from engine.architecture.zoo import EXPERIMENTS
from engine.backends.choice import make_backend
from engine.cli.cost import cost_as_data, cost_as_text, measured_time
from engine.cli.output import print_json, summary_as_data
from engine.data.catalog import load_dataset, open_folder
from engine.data.dataset import Dataset
from engine.devices import check_device
from engine.errors import NetariumError
from engine.estimates.cost import Cost, memory_cost
from engine.networks import Adjustments, Chosen, choose_network
from engine.outputs import check_classes
from engine.storage.networks import own_networks
from engine.training.config import TrainingConfig
from engine.training.data import check_images


def networks(options: argparse.Namespace) -> int:
    """List the named networks with a line each, one's own at the end."""
    own = own_networks()
    listed = [(e.name, e.network(), e.description, e.source, e.family) for e in EXPERIMENTS.values()]
    listed += [(name, entry.spec, "Your own.", str(entry.path), "My networks") for name, entry in own.networks.items()]
    problems: list[object] = list(own.problems)
    for name, spec, description, source, family in listed:
        try:
            parameters = summarize(spec).parameter_count
        except NetariumError as error:  # saved before it was finished
            problems.append(f"{name}: {error}")
            continue
        if options.json:
            described = {"name": name, "description": description, "source": source, "family": family}
            print_json(described | {"parameters": parameters})
        else:
            print(f"{name:20} {parameters:>10,}  {description}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 0


def summary(options: argparse.Namespace) -> int:
    """Print layers, shapes, parameters, receptive fields and costs of a network."""
    dataset = chosen_dataset(options)
    chosen = chosen_network(options, dataset, options.network)
    described = summarize(chosen.spec)
    config = chosen.config
    if options.batch_size is not None:
        config = msgspec.structs.replace(config, batch_size=options.batch_size).checked()
    cost = _cost(chosen.spec, config, dataset, options)
    if options.json:
        print_json(summary_as_data(chosen.spec, described) | cost_as_data(cost))
        return 0
    _print_layers(chosen.spec, described)
    print(f"{described.parameter_count:,} parameters, {described.multiply_adds:,} multiply-adds per sample")
    print("\n".join(cost_as_text(cost)))
    return 0


def chosen_dataset(options: argparse.Namespace) -> Dataset:
    """Return the data set that the options name."""
    return open_folder(options.dataset_path) if options.dataset_path else load_dataset(options.dataset)


def chosen_network(options: argparse.Namespace, dataset: Dataset, name: str) -> Chosen:
    """Return the network of this name, adjusted as the options say, for a data set."""
    return choose_network(name, dataset.input_shape, len(dataset.class_names), adjustments_of(options))


def adjustments_of(options: argparse.Namespace) -> Adjustments:
    """Return what the options ask of a named network."""
    return Adjustments(options.width, options.dropout, options.image_size)


def _cost(spec: NetworkSpec, config: TrainingConfig, dataset: Dataset, options: argparse.Namespace) -> Cost:
    device = check_device(options.device, options.backend)
    cost = memory_cost(spec, config, device)
    if options.no_time or not cost.fits:
        return cost
    try:
        check_images(spec, dataset.train_images)
        check_classes(spec, dataset)
    except NetariumError as error:
        print(f"The time was not measured. {error}", file=sys.stderr)
        return cost
    epoch = measured_time(make_backend(options.backend, device), spec, config, dataset)
    return replace(cost, epoch=epoch)


def _print_layers(spec: NetworkSpec, described: NetworkSummary) -> None:
    print(f"{spec.name}: input {format_shape(spec.input_shape)}")
    print(f"{'layer':24} {'':34} {'output':>12} {'parameters':>12} {'sees':>9}")
    for layer in described.layers:
        name = "  " * layer.depth + layer.path.rsplit("/", 1)[-1]
        counted = f"{layer.parameter_count:,}" if layer.parameters else ""
        shape, field = format_shape(layer.output_shape), _field(layer, spec)
        print(f"{name:24} {describe(layer.layer):34} {shape:>12} {counted:>12} {field:>9}".rstrip())


def _field(layer: LayerSummary, spec: NetworkSpec) -> str:
    """Return how many input pixels a value of a layer depends on; ``all`` if that is the whole image."""
    if layer.receptive_field is None:
        return ""
    covers = all(field >= extent for field, extent in zip(layer.receptive_field, spec.input_shape[1:], strict=True))
    return "all" if covers else format_shape(layer.receptive_field)
