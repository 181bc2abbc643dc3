"""Between runs that wait and people: what is asked goes out, and what is answered comes in."""
