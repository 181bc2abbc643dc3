"""Everything that alseg writes into a run folder and reads back: formats, checksums, records. No torch."""
