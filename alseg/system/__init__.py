"""What alseg has to know of the operating system: signals, threads, limits, files of others."""
