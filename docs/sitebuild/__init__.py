"""The documentation as a site: pages from docs/, from other files of the repository and from the code."""
