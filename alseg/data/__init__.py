"""From data sets to batches: loading, caching, sampling, checking, made-up data."""
