# shellcheck shell=bash
# Debian's docker-registry on loopback, and images pushed into it with curl: no image tool at all, so
# what is in the registry does not depend on one. Sourced by scripts that have sourced common.sh.
#
# A layer NAME is a set of files that pack_layer leaves in $LAYERS: NAME.blob, its compressed tar, and
# NAME.digest, .size, .diffid (of the tar), .unpacked (the tar's size) and .compression.

LAYERS=     # the folder of the layers; set by the script
REGISTRY=   # HOST:PORT, set by registry_start or by the script
GZIP_FILTER=${GZIP_FILTER:-gzip -n -6}
LAYER_TIME='2024-01-01 00:00:00Z'

OCI_IMAGE=application/vnd.oci.image
DOCKER_IMAGE=application/vnd.docker

# registry_start DIR [PORT]: starts a registry that stores in DIR/registry; on a free port without PORT.
# Leaves its HOST:PORT in DIR/registry.address and its process in DIR/registry.pid.
registry_start() {
    local dir=$1 log=$1/registry.log
    registry_stop "$dir"
    cat >"$dir/registry.yml" <<EOF
version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: '$dir/registry', maxthreads: 100}}
http: {addr: '127.0.0.1:${2:-0}'}
EOF
    # A session of its own: Ctrl-C is for the script, which stops the registry when it has tidied up.
    setsid docker-registry serve "$dir/registry.yml" >"$log" 2>&1 </dev/null &
    echo $! >"$dir/registry.pid"
    for _ in $(seq 100); do
        # With port 0 the kernel chose; the log tells. Nobody else can take a port that is taken.
        REGISTRY=$(sed -nE 's/.*listening on (127\.0\.0\.1:[0-9]+).*/\1/p' "$log" | head -n 1)
        if [ -n "$REGISTRY" ] && curl -fsS -o /dev/null "http://$REGISTRY/v2/" 2>/dev/null; then
            echo "$REGISTRY" >"$dir/registry.address"
            return 0
        fi
        kill -0 "$(<"$dir/registry.pid")" 2>/dev/null || break
        sleep 0.1
    done
    die "docker-registry did not start: $(tail -n 1 "$log")"
}

# registry_stop DIR: stops the registry that registry_start left, if it is still that.
registry_stop() {
    local pid
    [ -f "$1/registry.pid" ] || return 0
    pid=$(<"$1/registry.pid")
    if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = docker-registry ]; then
        kill "$pid" 2>/dev/null || true
        while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
    fi
    rm -f "$1/registry.pid" "$1/registry.address"
}

hex() { sha256sum <"$1" | cut -d' ' -f1; }

# pack_layer NAME ROOT [gzip|zstd]: makes a layer of what is in ROOT; the same files, the same bytes.
pack_layer() {
    local out=$LAYERS/$1 root=$2 compression=${3:-gzip}
    (
        shopt -s dotglob nullglob
        cd "$root" || exit
        tar --sort=name --format=gnu --mtime="$LAYER_TIME" --owner=0 --group=0 --numeric-owner -cf "$out.tar" -- *
    )
    hex "$out.tar" >"$out.diffid"
    stat -c %s "$out.tar" >"$out.unpacked"
    if [ "$compression" = zstd ]; then
        zstd -q -3 -c <"$out.tar" >"$out.blob"
    else
        # shellcheck disable=SC2086 # the filter is a command with arguments
        $GZIP_FILTER <"$out.tar" >"$out.blob"
    fi
    rm -f "$out.tar"
    echo "$compression" >"$out.compression"
    stat -c %s "$out.blob" >"$out.size"
    hex "$out.blob" >"$out.digest" # last: who finds it finds the whole layer
}

declare -A PUSHED=() # digest -> a repository that has it

# push_blob REPOSITORY FILE HEX: uploads a blob, or mounts it from a repository that has it.
push_blob() {
    local repository=$1 file=$2 hex=$3 from=${PUSHED[$3]:-} answer location
    [ "$from" = "$repository" ] && return 0
    if ! curl -fs -o /dev/null -I "http://$REGISTRY/v2/$repository/blobs/sha256:$hex"; then
        # Where a mount is refused, the registry opens an upload instead.
        answer=$(curl -fsS -o /dev/null -D - -X POST \
            "http://$REGISTRY/v2/$repository/blobs/uploads/${from:+?mount=sha256:$hex&from=$from}" | tr -d '\r')
        if [[ $answer != *' 201 Created'* ]]; then
            location=$(sed -n 's/^[Ll]ocation: //p' <<<"$answer")
            [ -n "$location" ] || die "the registry opens no upload for $repository"
            curl -fsS -o /dev/null -X PUT -H 'Content-Type: application/octet-stream' -T "$file" \
                "$location&digest=sha256:$hex" || die "cannot upload $file to $repository"
        fi
    fi
    PUSHED[$hex]=$repository
}

# push_manifest REPOSITORY TAG-OR-DIGEST TYPE FILE
push_manifest() {
    curl -fsS -o /dev/null -X PUT -H "Content-Type: $3" --data-binary "@$4" \
        "http://$REGISTRY/v2/$1/manifests/$2" || die "cannot push the manifest $1 $2"
}

# make_manifest REPOSITORY oci|docker ARCHITECTURE LAYER...: pushes layers and config, writes
# $LAYERS/manifest and sets MANIFEST_TYPE. $COMMAND is what the image runs, a JSON array.
make_manifest() {
    local repository=$1 format=$2 architecture=$3 name compression type config diffids=()
    shift 3
    for name in "$@"; do
        push_blob "$repository" "$LAYERS/$name.blob" "$(<"$LAYERS/$name.digest")"
        diffids+=("sha256:$(<"$LAYERS/$name.diffid")")
    done
    # shellcheck disable=SC2016 # jq's variables
    jq -cn --arg architecture "$architecture" --arg title "$repository" \
        --argjson command "${COMMAND:-[\"/bin/sh\"]}" '{
        architecture: $architecture, os: "linux", created: "2024-01-01T00:00:00Z",
        config: {Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                 Cmd: $command, Labels: {"org.opencontainers.image.title": $title}},
        rootfs: {type: "layers", diff_ids: $ARGS.positional},
        history: [$ARGS.positional[] | {created: "2024-01-01T00:00:00Z", created_by: ("ADD " + .)}]
    }' --args "${diffids[@]}" >"$LAYERS/config"
    config=$(hex "$LAYERS/config")
    push_blob "$repository" "$LAYERS/config" "$config"

    MANIFEST_TYPE=$OCI_IMAGE.manifest.v1+json
    local config_type=$OCI_IMAGE.config.v1+json
    if [ "$format" = docker ]; then
        MANIFEST_TYPE=$DOCKER_IMAGE.distribution.manifest.v2+json
        config_type=$DOCKER_IMAGE.container.image.v1+json
    fi
    for name in "$@"; do
        compression=$(<"$LAYERS/$name.compression")
        type=$OCI_IMAGE.layer.v1.tar+$compression # Docker's types know no zstd
        if [ "$format.$compression" = docker.gzip ]; then type=$DOCKER_IMAGE.image.rootfs.diff.tar.gzip; fi
        descriptor "$type" "$LAYERS/$name.blob" "$(<"$LAYERS/$name.digest")"
    done | jq -cj --slurp --arg type "$MANIFEST_TYPE" \
        --argjson config "$(descriptor "$config_type" "$LAYERS/config" "$config")" \
        '{schemaVersion: 2, mediaType: $type, config: $config, layers: .}' >"$LAYERS/manifest"
}

# descriptor TYPE FILE [HEX]
descriptor() {
    printf '{"mediaType":"%s","digest":"sha256:%s","size":%s}\n' "$1" "${3:-$(hex "$2")}" "$(stat -c %s "$2")"
}

# push_tags REPOSITORY TAG[,TAG...] TYPE FILE: under every tag; one line each, NAME DIGEST TYPE, on stdout.
push_tags() {
    local tag
    for tag in ${2//,/ }; do
        push_manifest "$1" "$tag" "$3" "$4"
        echo "$1:$tag sha256:$(hex "$4") $3"
    done
}

# push_image REPOSITORY TAG[,TAG...] oci|docker LAYER...: an image for amd64.
push_image() {
    local repository=$1 tags=$2 format=$3
    shift 3
    make_manifest "$repository" "$format" amd64 "$@"
    push_tags "$repository" "$tags" "$MANIFEST_TYPE" "$LAYERS/manifest"
}

# push_index REPOSITORY TAG[,TAG...] oci|docker ARM64-LAYER LAYER...: an index of two platforms.
push_index() {
    local repository=$1 tags=$2 format=$3 arm64_layer=$4 type=$OCI_IMAGE.index.v1+json architecture layers
    shift 4
    if [ "$format" = docker ]; then type=$DOCKER_IMAGE.distribution.manifest.list.v2+json; fi
    for architecture in amd64 arm64; do
        layers=("$@")
        if [ $architecture = arm64 ]; then layers=("$arm64_layer"); fi
        make_manifest "$repository" "$format" $architecture "${layers[@]}"
        push_manifest "$repository" "sha256:$(hex "$LAYERS/manifest")" "$MANIFEST_TYPE" "$LAYERS/manifest"
        descriptor "$MANIFEST_TYPE" "$LAYERS/manifest" |
            jq -c --arg architecture $architecture '. + {platform: {architecture: $architecture, os: "linux"}}'
    done >"$LAYERS/children"
    jq -cj --slurp --arg type "$type" '{schemaVersion: 2, mediaType: $type, manifests: .}' \
        <"$LAYERS/children" >"$LAYERS/index"
    push_tags "$repository" "$tags" "$type" "$LAYERS/index"
}
