# shellcheck shell=bash disable=SC2154 # what import.sh sets
# The import is killed at thirty points, and containerd at ten.
RANDOM=11
took=$(date +%s%N)
section whole installer import
took=$((($(date +%s%N) - took) / 1000000))
forget() {
    ctr images ls -q | xargs -r -n 50 "$(type -P ctr)" --address "$work/socket" --namespace k8s.io images rm --sync \
        >/dev/null
}
killed=0 crashed=0
for round in $(seq 40); do
    # Each starts where the last one was stopped; what went through is forgotten, so that there is work again.
    "$program" import "$bundle" --address "$work/socket" >"$work/run" 2>&1 &
    pid=$!
    sleep "$(printf '0.%03d' $((RANDOM % (took > 900 ? 900 : took))))"
    if [ $((round % 4)) -eq 0 ]; then
        crash
        start
        wait "$pid" || crashed=$((crashed + 1))
    else
        kill -9 "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
        [ $? -eq 137 ] && killed=$((killed + 1))
    fi
    incomplete
    if [ "$("$program" verify --node "$bundle" --address "$work/socket" >/dev/null 2>&1; echo $?)" -eq 0 ]; then
        forget
    fi
done 2>/dev/null >"$work/incomplete"
section incomplete cat "$work/incomplete"
section killed echo "$killed"
section crashed echo "$crashed"
section import installer import
section verify installer verify --node
section leftovers leftovers
section again installer import --dry-run
