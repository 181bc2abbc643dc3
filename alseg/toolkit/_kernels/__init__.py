"""Kernels of `alseg.toolkit`, for the processor and for GPUs."""
