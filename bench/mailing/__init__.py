"""The two sides of `bench.blast`, each in a process of its own that is told when to go."""
