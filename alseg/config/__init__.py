"""From the text of an experiment file and overrides to frozen specifications. No torch."""
