# shellcheck shell=bash disable=SC2154 # what sections.sh sets
# An installation that nobody disturbs, one that is killed everywhere, and the same for taking them away.
journal=/var/lib/sealift/journal.jsonl
killed() { python3 /data/scripts/kill-everywhere.py "$journal" /data/bin/sealift-installer "$@"; }

traces >/tmp/before
section install installer install "$first" "${host[@]}"
section state python3 /data/scripts/end-state.py
section upgrade installer upgrade "$second" "${host[@]}"
section upgraded-state python3 /data/scripts/end-state.py
section uninstall installer uninstall --yes --delete-data

section killed killed install "$first" "${host[@]}"
section killed-state python3 /data/scripts/end-state.py
section killed-upgrade killed upgrade "$second" "${host[@]}"
section killed-upgraded-state python3 /data/scripts/end-state.py
section killed-uninstall killed uninstall --yes --delete-data
traces >/tmp/after
section nothing diff /tmp/before /tmp/after
