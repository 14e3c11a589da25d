#!/usr/bin/env bash
# `ansible-test sanity` on the built collection: on exactly what is shipped, with nothing ignored.
# usage: sanity.sh ARTIFACT VENV WORK
#   ARTIFACT  the tarball of `ansible-galaxy collection build`
#   VENV      the virtual environment that holds ansible-core
#   WORK      a folder for the caches of ansible-test, kept between runs, and its log
set -euo pipefail
artifact=$(realpath "$1")
venv=$(realpath "$2")
mkdir -p "$3"
work=$(realpath "$3")
tools=$(dirname "$(realpath "$0")")

# The pip that ansible-test puts into its environments: `get_venv_packages` in its python_requirements.py.
internal=$("$venv/bin/python" -c 'import pathlib, ansible_test; print(pathlib.Path(ansible_test.__file__).parent / "_internal")')
pip_version=$(sed -n "s/^ *pip='\([0-9.]*\)',$/\1/p" "$internal/python_requirements.py")

# ansible-test keeps its caches below HOME: it gets one of its own, but pip goes on with the user's settings and cache.
export XDG_CONFIG_HOME="${XDG_CONFIG_HOME:-${HOME:-$work}/.config}"
export XDG_CACHE_HOME="${XDG_CACHE_HOME:-${HOME:-$work}/.cache}"
export HOME="$work/home"

# It would download get-pip.py from a host of its own; PyPI is enough.
cache="$HOME/.ansible/test/cache"
mkdir -p "$cache"
[ -f "$cache/pip-$pip_version-py3-none-any.whl" ] ||
  "$venv/bin/python" -m pip download --quiet --no-deps --dest "$cache" "pip==$pip_version"
cp "$tools/get_pip.py" "$cache/get_pip_${pip_version//./_}.py"

# It wants a real folder of this name, no symlink, and none inside a git repository, whose rules would decide what it sees.
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
collection="$copy/ansible_collections/sfb/cloud_connector"
mkdir -p "$collection"
tar -xzf "$artifact" -C "$collection"
# The tests are not shipped, but one of their files is a setting of ansible-test. (Ignore lists, which would lie beside it, are none.)
mkdir -p "$collection/tests"
cp "$tools/../config.yml" "$collection/tests/"

cd "$collection"
export PATH="$venv/bin:$PATH"
version=$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
ansible-test sanity --python "$version" --color no 2>&1 | tee "$work/log"
# It also passes when it finds nothing to examine.
! grep -q 'All targets skipped' "$work/log"
