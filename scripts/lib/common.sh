# shellcheck shell=bash
# What every script here begins with. Sourced, never run.

set -euo pipefail
umask 022 # modes of generated files must not depend on who runs a script

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# The two executables: where scripts/build leaves them, or elsewhere, for an installed release.
BIN=${SEALIFT_BIN_DIR:-$ROOT/.build/release}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "error: $*"; exit 1; }
misused() { say "$*"; say "try '${0##*/} --help'"; exit 64; }

# help: the comment at the head of the script is its manual.
help() { sed -n '3,/^$/s/^# \{0,1\}//p' "$0"; exit 0; }

# need TOOL...: fails with all that are missing, not just the first.
need() {
    local tool missing=()
    for tool in "$@"; do command -v "$tool" >/dev/null || missing+=("$tool"); done
    [ ${#missing[@]} -eq 0 ] || die "${missing[*]}: not found; run scripts/bootstrap"
}

# need_executables: builds sealift and sealift-installer unless they are there.
need_executables() {
    if [ ! -x "$BIN/sealift" ] || [ ! -x "$BIN/sealift-installer" ]; then "$ROOT/scripts/build"; fi
}
