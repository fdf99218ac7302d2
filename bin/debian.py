"""Debian packages: which are missing, and installing them where this user may."""

import os
import shutil
import subprocess
from collections.abc import Iterable


def install(names: Iterable[str]) -> list[str]:
    """Install packages that are missing; return those that stay missing, in the order given.

    Installs nothing where there is no apt, or where this user is neither root nor able to become it without a
    password. Packages go one by one: one that the machine's sources do not have must not keep the others out.
    """
    missing = [name for name in names if not is_installed(name)]
    if not missing or shutil.which("apt-get") is None:
        return missing
    if os.geteuid() == 0:
        become_root = []
    elif _may_become_root():
        become_root = ["sudo", "-n"]
    else:
        return missing
    print(f"Installing {', '.join(missing)} …", flush=True)
    apt = [
        *become_root,
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "-qq",
        "-o",
        "DPkg::Lock::Timeout=120",
    ]
    subprocess.run([*apt, "update"], check=False, stdout=subprocess.DEVNULL)
    for name in missing:
        command = [*apt, "install", "-y", "--no-install-recommends", name]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    return [name for name in missing if not is_installed(name)]


def is_installed(name: str) -> bool:
    """Tell whether a package is installed, whole."""
    if shutil.which("dpkg-query") is None:
        return False
    asked = ["dpkg-query", "--show", "--showformat", "${db:Status-Status}", name]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout == "installed"


def _may_become_root() -> bool:
    if shutil.which("sudo") is None:
        return False
    return subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
