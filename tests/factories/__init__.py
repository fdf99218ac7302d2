"""Factories of the records tests need, one file each noun's family. Everything is invented, at example.com."""
