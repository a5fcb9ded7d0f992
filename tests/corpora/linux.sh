#!/usr/bin/env bash
# Print the path of a real Linux source tree (net/, fs/ramfs/, include/), unpacking it the first time. With --all it
# is the whole kernel (1.5 GB on disk), which no test needs.
#
# The tree comes from Debian's package linux-source-6.1 and never lands in this repository: it is kept under
# ${CODEREADER_CORPORA:-the user's cache}/codereader-corpora as a git repository of its own. The first call needs
# apt-get (as root, or with sudo that asks nothing) and a package mirror; later calls need neither.
set -euo pipefail

home=$(getent passwd "$(id -u)" 2>/dev/null | cut -d: -f6 || true)
base=${CODEREADER_CORPORA:-${home:-$HOME}/.cache/codereader-corpora}
case ${1-} in
  '') tree=$base/linux parts=(net fs/ramfs include Makefile Kconfig MAINTAINERS) ;;
  --all) tree=$base/linux-all parts=() ;;
  *) echo "usage: linux.sh [--all]" >&2; exit 2 ;;
esac
if [[ -d $tree/.git ]]; then
  printf '%s\n' "$tree"
  exit 0
fi

archive=/usr/src/linux-source-6.1.tar.xz
if [[ ! -r $archive ]]; then
  command -v apt-get >/dev/null || { echo "no apt-get to fetch linux-source-6.1 with" >&2; exit 1; }
  as_root=()
  [[ $(id -u) == 0 ]] || as_root=(sudo -n)
  {
    "${as_root[@]}" apt-get update -q
    "${as_root[@]}" apt-get install -y -q --no-install-recommends linux-source-6.1 xz-utils git
  } >&2
fi

mkdir -p "$base"
work=$(mktemp -d "$base/.unpack.XXXXXX")
trap 'rm -rf "$work"' EXIT
if [[ ${#parts[@]} == 0 ]]; then
  tar -C "$work" --strip-components=1 -xf "$archive"
  add=(-A -f)  # the package's .gitignore hides everything
else
  tar -C "$work" --strip-components=1 -xf "$archive" "${parts[@]/#/linux-source-6.1/}"
  add=(-A)
fi
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
git -C "$work" init -q
git -C "$work" add "${add[@]}"
git -C "$work" -c user.name=corpus -c user.email=corpus@localhost commit -qm 'Linux 6.1'
mv "$work" "$tree"
trap - EXIT
printf '%s\n' "$tree"
