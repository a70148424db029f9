# shellcheck shell=bash disable=SC2154 # what sections.sh sets
# Bundles that must not be installed: each is tried in its place, and the host must be as it was.
traces >/tmp/before
for bundle in /data/wrong/*.tar.zst; do
    name=${bundle##*/}
    section "${name%.tar.zst}" installer install "$bundle" "${host[@]}"
done
section missing installer install /data/wrong/none.tar.zst "${host[@]}"
section unwaived installer install "$first" --node-ip 198.51.100.7
traces >/tmp/after
section changed diff /tmp/before /tmp/after
section state ls -d /var/lib/sealift /etc/k0s /usr/local/bin/k0s
