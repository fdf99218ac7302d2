"""The benchmarks: each is a module here, run as `bin/bench NAME`. `bench.lib` is the frame they share."""
