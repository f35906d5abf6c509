"""How much memory can still be had on a device."""

from __future__ import annotations

import resource
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_PROC = Path("/proc")


def available_memory(device: str = "cpu", *, proc: Path = _PROC, cgroups: Path = _CGROUPS) -> int | None:
    """Return how many bytes a computation on this device can still take.

    On a CPU that is what the system can give without swapping, within the limits of this process and of the
    control groups (containers, services) that it runs in. Asking a GPU uses MXNet or CuPy, so only the thread that
    owns MXNet may ask.

    Parameters
    ----------
    device : str
        ``"cpu"``, ``"cpu(1)"`` or ``"gpu(0)"``.
    proc, cgroups : Path
        Where the system tells about processes and control groups.

    Returns
    -------
    int or None
        None if it cannot be told.
    """
    if device.startswith("gpu"):
        return _on_gpu(device)
    limits = (_in_system(proc), *_in_control_groups(proc, cgroups), _in_address_space(proc))
    return min((max(0, limit) for limit in limits if limit is not None), default=None)


def _on_gpu(device: str) -> int | None:
    from engine.backends.mxnet import runtime
    from engine.backends.scratch import cupy_module
    from engine.devices import computes_with_cupy

    if computes_with_cupy(device):
        return cupy_module.free_memory(device)
    mx = runtime.load()
    try:
        free, _ = mx.context.gpu_memory_info(runtime.context(device).device_id)
    except mx.MXNetError:
        return None
    return int(free)


def _in_system(proc: Path) -> int | None:
    """Return what the kernel thinks new programs can have: free memory and what it can reclaim."""
    kilobytes = _fields(proc / "meminfo").get("MemAvailable:")
    return None if kilobytes is None else kilobytes * 1024


def _in_control_groups(proc: Path, cgroups: Path) -> list[int]:
    """Return what is left in this process's group and in each that holds it; version 2 or 1, or both mixed."""
    left: list[int] = []
    for line in _text(proc / "self/cgroup").splitlines():
        controllers, _, path = line.partition(":")[2].partition(":")
        if controllers == "":
            for root in (cgroups, cgroups / "unified"):
                left += _left(root, path, "memory.max", "memory.current", "")
        elif "memory" in controllers.split(","):
            left += _left(cgroups / "memory", path, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_")
    return left


def _left(root: Path, path: str, limit: str, usage: str, prefix: str) -> list[int]:
    """Return what is left in a group and its parents up to ``root``.

    Inside a container the path may be the host's and lead nowhere; then the root is the container's own group.
    """
    left: list[int] = []
    group = root / path.lstrip("/")
    for place in (group, *group.parents):
        most, used = _number(place / limit), _number(place / usage)
        if most is not None and used is not None:
            # File cache counts as used, but the kernel gives it up for a program.
            statistics = _fields(place / "memory.stat")
            cache = sum(statistics.get(f"{prefix}{kind}_file", 0) for kind in ("active", "inactive"))
            left.append(most - used + cache)
        if place == root:
            break
    return left


def _in_address_space(proc: Path) -> int | None:
    """Return what is left of this process's address space where it is limited (``ulimit -v``)."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return None
    kilobytes = _fields(proc / "self/status").get("VmSize:")
    return None if kilobytes is None else limit - kilobytes * 1024


def _fields(path: Path) -> dict[str, int]:
    """Read lines of a name and a number, as the kernel writes its statistics."""
    words = (line.split() for line in _text(path).splitlines())
    return {line[0]: int(line[1]) for line in words if len(line) >= 2 and line[1].isdigit()}


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.isdigit() else None  # "max" where there is no limit


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
