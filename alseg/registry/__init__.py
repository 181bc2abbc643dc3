"""What is installed: finding plugins, reading parameters from signatures, wording mistakes. No torch."""
