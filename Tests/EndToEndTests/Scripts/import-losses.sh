# shellcheck shell=bash disable=SC2016 # the shell in the container expands it
# An import without a network; then one thing at a time is taken away, and the inventory names exactly that.
lost() {
    local name=$1
    section "$name" installer verify --node
    section "$name-import" installer import
    section "$name-mended" installer verify --node
}
name=docker.io/library/busybox:1.35.0
other=docker.io/apache/nifi:1.23.2

section network ip -oneline link show up
section import installer import
section verify installer verify --node
# The runtime keeps its containers by name, whichever containerd asks; others run beside this one.
section run ctr run --rm --runc-binary "$(type -P runc)" --net-host "$name" "run-$$" /bin/sh -c 'echo hello from "$0"' here
section leftovers leftovers

ctr images rm --sync "$name" >/dev/null
lost name
# The largest blob of all.
blob=$(ctr content ls | tail -n +2 | sort -k2 -h | awk '{ print $1, $2 }' | grep -E 'MB' | sort -k2 -n | tail -n 1 | cut -d' ' -f1)
ctr content rm "$blob" >/dev/null
section blob-digest echo "$blob"
lost blob
ctr images label "$other" io.cri-containerd.pinned= >/dev/null
lost pin
ctr images tag --force "$other" "$name" >/dev/null
# Newer ones copy no labels.
ctr images label "$name" io.cri-containerd.image=managed io.cri-containerd.pinned=pinned >/dev/null
lost retag
