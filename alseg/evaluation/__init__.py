"""Networks against ground truth: confusion counts in a run, and 'alseg eval' of any checkpoint."""
