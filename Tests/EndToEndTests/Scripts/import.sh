# shellcheck shell=bash
# Usage: import.sh WORK BUNDLE INSTALLER SCRIPT CONTAINERD [ARGUMENTS OF SCRIPT], in a network namespace of its own whose
# interfaces are all down.
#
# Starts a containerd that has nothing, with folders of its own below WORK, sources SCRIPT, and ends it again.
set -uo pipefail
exec 2>&1
work=$1 bundle=$2 program=$3 script=$4
export work
# The ctr and the shim beside it are of the same release.
if [[ $5 == */* ]]; then PATH=${5%/*}:$PATH; fi
shift 5

section() {
    local name=$1 status=0
    shift
    printf '\n=== %s\n' "$name"
    "$@" || status=$?
    printf '\n--- %d\n' "$status"
}
ctr() { command ctr --address "$work/socket" --namespace k8s.io "$@"; }
start() {
    # It dies with this shell, however that ends.
    setpriv --pdeathsig KILL containerd --config "$work/config.toml" >>"$work/log" 2>&1 &
    daemon=$!
    until ctr version >/dev/null 2>&1; do kill -0 "$daemon" || exit 9; sleep 0.05; done
}
crash() { kill -9 "$daemon"; wait "$daemon" 2>/dev/null || true; }
finish() {
    crash
    grep -o " $work/[^ ]*" /proc/self/mounts | sort -r | xargs -r umount -l || true
}
installer() {
    local verb=$1
    shift
    "$program" "$verb" "$bundle" --address "$work/socket" "$@"
}
# Names whose content is not all there, by containerd's own check.
incomplete() { ctr images check | tail -n +2 | grep -v ' complete' || true; }
# What an import must not leave behind.
leftovers() {
    ctr leases ls -q
    ctr content active | tail -n +2
    ctr snapshots ls | tail -n +2 | grep -v Committed || true
}

mkdir -p "$work"
cat >"$work/config.toml" <<TOML
version = 2
root = "$work/root"
state = "$work/state"
[grpc]
  address = "$work/socket"
[ttrpc]
  address = "$work/socket.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "$work/opt"
[plugins."io.containerd.nri.v1.nri"]
  disable = true
TOML
trap finish EXIT
start
# shellcheck source=/dev/null
source "$script"
