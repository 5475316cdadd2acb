#!/bin/sh
# Makes .venv beside the Makefile and installs the packages of requirements/<name>.lock into it, but only when that
# lock has changed since. Usage: requirements/install.sh runtime|develop
set -eu

name=$1
cd "$(dirname "$0")/.."
here=$(pwd)
lock=requirements/$name.lock

find_python() {
    for candidate in python3 python3.13 python3.12 python3.11 python3.14; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "Heliograph needs Python 3.11 or newer, and none was found. On Debian: apt-get install python3 python3-venv" >&2
    exit 1
}

make_venv() {
    python=$(find_python)
    if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        echo "$python cannot make virtual environments. On Debian: apt-get install python$version-venv" >&2
        exit 1
    fi
    echo "Making .venv with $("$python" --version)"
    "$python" -m venv .venv
}

# Every Python of .venv finds the checkout through this file, from whatever folder it is started.
link_checkout() {
    packages=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    printf '%s\n' "$here" >"$packages/heliograph.pth"
    printf '#!/bin/sh\nexec "%s/.venv/bin/python" -m entrypoints "$@"\n' "$here" >.venv/bin/heliograph
    chmod +x .venv/bin/heliograph
}

checksum() {
    .venv/bin/python -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$1"
}

# An environment whose Python was removed or moved answers nothing and is made anew.
.venv/bin/python -c '' 2>/dev/null || { rm -rf .venv && make_venv; }
if [ ! -x .venv/bin/heliograph ] || ! grep -qF "\"$here/.venv/bin/python\"" .venv/bin/heliograph; then
    link_checkout
fi
# The packages for development include those for running.
installed() {
    [ "$(cat ".venv/$1.installed" 2>/dev/null)" = "$(checksum "requirements/$1.lock")" ]
}

if ! installed "$name" && ! { [ "$name" = runtime ] && installed develop; }; then
    echo "Installing packages of $lock"
    .venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --no-input --require-hashes -r "$lock"
    checksum "$lock" >".venv/$name.installed"
fi
