"""Functions and base classes that authors of methods, recipes, networks and data sets build with.

Modules load when they are first used, so that ``from alseg import toolkit`` at the top of a plugin costs
nothing: ``toolkit.uncertainty.entropy(logits)`` loads torch with its first call. ``__init__.pyi`` lists them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
