"""People as annotators: formats that take questions to annotation tools and bring answers back."""
