"""A plugin that ends the process when it is imported, after writing to standard output."""

import sys

print("a greeting that nobody asked for")
sys.exit(1)
