"""Calls into plugins: what they change is put back, what they answer is checked, what ends them is named."""
