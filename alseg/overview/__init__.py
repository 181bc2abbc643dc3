"""One picture of a results folder: learning curves, and a photograph with what methods asked for."""
