"""Books for benchmarks: invented ones of any size, and the sides of `bench.posting`, each a process told when to go."""
