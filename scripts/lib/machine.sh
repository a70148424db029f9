# shellcheck shell=bash
# shellcheck disable=SC2034 # the variables are for those who source this
# What scripts/machine and scripts/vm have in common: their options, and how a machine is kept, listened to and taken
# away. Sourced after common.sh.

data=() copies=() binds=() command=()
timeout=600
root_dir=
network=
keep=

# machine_options ARGUMENTS: into the variables above.
machine_options() {
    while [ $# -gt 0 ]; do
        case $1 in
            --help | -h) help ;;
            --keep) keep=yes; shift; continue ;;
            --) shift; command=("$@"); break ;;
            --data | --copy | --bind | --timeout | --root-dir | --network)
                [ -n "${2:-}" ] || misused "$1 needs a value" ;;
            *) misused "unknown argument: $1" ;;
        esac
        case $1 in
            --data) data+=("$2") ;;
            --copy) copies+=("$2") ;;
            --bind) binds+=("$2") ;;
            --timeout) [[ $2 =~ ^[0-9]+$ ]] || misused "--timeout needs seconds"; timeout=$2 ;;
            --network) network=$2 ;;
            --root-dir) mkdir -p "$2"; root_dir=$(cd "$2" && pwd) ;;
        esac
        shift 2
    done
    [ ${#command[@]} -gt 0 ] || misused "there is no command to run in the machine"
}

# pair TEXT [DEFAULT]: splits "SOURCE:DESTINATION" into the variables source, absolute, and destination.
pair() {
    source=${1%%:*} destination=${2:-}
    if [[ $1 == *:* ]]; then destination=${1#*:}; fi
    [ -e "$source" ] || die "$source: no such file or folder"
    [[ $destination == /* ]] || misused "$1: say where in the machine, as in $source:/path"
    source=$(realpath "$source")
}

# machine_folder: makes $work, the folder of this machine, with what the inside needs in $work/command.
machine_folder() {
    local base=$ROOT/.build/machines
    mkdir -p "$base"
    work=$(mktemp -d "$base/XXXXXX")
    trap 'rm -rf "$work"' EXIT # until the keeper sees to it
    mkdir "$work/command"
    cp "$ROOT/scripts/lib/machine-command" "$work/command/run"
    printf 'exec%s\n' "$(printf ' %q' "${command[@]}")" >"$work/command/command"
    : >"$work/command/status"
    mkfifo "$work/stdout" "$work/stderr"
}

# machine_run COMMAND...: runs what is the machine's outside, under a keeper, and ends with the status of the inside.
# Whatever ends this script, SIGKILL included, ends the keeper's input, upon which the keeper clears everything away.
machine_run() {
    local status=0
    trap 'end 130' INT
    trap 'end 143' TERM
    trap 'end 129' HUP
    # In a session of its own, so that ^C and whoever kills our process group do not get the keeper.
    exec 9> >(exec setsid "$ROOT/scripts/lib/machine-keeper" "$work" "$timeout" "$keep" "$@" >/dev/null)
    keeper=$!
    trap - EXIT
    cat "$work/stdout" 9>&- &
    cat "$work/stderr" >&2 9>&- &
    wait "$keeper" || status=$?
    wait
    exit "$status"
}

# end STATUS: has the keeper clear away, then exits.
end() {
    trap '' INT TERM HUP
    exec 9>&-
    wait "$keeper" || true
    exit "$1"
}
