"""One network over many images: predictions at label size, features, prefetching, small maps for people."""
