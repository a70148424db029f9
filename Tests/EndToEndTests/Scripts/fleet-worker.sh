# shellcheck shell=bash disable=SC2154 # what sections.sh sets
# The second node of a fleet: what does not let it join, and its life when something has.
host=("${fleet[@]}")
journal=/var/lib/sealift/journal.jsonl
hostname harbour-2
traces >/tmp/before

join() { installer join "$first" "${host[@]}" --token-file "$@"; }

# killed_in STEP: joins, and dies once the step is begun.
killed_in() {
    local known pid
    known=$(wc -l <$journal)
    /data/bin/sealift-installer join "$first" "${host[@]}" --token-file /shared/token >/dev/null 2>&1 &
    pid=$!
    until tail -n +$((known + 1)) $journal | grep '"begun"' | grep -q "\"$1\""; do
        kill -0 $pid || return 1
        sleep 0.02
    done
    kill -9 $pid
    wait $pid
}

section no-file join /nowhere
echo 'no token at all' >/root/words
section words join /root/words
echo bm90aGluZw== >/root/garbage
section garbage join /root/garbage
await tokens
section dry-run join /shared/token --dry-run
section untouched ls /var/lib/sealift
section expired join /shared/expired
section expired-status installer status
section killed-in-start killed_in k0s-start
section killed-in-import killed_in import
section join join /shared/token
section again join /shared/token
section status installer status
section verify installer verify --node "$first"
section role k0s status -o json
section unit systemctl cat k0sworker
section token-left ls /run/sealift-join-token
section token-kept grep -rlF "$(cat /shared/token)" /var/lib/sealift /var/log /etc /run
section check installer check
section install-here installer install "$first" "${host[@]}"
section token-here installer token
told joined
section restart systemctl restart k0sworker
section upgrade installer upgrade "$second" "${host[@]}"
section upgraded installer status
section upgraded-verify installer verify --node "$second"
section plan installer uninstall --dry-run
section uninstall installer uninstall --yes
told left
traces >/tmp/after
section nothing diff /tmp/before /tmp/after
