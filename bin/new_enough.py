"""Import this first: it runs the command again under Python 3.11 or newer, or says that there is none.

Parses on every Python 3, because the old ones are those that read it.
"""

import os
import sys

if sys.version_info < (3, 11):
    import shutil

    for name in ("python3.14", "python3.13", "python3.12", "python3.11"):
        if shutil.which(name):
            os.execvp(name, [name] + sys.argv)
    sys.exit(
        "Quarterdeck needs Python 3.11 or newer, and this is Python {0}.{1}. Install a newer one (Debian 12 and "
        "Ubuntu 24.04 have it; elsewhere python.org) and run: python3.11 {2}".format(
            sys.version_info[0], sys.version_info[1], sys.argv[0]
        )
    )

# The commands' own modules are small; bytecode beside them would only litter bin/.
sys.dont_write_bytecode = True
