"""Books of any size for benchmarks: made up, written as a journal, posted to ours."""
