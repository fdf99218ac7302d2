"""Yacht deliveries: writing a job down, moving it on, what must be ready, who sails, what it costs, how it was rated."""
