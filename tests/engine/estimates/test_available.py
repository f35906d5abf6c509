from __future__ import annotations

import resource

import pytest

from engine.estimates.available import available_memory

MEMINFO = "MemTotal:       16000 kB\nMemFree:         1000 kB\nMemAvailable:    9000 kB\nHugePages_Total:       0\n"
KB = 1024


@pytest.fixture
def system(tmp_path):
    """Return a function that writes files of the kernel and asks what is available."""
    proc, cgroups = tmp_path / "proc", tmp_path / "cgroup"

    def write(path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def ask(membership="", groups=None, meminfo=MEMINFO, device="cpu"):
        write(proc / "meminfo", meminfo)
        write(proc / "self/cgroup", membership)
        for path, text in (groups or {}).items():
            write(cgroups / path, text)
        return available_memory(device, proc=proc, cgroups=cgroups)

    return ask


def version_2(place, most, used, cache=0):
    return {
        f"{place}memory.max": f"{most}\n",
        f"{place}memory.current": f"{used * KB}\n",
        f"{place}memory.stat": f"anon 77\nactive_file {cache * KB}\ninactive_file {cache * KB}\nslab 5\n",
    }


@pytest.mark.parametrize("device", ["cpu", "cpu(1)"])
def test_without_limits_it_is_what_the_system_can_give(system, device):
    assert system(device=device) == 9000 * KB


def test_a_control_group_leaves_less_and_its_file_cache_can_be_had(system):
    groups = version_2("work/", 8000 * KB, used=5000, cache=100)

    assert system("0::/work\n", groups) == (8000 - 5000 + 200) * KB


def test_a_group_without_a_limit_does_not_count(system):
    assert system("0::/work\n", version_2("work/", "max", used=5000)) == 9000 * KB


def test_the_groups_around_a_group_limit_it_too(system):
    groups = version_2("user/", 6000 * KB, used=5500) | version_2("user/work/", 8000 * KB, used=5000)

    assert system("0::/user/work\n", groups) == 500 * KB


def test_inside_a_container_the_root_is_the_containers_own_group(system):
    groups = version_2("", 4000 * KB, used=1000)

    assert system("0::/system.slice/docker-4711.scope\n", groups) == 3000 * KB


def test_version_1_is_read_with_its_own_names(system):
    groups = {
        "memory/work/memory.limit_in_bytes": f"{3000 * KB}\n",
        "memory/work/memory.usage_in_bytes": f"{2500 * KB}\n",
        "memory/work/memory.stat": f"inactive_file 1\ntotal_active_file {10 * KB}\ntotal_inactive_file {20 * KB}\n",
    }

    assert system("9:name=systemd:/\n4:cpu,memory:/work\n0::/\n", groups) == (500 + 30) * KB


def test_the_memory_of_another_controllers_group_does_not_count(system):
    groups = {
        "memory/work/memory.limit_in_bytes": "1000\n",
        "memory/work/memory.usage_in_bytes": "900\n",
    }

    assert system("7:cpuset:/work\n", groups) == 9000 * KB


def test_a_group_that_is_over_its_limit_has_nothing_left(system):
    assert system("0::/work\n", version_2("work/", 1000 * KB, used=1200)) == 0


def test_a_limited_address_space_leaves_less(tmp_path, system, monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda what: (5000 * KB, resource.RLIM_INFINITY))
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/status").write_text("Name:\tpython\nVmPeak:\t 4444 kB\nVmSize:\t    1200 kB\n")

    assert system() == 3800 * KB


def test_it_is_not_told_where_the_system_does_not_tell(tmp_path):
    assert available_memory(proc=tmp_path, cgroups=tmp_path) is None


def test_this_machine_tells():
    available = available_memory()

    assert available is not None
    assert available > 10 * 2**20
