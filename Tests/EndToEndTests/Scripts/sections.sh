# shellcheck shell=bash disable=SC2034 # the variables are for the scripts
# For the scripts that tests run on machines: sourced before each of them.
set -uo pipefail
cd /root || exit
sysctl -qw vm.max_map_count=262144

# section NAME COMMAND...: runs the command; the test gets what it printed and its status under the name.
section() {
    local name=$1 status=0
    shift
    printf '\n=== %s\n' "$name"
    "$@" || status=$?
    printf '\n--- %d\n' "$status"
}

installer() { /data/bin/sealift-installer "$@"; }

# What every command that changes the host is told here: the tests' kernel has cgroup version 1, and no address.
host=(--waive cgroup --waive cpu --waive memory --waive disk --dummy-route --start-timeout 120)
# The same for machines that have a network.
fleet=(--waive cgroup --waive cpu --waive memory --waive disk --start-timeout 60)
first=/data/harbour-1.0.0-linux-amd64.tar.zst
second=/data/harbour-1.1.0-linux-amd64.tar.zst

# told NAME, await NAME: how machines that run at the same time know how far the other is.
told() { touch "/shared/$1"; }
await() { until [ -e "/shared/$1" ]; do sleep 0.1; done; }

# faults JSON: what the stand-in does wrong from now on.
faults() {
    mkdir -p /etc/k0s-stand-in
    printf '%s' "$1" >/etc/k0s-stand-in/faults.new
    mv /etc/k0s-stand-in/faults.new /etc/k0s-stand-in/faults.json
}

# Every file of the folders that an installation changes, but for logs.
traces() {
    find /usr/local /etc /var/lib /run/k0s /srv -not -type d \
        -not -path '/var/lib/systemd/*' -not -path '/etc/k0s-stand-in/*' 2>/dev/null | sort
}
