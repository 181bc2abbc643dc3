"""One run: assembling its objects, the loop, resuming, provenance, what runs share."""
