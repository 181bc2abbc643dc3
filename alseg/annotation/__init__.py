"""Who answers, and what it costs: the simulated annotator and the schedule of the budget."""
