"""Which module is running? Read from the call stack, so that nothing has to be attached to any model.

The stack also knows what hooks do not see: `module.forward(...)` called directly, methods other than forward,
`torch.func.functional_call`, and it is right after an exception, in a generator and in every thread.
"""

import sys
from collections import Counter
from collections.abc import Iterator

from torch import nn

NO_MODULE = "(no module)"
"""The name of calls that no module made, when everything is recorded."""


class ModuleNames:
    """Finds the name of the module that is running, from the call stack: nothing is attached to the model."""

    def __init__(self) -> None:
        # The root is held with its paths, so that no id is given to another module meanwhile.
        self._paths: dict[int, tuple[nn.Module, dict[int, str]]] = {}
        self._labels: Counter[str] = Counter()

    def of_running_module(self, model: nn.Module | None) -> str | None:
        """Return the name of the innermost running module; None when no module of the model runs."""
        if model is not None:
            paths = self._paths_in(model)
            return next((paths[id(module)] for module in running_modules() if id(module) in paths), None)
        running = list(running_modules())
        for outermost in reversed(running):
            path = self._paths_in(outermost, full=True).get(id(running[0]))
            if path is not None:
                return path
        return NO_MODULE

    def _paths_in(self, root: nn.Module, full: bool = False) -> dict[int, str]:
        if id(root) not in self._paths:
            label = type(root).__name__
            self._labels[label] += 1
            if self._labels[label] > 1:
                label = f"{label}#{self._labels[label]}"
            paths = {}
            for name, module in root.named_modules():
                name = name.replace("_orig_mod.", "").removesuffix("._orig_mod")
                paths[id(module)] = (f"{label}.{name}" if full else name) if name else label
            self._paths[id(root)] = (root, paths)
        return self._paths[id(root)][1]


def running_modules() -> Iterator[nn.Module]:
    """Yield the modules whose methods are on the call stack, innermost first."""
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_argcount and code.co_varnames[0] == "self":
            module = frame.f_locals.get("self")
            if isinstance(module, nn.Module):
                yield module
        frame = frame.f_back
