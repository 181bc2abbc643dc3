"""What an experiment will take before it is begun, on machines that need not be here."""
