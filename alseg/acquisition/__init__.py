"""From predictions to queries: scoring, selection over the pool, what the budget affords."""
