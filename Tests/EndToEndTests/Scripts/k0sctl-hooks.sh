# shellcheck shell=bash
# What k0sctl does on a host, in its order, by the file that was exported: files, hook, k0s, hooks.
hooks() {
    python3 - "$1" <<'PYTHON'
import json, sys
found, inside = [], False
for line in open("/data/fleet/k0sctl.yaml"):
    if line.startswith("        ") and line.strip().endswith(":"):
        inside = line.strip() == sys.argv[1] + ":"
    elif inside and line.startswith("        - "):
        found.append(json.loads(line.strip()[2:]))
print("\n".join(found))
PYTHON
}
mkdir -p /var/lib/sealift/media
cp /data/harbour-1.0.0-linux-amd64.tar.zst /var/lib/sealift/media/
install -m 755 /data/bin/sealift-installer /usr/local/bin/sealift-installer
install -m 755 /data/fleet/k0s-v1.36.3+k0s.0-amd64 /usr/local/bin/k0s
hooks before >/root/before
hooks after >/root/after

section before bash -e /root/before
section twice bash -e /root/before
mkdir -p /etc/k0s
sed '1,/^    config:/d; s/^      //' /data/fleet/k0sctl.yaml >/etc/k0s/k0s.yaml
section install k0s install controller --enable-worker --no-taints --config /etc/k0s/k0s.yaml
section start k0s start
until [ -S /run/k0s/containerd.sock ]; do sleep 0.1; done
# It looks every three seconds; what it has not begun when k0sctl asks, is not there.
until k0s ctr images ls -q | grep -q .; do sleep 0.1; done
section after bash -e /root/after
section unit systemctl is-failed sealift-import
