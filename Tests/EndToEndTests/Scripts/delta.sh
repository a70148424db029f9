# shellcheck shell=bash disable=SC2154 # what sections.sh sets
# A delta on a machine without its base, with it, and with half of it, also while k0s stands still; the base comes in
# parts, on two media.
delta=/data/harbour-1.0.1-linux-amd64.delta.tar.zst

section fresh installer install "$delta" "${host[@]}"
section nothing ls /var/lib/sealift
section part-missing installer install /data/a/*.parts.json "${host[@]}"
section parts installer install /data/a/*.parts.json --search /data/b "${host[@]}"
section parts-again installer install /data/a/*.001 --search /data/b "${host[@]}"
section whole-again installer install "$first" "${host[@]}"
section export installer status --export -
section file installer status --export /root/state.json
section written cat /root/state.json
section plan installer upgrade "$delta" "${host[@]}" --dry-run
lose_tools() {
    for image in $(k0s ctr images ls -q | grep harbour/tools); do k0s ctr images rm --sync "$image" >/dev/null; done
}
lose_tools
k0s stop
section lost installer upgrade "$delta" "${host[@]}"
section unchanged installer status --format json
installer import "$first" --address /run/k0s/containerd.sock >/dev/null 2>&1
mv /usr/local/bin/k0s /root/k0s && printf x | cat /root/k0s - >/usr/local/bin/k0s && chmod 755 /usr/local/bin/k0s
section other-program installer upgrade "$delta" "${host[@]}"
mv /root/k0s /usr/local/bin/k0s
k0s stop
section upgrade installer upgrade "$delta" "${host[@]}"
section verify installer verify --node "$delta"
section version installer status
section again installer upgrade "$delta" "${host[@]}"
section back installer upgrade "$first" --allow-downgrade "${host[@]}"
lose_tools
section lost-again installer upgrade "$delta" "${host[@]}"
section mended installer install "$first" "${host[@]}"
section uninstall installer uninstall --yes --delete-data
