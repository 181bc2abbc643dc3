"""The report: one HTML file that shows results to people and needs nothing but a browser. No torch."""
