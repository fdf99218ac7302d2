"""Stripe: a stand-in for its API, a history it tells, and what the books make of both."""
