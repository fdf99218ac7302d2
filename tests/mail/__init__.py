"""Tests of `mail`."""
