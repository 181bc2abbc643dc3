"""Acquisitions, one module each: a class, and ``SPEC`` (or ``SPECS``), which offers it.

The plugin finds every module here. They import torch inside functions only: hooks run in every command.
"""
