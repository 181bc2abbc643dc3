"""Optimiser steps, checkpoints, devices, deterministic kernels."""
