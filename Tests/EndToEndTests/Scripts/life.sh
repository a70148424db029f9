# shellcheck shell=bash disable=SC2154 # what sections.sh sets
# The whole life of an installation, from a machine without anything to one.
password() { python3 -c 'import json; print(json.load(open("/var/lib/sealift/parameters.json"))["values"]["password"])'; }

# What somebody prepared, or an earlier k0s left.
mkdir -p /etc/k0s
echo '# not ours' >/etc/k0s/k0s.yaml
traces | grep -v '^/etc/k0s/' >/tmp/before
section 'dry run' installer install "$first" "${host[@]}" --dry-run
section 'nothing yet' ls /var/lib/sealift
section status-before installer status
section install installer install "$first" "${host[@]}" --format json
section kept cat /etc/k0s/k0s.yaml.before-sealift
rm /etc/k0s/k0s.yaml.before-sealift
section status installer status
section status-json installer status --format json
section again installer install "$first" "${host[@]}"
section dry-again installer install "$first" "${host[@]}" --dry-run
mv /etc/systemd/system/sealift-dummy-route.service /tmp
section dry-gone installer install "$first" "${host[@]}" --dry-run
mv /tmp/sealift-dummy-route.service /etc/systemd/system
section check installer check
section verify installer verify --node "$first"
section state python3 /data/scripts/end-state.py
section password password
section modes stat -c '%a %n' /var/lib/sealift /var/lib/sealift/parameters.json /var/lib/sealift/files/chart.txt
mkdir -p /srv/harbour/cargo && echo treasure >/srv/harbour/cargo/chest

section no-token installer token
section other-mode installer install "$first" "${host[@]}" --multi-node
section other-command installer install "$second" "${host[@]}"
section upgrade installer upgrade "$second" "${host[@]}"
section upgraded installer status
section upgraded-images k0s ctr images ls -q
section upgraded-objects k0s kubectl get configmaps,deployments -n harbour -o \
    'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.spec.template.spec.containers[0].image}{"\n"}{end}'
section upgraded-version k0s version
section upgraded-verify installer verify --node "$second"
section upgraded-password password
section backups ls /var/lib/sealift/backups
section upgrade-again installer upgrade "$second" "${host[@]}"
section back installer upgrade "$first" "${host[@]}"

section plan installer uninstall --dry-run
section unasked installer uninstall
section uninstall installer uninstall --yes
section data cat /srv/harbour/cargo/chest
traces >/tmp/after
section left diff /tmp/before /tmp/after
section unit systemctl cat k0scontroller
section link ip link show sealift0

section reinstall installer install "$second" "${host[@]}"
section reinstall-password password
section 'still there' cat /srv/harbour/cargo/chest
section delete installer uninstall --yes --delete-data
traces >/tmp/after
section nothing diff /tmp/before /tmp/after
section data-gone ls /srv/harbour/cargo
section gone ls /var/lib/sealift
