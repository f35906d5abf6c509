"""The rules of the house that import-linter cannot check: app.py, an engine without Qt, and a sound binding of Qt."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QPainterPath, QTransform

ROOT = Path(__file__).parents[1]

# Fails where a module of the engine imports Qt, however deep, although Qt is installed here.
IMPORT_ENGINE_WITHOUT_QT = """
import importlib, pkgutil, sys

class NoQt:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"PySide6", "shiboken6", "pyqtgraph", "gui"}:
            raise ImportError(name + " is not there")

sys.meta_path.insert(0, NoQt())
import engine
names = [module.name for module in pkgutil.walk_packages(engine.__path__, "engine.")]
for name in names:
    importlib.import_module(name)
print(len(names), "mxnet" in sys.modules)
"""


def imports_on_loading(source):
    """Return the modules that a file imports when it is loaded, not those that its functions import when called."""
    found = set()
    waiting = list(ast.parse(source).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))
    return found


def test_imports_are_found_outside_functions_only():
    source = "import a\nif a:\n    from b import c\nclass D:\n    import e\ndef f():\n    import g\n"
    assert imports_on_loading(source) == {"a", "b.c", "e"}


def test_app_imports_no_mxnet_no_qt_and_no_learning_logic_before_it_knows_what_to_do():
    source = (ROOT / "app.py").read_text(encoding="utf-8")
    forbidden = (
        "mxnet", "numpy", "PySide6", "pyqtgraph", "gui", "engine.training", "engine.backends", "engine.architecture",
        "engine.inspection", "engine.data",
    )  # fmt: skip
    wrong = {
        name
        for name in imports_on_loading(source)
        for other in forbidden
        if name == other or name.startswith(f"{other}.")
    }
    assert wrong == set()
    assert len(source.splitlines()) < 100


def test_the_whole_engine_imports_where_qt_is_not_installed_and_without_loading_mxnet():
    done = subprocess.run([sys.executable, "-c", IMPORT_ENGINE_WITHOUT_QT], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    modules, mxnet_loaded = done.stdout.split()
    assert int(modules) > 20
    assert mxnet_loaded == "False"


def test_void_qt_calls_keep_the_references_to_none():
    # PySide6 6.12.0 loses one for each call on Python 3.11, and the process dies: docs/decisions/0002.
    thing, path, transform = QObject(), QPainterPath(), QTransform()
    before = sys.getrefcount(None)
    for step in range(1000):
        thing.setObjectName("thing")
        path.lineTo(step, step)
        transform.reset()
    assert abs(sys.getrefcount(None) - before) < 500
