"""Frozen rows in, files out (XLSX, CSV, PDF, JSON): no model, no database, no clock."""
