"""The flush of transactional tests: it puts back what the migrations left, guards or not."""
