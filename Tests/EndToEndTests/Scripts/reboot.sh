# shellcheck shell=bash disable=SC2154 # what sections.sh sets
# The machine goes down while a stage is waited for.
faults '{"pods": [{"match": "web", "reason": "ImagePullBackOff"}]}'
installer install "$first" "${host[@]}" >/tmp/run 2>&1 &
until grep -q 'waiting for Deployment harbour/web' /tmp/run; do
    kill -0 $! || exit 3
    sleep 0.1
done
section doing cat /tmp/run
section status installer status
sync
