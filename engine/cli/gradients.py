"""The command that checks backpropagation against what the loss really does."""

from __future__ import annotations

import argparse
import sys

import msgspec

from engine.backends.scratch.gradient_check import STEP, TOLERANCE, GradientCheck, each_gradient
from engine.cli.networks import adjustments_of
from engine.cli.output import print_json
from engine.networks import choose_network


def check_gradients(options: argparse.Namespace) -> int:
    """Compare each parameter's gradient with central differences, and print a line for each; 1 if one differs."""
    spec = choose_network(options.network, adjustments=adjustments_of(options)).spec
    if not options.json:
        print(f"{spec.name}: NumPy in float64, {options.samples} random inputs, central differences with step {STEP:g}")
        print(f"{'parameter':32} {'numbers':>12} {'checked':>8} {'at a kink':>10} {'relative error':>15}  verdict")
    checks: list[GradientCheck] = []
    for check in each_gradient(
        spec, samples=options.samples, seed=options.seed, coordinates=options.coordinates
    ):  # fmt: skip
        checks.append(check)
        if options.json:
            print_json(msgspec.structs.asdict(check))
        else:
            error = f"{check.error:.1e}" if check.verdict in ("agrees", "differs") else ""
            print(
                f"{check.path:32} {check.size:>12,} {check.checked:>8} {check.at_kink:>10} {error:>15}  "
                f"{check.verdict}",
                flush=True,
            )  # fmt: skip
    wrong = [check.path for check in checks if check.verdict == "differs"]
    if wrong:
        print(f"Backpropagation differs by more than {TOLERANCE:g} in {', '.join(wrong)}.", file=sys.stderr)
    elif not options.json:
        print(f"Backpropagation is right: no gradient differs by more than {TOLERANCE:g}.")
    return int(bool(wrong))
