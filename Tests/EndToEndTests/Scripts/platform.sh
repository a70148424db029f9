# shellcheck shell=bash disable=SC2154 # what sections.sh sets
# The whole platform, on a machine whose processors are few: the small profile.
bundle=$(ls /data/infometis-*.tar.zst)
chosen=(--profile small,restricted --set dataDir=/srv/infometis)
host=(--waive cgroup --waive memory --waive disk --dummy-route --start-timeout 120)

section preflight installer preflight "$bundle" "${chosen[@]}" --format json "${host[@]:0:6}" --dummy-route
section 'too large' installer preflight "$bundle" --format json
section parameters installer inspect "$bundle" --parameters
section wrong installer install "$bundle" "${host[@]}" --set pullPolicy=never
section unknown installer install "$bundle" "${host[@]}" --profile smal
section install installer install "$bundle" "${host[@]}" "${chosen[@]}" --set reclaimPolicy=Retain --format json
section status installer status --format json
section verify installer verify --node "$bundle"
section pattern installer verify --node "$bundle" --pattern apache/nifi:1.23.2
section claims k0s kubectl get pvc -n infometis -o \
    'jsonpath={range .items[*]}{.metadata.name} {.status.phase} {.spec.volumeName}{"\n"}{end}'
section policies k0s kubectl get pv -o \
    'jsonpath={range .items[*]}{.spec.persistentVolumeReclaimPolicy} {.spec.hostPath.path}{"\n"}{end}'
section files find /var/lib/sealift/files -type f
section secrets k0s kubectl get secret kafka-cluster -n infometis -o 'jsonpath={.data}'
