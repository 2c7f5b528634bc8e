# shellcheck shell=bash
# A private PostgreSQL: a mirror of the installed one into which the extension is installed, and
# clusters of its own. No directory of the system is written, no server of the system is asked.

# mirror_postgres DIR: an installation like that of PG_CONFIG, below DIR; PG_CONFIG then means this
# one. PostgreSQL finds its files by their place relative to its binaries, so these are copied; what
# they find there are links, in directories that the extension can be installed into.
mirror_postgres() {
    local root=$1 bin share lib
    bin=$("$PG_CONFIG" --bindir)
    share=$("$PG_CONFIG" --sharedir)
    lib=$("$PG_CONFIG" --pkglibdir)
    if [ ! -d "$root$bin" ]; then
        make_mirror
    fi
    PG_CONFIG=$root$bin/pg_config
    PATH=$root$bin:$PATH
    export PG_CONFIG PATH
}

# The caller's root, bin, share and lib say from where to where.
make_mirror() {
    local path
    mkdir -p "$root$bin"
    cp "$bin"/* "$root$bin"
    link_entries "$share" "$root$share" extension
    link_entries "$share/extension" "$root$share/extension"
    link_entries "$lib" "$root$lib" bitcode
    link_entries "$lib/bitcode" "$root$lib/bitcode"
    for path in $("$PG_CONFIG" --includedir --pkgincludedir --includedir-server); do
        if [ ! -e "$root$path" ]; then
            mkdir -p "$root${path%/*}"
            ln -s "$path" "$root$path"
        fi
    done
}

# link_entries FROM TO [EXCEPT]: links to all in FROM, save EXCEPT and an installed pg_vend.
link_entries() {
    local from=$1 to=$2 except=${3:-} entry
    mkdir -p "$to"
    for entry in "$from"/*; do
        case ${entry##*/} in
            "$except" | pg_vend | pg_vend[.-]*) ;;
            *) [ ! -e "$entry" ] || ln -s "$entry" "$to" ;;
        esac
    done
}

# build_extension SOURCES: builds it and installs it into PG_CONFIG's place. Without bitcode, which nothing
# here would run and which takes as long as the rest, and without what a debugger reads.
build_extension() {
    local options=(-C "$1" -s PG_CONFIG="$PG_CONFIG" with_llvm=no EXTRA_CXXFLAGS=-g0)
    make "${options[@]}" -j "$(nproc)" all && make "${options[@]}" install
}

# start_cluster NAME [SETTING...]: initdb and a server reachable by socket only, which preloads the
# extension that is installed; PGHOST leads there.
# The server does not wait for its disk: nobody needs its data after a crash of the machine.
start_cluster() {
    local name=$1 data=$PG_VEND_WORK/$1/data setting
    shift
    mkdir -p "$PG_VEND_WORK/$name"
    initdb -D "$data" -U postgres -A trust -E UTF8 --locale=C -N --no-instructions >"$PG_VEND_WORK/$name/initdb.log" 2>&1 ||
                complain "initdb failed" "$(cat "$PG_VEND_WORK/$name/initdb.log")" || return
    {
        echo "listen_addresses = ''"
        echo "unix_socket_directories = '$PG_VEND_WORK/$name'"
        echo "max_connections = 120"
        echo "shared_preload_libraries = 'pg_vend'"
        echo "fsync = off"
        echo "max_wal_size = '4GB'"
        for setting; do echo "$setting"; done
    } >>"$data/postgresql.conf"
    clusters+=("$data")
    run_cluster "$name" || return
    export_cluster "$name"
}

# start_or_keep_cluster NAME [SETTING...]: does the same, or takes the server that an earlier run kept. Restarts it if the module has
# changed.
start_or_keep_cluster() {
    local name=$1 data=$PG_VEND_WORK/$1/data module
    module=$(cksum <"$("$PG_CONFIG" --pkglibdir)/pg_vend.so")
    if [ ! -f "$data/postgresql.conf" ]; then
        start_cluster "$@" || return
    else
        clusters+=("$data")
        [ "$module" = "$(cat "$PG_VEND_WORK/$name/module" 2>/dev/null)" ] || stop_cluster "$data" immediate
        pg_ctl -D "$data" status >"$PG_VEND_WORK/$name/pg_ctl.log" 2>&1 || run_cluster "$name" || return
        export_cluster "$name"
    fi
    echo "$module" >"$PG_VEND_WORK/$name/module"
}

export_cluster() { export PGHOST=$PG_VEND_WORK/$1 PGUSER=postgres PGDATABASE=postgres; }

# A backend that uses more and more memory fails before the machine does.
backend_kib_max=$((1536 * 1024))

run_cluster() {
    local log=$PG_VEND_WORK/$1/server.log
    # Its output goes to the log alone: a server that holds the caller's pipe would keep it open.
    (
        ulimit -v "$backend_kib_max"
        exec pg_ctl -D "$PG_VEND_WORK/$1/data" -l "$log" -s -w -t 180 start </dev/null >"$PG_VEND_WORK/$1/pg_ctl.log" 2>&1
    ) || complain "the server did not start" "$(cat "$PG_VEND_WORK/$1/pg_ctl.log" "$log")"
}

# Checks that the server has loaded pg_vend from the mirror: the tests would test another module otherwise.
assert_private_module() {
    local lib maps
    lib=$("$PG_CONFIG" --pkglibdir)
    [ -f "$lib/pg_vend.so" ] || complain "pg_vend is not installed in $lib" || return
    maps=$(psql -XAtq -v ON_ERROR_STOP=1 -c "LOAD '\$libdir/pg_vend'" -c "SELECT pg_read_file('/proc/self/maps')") || return
    [[ $maps == *"$lib/pg_vend.so"* ]] || complain "the server did not load $lib/pg_vend.so" "$maps"
}

# stop_cluster DATA [MODE]
stop_cluster() {
    local data=$1
    [ -f "$data/postmaster.pid" ] || return 0
    pg_ctl -D "$data" -m "${2:-fast}" -t 20 -s stop || pg_ctl -D "$data" -m immediate -s stop || :
}

stop_clusters() {
    local data
    [ ! -e "$PG_VEND_WORK/keep" ] || return 0
    for data in "${clusters[@]}"; do stop_cluster "$data"; done
}

# Stops the clusters at the end. A subshell that starts clusters calls this, as it inherits no trap.
guard_clusters() {
    clusters=()
    trap stop_clusters EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

guard_clusters
