"""The ways in which a zone is changed: Route 53, dynamic update, Cloud DNS, and by a person's hand."""
