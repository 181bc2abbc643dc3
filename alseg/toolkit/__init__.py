"""Functions and base classes that authors of methods, recipes, networks and data sets build with."""
