"""Import this first: it runs the command again under Python 3.11 or newer, or says that there is none.

Parses on old Pythons, because they are those that read it.
"""

import os
import subprocess
import sys

if sys.version_info < (3, 11):
    for name in ("python3.14", "python3.13", "python3.12", "python3.11"):
        try:
            # A name alone proves nothing: version managers leave commands behind that only say what is missing.
            is_new = "import sys; sys.exit(sys.version_info < (3, 11))"
            found = subprocess.Popen([name, "-c", is_new], stderr=subprocess.PIPE)
            found.communicate()
        except OSError:
            continue
        if found.returncode == 0:
            os.execvp(name, [name] + sys.argv)
    sys.exit(
        "Quarterdeck needs Python 3.11 or newer, and this is Python {0}.{1}. Install a newer one (Debian 12 and "
        "Ubuntu 24.04 have it; elsewhere python.org) and run: python3.11 {2}".format(
            sys.version_info[0], sys.version_info[1], sys.argv[0]
        )
    )

# The commands' own modules are small; bytecode beside them would only litter bin/.
sys.dont_write_bytecode = True
