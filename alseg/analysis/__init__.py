"""Numbers from results: seeds to intervals, baselines, ranks, penalties, notes. No torch."""
