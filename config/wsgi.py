"""The WSGI door, which gunicorn opens."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

# What is loaded by now stays as long as the process: left out of the collector's full rounds, which took 60 ms each out
# of somebody's request.
gc.collect()
gc.freeze()
