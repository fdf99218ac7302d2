"""The portal as it is served for `bench.pages`, and what is shown there."""
