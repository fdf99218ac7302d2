"""The crew's records in the Django admin, a file for each noun: for fixing data, through the same doors as the pages."""

from crew.admin import staff

__all__ = ["staff"]
