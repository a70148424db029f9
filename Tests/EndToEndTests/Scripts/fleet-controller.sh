# shellcheck shell=bash disable=SC2154 # what sections.sh sets
# The first node of a fleet.
host=("${fleet[@]}")

section no-address installer preflight "$first" --multi-node --node-ip 203.0.113.254
section install installer install "$first" "${host[@]}" --multi-node
section again installer install "$first" "${host[@]}"
section mode systemctl cat k0scontroller
section expired installer token --expiry 1s --output /shared/expired
section token installer token --expiry 1h --output /root/token
section token-mode stat -c %a /root/token
section token-twice installer token --output /root/token
section printed installer token --expiry 30m
section kept grep -rlF "$(cat /root/token)" /var/lib/sealift /var/log /etc
cp /root/token /shared/token
section pinned k0s kubectl get pv harbour-cargo -o 'jsonpath={.spec.nodeAffinity.required.nodeSelectorTerms[0]}'
told tokens
await joined
section nodes k0s kubectl get nodes -o 'jsonpath={range .items[*]}{.metadata.name} {.status.addresses[0].address}{"\n"}{end}'
section status installer status
section join-here installer join "$first" "${host[@]}" --token-file /root/token
await left
