# shellcheck shell=bash disable=SC2154 # what sections.sh sets
# After the reboot in the middle: k0s starts by itself, with the address that leads nowhere.
faults '{}'
section link ip -brief address show sealift0
section install installer install "$first" "${host[@]}"
section state python3 /data/scripts/end-state.py
section status installer status
