#!/usr/bin/env bash
# What depends on ansible-core, on the releases after the one that everything is tested with: sanity, and the tests of the one file
# that uses private API. They need Python 3.12 or later; where there is none they are skipped, and it is said.
# usage: later_cores.sh ARTIFACT WORK RELEASE...
#   ARTIFACT  the tarball of `ansible-galaxy collection build`
#   WORK      a folder for environments and caches, kept between runs
#   RELEASE   such as 2.20
set -euo pipefail
artifact=$1 work=$2
shift 2
tools=$(dirname "$0")

find_python() {
  local candidate
  for candidate in python3.13 python3.12 python3.14 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[234]*/bin/python3; do
    # A name on the path may be a shim with nothing behind it.
    if "$candidate" -c 'import sys, venv; sys.exit(sys.version_info < (3, 12))' 2> /dev/null; then
      echo "$candidate"
      return
    fi
  done
}

python=$(find_python)
if [ -z "$python" ]; then
  echo "SKIPPED: there is no Python 3.12 or later here, so nothing was tried on ansible-core $*" >&2
  exit 0
fi
for release in "$@"; do
  venv="$work/venv-$release"
  if [ ! -f "$venv/.installed" ]; then
    rm -rf "$venv"
    "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "ansible-core~=$release.0" \
      -r "$tools/../../requirements.txt" -r "$tools/../../lab/requirements.txt" pytest hypothesis
    touch "$venv/.installed"
  fi
  echo "== $("$venv/bin/ansible" --version | head -1)"
  "$tools/sanity.sh" "$artifact" "$venv" "$work/sanity-$release"
  PATH="$venv/bin:$PATH" "$venv/bin/python" -m pytest tests/unit/plugins/plugin_utils/bridge
done
