"""The parts of `bench.endpoint`: what it keeps, how it answers, and the events it posts."""
