"""One finished run opened again, and pictures of it."""
