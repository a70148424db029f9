# shellcheck shell=bash disable=SC2154 # what sections.sh sets
# Whatever k0s and Kubernetes do wrong is told, and what was begun goes on when it has passed.

# fails NAME FAULTS COMMAND...: a section with the faults in place.
fails() {
    local name=$1
    faults "$2"
    shift 2
    section "$name" "$@"
    faults '{}'
}
install=(installer install "$first" "${host[@]}")

fails sysinfo '{"sysinfo": [{"name": "Kernel", "category": "rejected", "prop": "too old", "message": "too old"}]}' \
    "${install[@]}"
section untouched ls /var/lib/sealift
fails install '{"verbs": {"install": {"exit": 1, "stderr": "Error: told at install"}}}' "${install[@]}"
fails start '{"verbs": {"start": {"exit": 1, "stderr": "Error: told at start"}}}' "${install[@]}"
fails start-after '{"verbs": {"start": {"exit": 1, "after": true, "stderr": "Error: told after start"}}}' \
    "${install[@]}"
fails status '{"verbs": {"status": {"exit": 1, "stderr": "Error: told at status"}}}' \
    installer install "$first" "${host[@]}" --start-timeout 3
fails controller '{"verbs": {"controller": {"exit": 1, "stderr": "Error: told at controller"}}}' \
    "${install[@]}"

# One that hangs is let go of by Ctrl-C, and the state says so.
faults '{"verbs": {"start": {"hang": true}}}'
/data/bin/sealift-installer install "$first" "${host[@]}" >/tmp/hang 2>&1 &
hanging=$!
until tail -n 1 /var/lib/sealift/journal.jsonl | grep -q '"event":"begun".*"step":"k0s-start"'; do
    kill -0 "$hanging" || exit 3
    sleep 0.1
done
section second "${install[@]}"
section pid echo "$hanging"
section half installer status
kill -INT "$hanging"
section hang wait "$hanging"
section hang-output cat /tmp/hang

fails node '{"node": {"ready": false, "reason": "KubeletNotReady", "message": "told at node"}}' \
    installer install "$first" "${host[@]}" --start-timeout 3
fails apply '{"verbs": {"kubectl apply": {"exit": 1, "stderr": "error: told at apply"}}}' "${install[@]}"
fails pods '{"pods": [
    {"match": "web", "reason": "CrashLoopBackOff", "log": "anchor lost", "exitCode": 3},
    {"match": "pull", "reason": "ImagePullBackOff"},
    {"match": "room", "reason": "Unschedulable", "message": "Insufficient memory"},
    {"match": "mount", "reason": "FailedMount", "message": "no such device"}]}' "${install[@]}"
fails job '{"jobs": [{"match": "check-*", "exitCode": 1, "log": "nc: bad address"}]}' "${install[@]}"
section healed "${install[@]}"
faults '{"pods": [{"match": "web", "reason": "CrashLoopBackOff", "log": "anchor lost"}]}'
k0s kubectl wait --for=condition=Available=false deployment/web -n harbour --timeout=60s
section unready installer status
faults '{}'
fails check '{"jobs": [{"match": "check-*", "exitCode": 1, "log": "nc: bad address"}]}' installer check

upgrade=(installer upgrade "$second" "${host[@]}")
k0s stop
fails asleep '{"verbs": {"start": {"exit": 1, "stderr": "Error: told at start"}}}' "${upgrade[@]}"
section asleep-status installer status
fails backup '{"verbs": {"backup": {"exit": 1, "stderr": "Error: told at backup"}}}' "${upgrade[@]}"
section running k0s kubectl get deployment web -n harbour -o 'jsonpath={.spec.template.spec.containers[0].image}'
section upgraded "${upgrade[@]}"
fails stop '{"verbs": {"stop": {"exit": 1, "stderr": "Error: told at stop"}}}' installer uninstall --yes
fails reset '{"verbs": {"reset": {"exit": 1, "stderr": "Error: told at reset"}}}' installer uninstall --yes
fails reset-after '{"verbs": {"reset": {"exit": 1, "after": true, "stderr": "Error: told after reset"}}}' \
    installer uninstall --yes
# What was half taken away is taken away first.
section back installer install "$second" "${host[@]}"
section uninstall installer uninstall --yes
section gone ls /usr/local/bin/k0s /etc/k0s /var/lib/k0s
