"""The settings of the server that `bench.pages` measures: production's, static files in the run's own folder, one page more."""

from config.settings import *  # noqa: F403
from config.settings import DATA_DIR

STATIC_ROOT = DATA_DIR / "static"
ROOT_URLCONF = "bench.portal.urls"
