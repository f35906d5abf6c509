"""Networks in files of their own: any JSON file, and the user's list of own networks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import msgspec

from engine.architecture.editing import LARGEST_TEXT
from engine.architecture.network import NetworkSpec
from engine.architecture.zoo import EXPERIMENTS
from engine.errors import ConfigError, FileError, NetariumError
from engine.storage.atomic import write_atomically
from engine.storage.paths import data_home, make_data_home
from engine.storage.reading import damaged, open_checked

_UNSAFE = re.compile(r"[^a-z0-9]+")


class OwnNetwork(NamedTuple):
    """One of the user's networks and its file."""

    spec: NetworkSpec
    path: Path


class OwnNetworks(NamedTuple):
    """The user's networks by name, and what is wrong with files that are none."""

    networks: dict[str, OwnNetwork]
    problems: tuple[NetariumError, ...]


def read_network(path: Path) -> NetworkSpec:
    """Read a network from a JSON file; whether its layers fit each other is for ``summarize`` to say.

    Raises
    ------
    FileError
        If the file cannot be read, or is no network description.
    """
    with open_checked(path, LARGEST_TEXT) as (file, _):
        text = file.read(LARGEST_TEXT + 1)
    try:
        return NetworkSpec.from_json(text)
    except ConfigError as error:
        raise damaged(path, "a network", str(error).rstrip(".")) from error


def write_network(path: Path, spec: NetworkSpec) -> None:
    """Write a network as JSON that people can read, whole or not at all.

    Raises
    ------
    FileError
        If it cannot be written; what was there before is unchanged.
    """
    write_atomically(path, msgspec.json.format(spec.to_json().encode(), indent=2) + b"\n")


def networks_folder() -> Path:
    """Return the folder of the user's own networks; it need not exist yet."""
    return data_home() / "networks"


def own_networks() -> OwnNetworks:
    """Return the user's own networks in the order of their names; files that cannot be used are told, not raised."""
    found: dict[str, OwnNetwork] = {}
    problems: list[NetariumError] = []
    for path in sorted(networks_folder().glob("*.json")):
        try:
            spec = read_network(path)
        except NetariumError as error:
            problems.append(error)
            continue
        # Of two files with one name, which only a person can have put there, the first counts.
        found.setdefault(spec.name, OwnNetwork(spec, path))
    return OwnNetworks(dict(sorted(found.items(), key=lambda entry: entry[0].casefold())), tuple(problems))


def save_own_network(spec: NetworkSpec) -> Path:
    """Add a network to the user's own, in place of one of the same name, and return its file.

    Raises
    ------
    ConfigError
        If a network that comes with Netarium has this name.
    FileError
        If the file cannot be written; the list is as it was.
    """
    if spec.name in EXPERIMENTS:
        raise ConfigError(
            "network.zoo_name",
            "{name} is the name of a network that comes with Netarium; give yours another name first.",
            name=spec.name,
        )
    known = own_networks().networks.get(spec.name)
    path = known.path if known else _new_file(spec.name)
    write_network(path, spec)
    return path


def delete_own_network(name: str) -> None:
    """Take a network out of the user's own and delete its file.

    Raises
    ------
    ConfigError
        If there is none of this name.
    FileError
        If its file cannot be deleted.
    """
    known = own_networks().networks.get(name)
    if known is None:
        raise ConfigError("network.not_own", "{name} is none of your own networks.", name=name)
    try:
        known.path.unlink(missing_ok=True)
    except OSError as error:
        raise FileError(
            "file.undeletable", "{file} was not deleted: {reason}.", file=known.path, reason=error.strerror or error
        ) from error


def _new_file(name: str) -> Path:
    """Return a file that does not exist yet, called after the network as far as every file system allows it."""
    folder = make_data_home() / "networks"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise FileError(
            "file.folder", "The folder {folder} cannot be created: {reason}.",
            folder=folder, reason=error.strerror or error,
        ) from error  # fmt: skip
    stem = _UNSAFE.sub("-", name.casefold()).strip("-")[:80] or "network"
    path, number = folder / f"{stem}.json", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}.json"
    return path
