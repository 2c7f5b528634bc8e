# shellcheck shell=bash
# Work happens in a private directory, on a copy of the sources, as an ordinary user: the checkout
# is never written to, and when the script ends, however it ends, nothing of it is left.
#
# A script sources this file and calls run_in_workdir first. The call starts the script's copy
# inside the work directory and does not return, save in that copy.
#
# PG_VEND_WORK is the work directory; PG_VEND_WORK/src the copy; PG_VEND_WORK/keep, when a script
# makes it, says that the directory and what runs in it stay; PG_VEND_WORK/result becomes the file $vend_result.
# With $vend_kept the work directory is the same for each run of this checkout, and what an earlier run built is there.

child=
run_as=()
vend_root=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

. "$vend_root/scripts/lib/prerequisites.sh"

say() { printf '%s\n' "$*" >&2; }

# complain MESSAGE...: prints the message and fails; the caller decides what that means.
complain() {
    printf '%s: ' "${0##*/}" >&2
    printf '%s\n' "$@" >&2
    return 1
}

fail() {
    complain "$@" || exit 1
}

# run_in_workdir build|demo|test|bench SCRIPT ARGUMENTS...: SCRIPT is the caller's path from the root.
run_in_workdir() {
    local needs=$1 script=$2 user
    shift 2
    if [ "$vend_root" = "${PG_VEND_WORK:-}/src" ]; then
        cd "$vend_root" || exit
        return
    fi
    ensure_prerequisites "$needs"
    user=$(unprivileged_user)
    make_workdir "$user"
    exit_as "${run_as[@]}" "$PG_VEND_WORK/src/$script" "$@"
}

# exit_as COMMAND...: runs it and exits with its status. In the background and in a process group of
# its own, so that a signal can be passed on at once and to all of it.
exit_as() {
    local status=0
    set -m
    {
        # A server that the command leaves running would hold it.
        [ -z "${kept_lock:-}" ] || exec {kept_lock}<&-
        exec "$@"
    } </dev/null &
    child=$!
    trap 'kill -TERM -- -$child 2>/dev/null || :' INT TERM HUP
    while kill -0 "$child" 2>/dev/null; do
        status=0
        wait "$child" || status=$?
    done
    exit "$status"
}

# Root neither builds nor runs anything: PostgreSQL refuses to, and nothing here needs to.
unprivileged_user() {
    if [ "$(id -u)" -ne 0 ]; then
        id -un
    elif id postgres >/dev/null 2>&1; then
        echo postgres
    else
        echo nobody
    fi
}

# set_run_as USER: run_as is then what starts a command as that user in the work directory's environment.
set_run_as() {
    local user=$1 name
    run_as=()
    [ "$(id -un)" = "$user" ] || run_as=(setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups)
    run_as+=(env -u LANGUAGE -u MAKEFLAGS -u MAKELEVEL)
    for name in ${!PG@}; do # a PGHOST from outside would lead to another server
        [[ $name == PG_* ]] || run_as+=(-u "$name")
    done
    run_as+=(
        PG_VEND_WORK="$PG_VEND_WORK" PG_CONFIG="$PG_CONFIG" HOME="$PG_VEND_WORK/tmp" TMPDIR="$PG_VEND_WORK/tmp"
        LC_ALL=C.UTF-8 TZ=UTC
    )
}

make_workdir() {
    local user=$1 parent=${TMPDIR:-/tmp}
    # A socket's path has room for 107 bytes, and that user must be able to get there.
    PG_VEND_WORK=$parent set_run_as "$user"
    if [ ${#parent} -gt 50 ] || ! "${run_as[@]}" test -x "$parent"; then
        parent=/tmp
    fi
    if [ -n "${vend_kept:-}" ]; then
        PG_VEND_WORK=$(kept_workdir "$parent")
        lock_kept
    else
        PG_VEND_WORK=$(cd -P "$(mktemp -d "$parent/pg_vend.XXXXXX")" && pwd)
    fi
    trap remove_workdir EXIT
    mkdir -p "$PG_VEND_WORK/tmp"
    if [ -d "$PG_VEND_WORK/src" ]; then
        renew_sources
    else
        copy_sources "$PG_VEND_WORK/src"
    fi
    chown -R "$user:" "$PG_VEND_WORK"
    set_run_as "$user"
}

# kept_workdir PARENT: the one that $vend_kept asks for: of this user and this checkout.
kept_workdir() { echo "$1/pg_vend.kept.$(id -u).$(cksum <<<"$vend_root" | cut -d' ' -f1)"; }

# Takes the kept directory for this run. Fails if another run uses it, or if it is a link that somebody has put there.
lock_kept() {
    [ -e "$PG_VEND_WORK" ] || mkdir -m 755 "$PG_VEND_WORK"
    [ ! -L "$PG_VEND_WORK" ] || fail "$PG_VEND_WORK is a link"
    exec {kept_lock}<"$PG_VEND_WORK"
    flock -n "$kept_lock" || fail "another run uses $PG_VEND_WORK"
}

# Brings the sources up to date, and leaves what was built of them.
renew_sources() {
    local fresh=$PG_VEND_WORK/fresh
    rm -rf "$fresh"
    copy_sources "$fresh"
    rsync -rlpt --delete --exclude='*.o' --exclude='*.d' --exclude='*.so' --exclude=/build --exclude=/tmp_check "$fresh/" "$PG_VEND_WORK/src/"
    rm -rf "$fresh"
}

# Stops and removes what --keep left.
clean_kept() {
    local parent
    PG_CONFIG=$(find_pg_config)
    for parent in "${TMPDIR:-/tmp}" /tmp; do
        PG_VEND_WORK=$(kept_workdir "$parent")
        [ -d "$PG_VEND_WORK" ] || continue
        lock_kept
        rm -f "$PG_VEND_WORK/keep"
        set_run_as "$(unprivileged_user)"
        remove_workdir
    done
}

# copy_sources TO: copies what git tracks or would track; of an unpacked archive everything but the products of a build.
copy_sources() {
    mkdir -p "$1"
    local name git=(git -c safe.directory='*' -C "$vend_root")
    if [ "$("${git[@]}" rev-parse --show-toplevel 2>/dev/null)" = "$vend_root" ]; then
        "${git[@]}" ls-files -z --cached --others --exclude-standard |
            while IFS= read -r -d '' name; do
                # a deleted file stays in the index until the commit
                [ ! -e "$vend_root/$name" ] || printf '%s\0' "$name"
            done | tar -C "$vend_root" --null --files-from=- -cf - | tar -C "$1" -xf -
    else
        tar -C "$vend_root" --exclude-vcs --exclude='*.o' --exclude='*.bc' --exclude='*.so' --exclude=./build -cf - . |
            tar -C "$1" -xf -
    fi
}

remove_workdir() {
    # The script has made this file for its caller, who names it by vend_result.
    [ -z "${vend_result:-}" ] || [ ! -f "$PG_VEND_WORK/result" ] || cp "$PG_VEND_WORK/result" "$vend_result" || :
    [ ! -e "$PG_VEND_WORK/keep" ] || return 0
    local pid_file
    # A script that was killed outright could not stop its servers.
    find "$PG_VEND_WORK" -name postmaster.pid 2>/dev/null | while read -r pid_file; do
        "${run_as[@]}" "$("$PG_CONFIG" --bindir)/pg_ctl" -D "${pid_file%/*}" -m immediate -s stop || :
    done
    [ -z "$child" ] || kill -KILL -- "-$child" 2>/dev/null || :
    rm -rf "$PG_VEND_WORK"
}
