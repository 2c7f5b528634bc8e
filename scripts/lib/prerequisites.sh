# shellcheck shell=bash
# What a machine must have: PostgreSQL with its development files, and the tools of the work at
# hand. Debian packages that are missing are installed where root rights are at hand; elsewhere
# they are named, and nothing is done.

# The pg_config to build for: the caller's PG_CONFIG, else the newest of Debian's, else the PATH's.
find_pg_config() {
    local found
    if [ -n "${PG_CONFIG:-}" ]; then
        command -v "$PG_CONFIG" || fail "PG_CONFIG=$PG_CONFIG: no such command"
        return
    fi
    found=$(printf '%s\n' /usr/lib/postgresql/*/bin/pg_config | sort -V | tail -n 1)
    if [ -x "$found" ]; then
        echo "$found"
    else
        command -v pg_config
    fi
}

server_version() { "$1" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/'; }

# The packages with a server and its headers, unless both are there.
missing_postgres() {
    local config major=
    if config=$(find_pg_config); then
        major=$(server_version "$config")
        [ -x "$("$config" --bindir)/postgres" ] || echo "postgresql-$major"
        # Debian's client brings the makefiles for extensions, but no header.
        [[ -f $("$config" --pgxs) && -f $("$config" --includedir-server)/postgres.h ]] || echo "postgresql-server-dev-$major"
    else
        echo postgresql postgresql-server-dev-all
    fi
}

# missing_packages build|demo|test|bench: the packages that the work needs and the machine lacks.
missing_packages() {
    missing_postgres
    lacks_command make make
    lacks_command g++ g++
    if [ "$1" = bench ]; then
        lacks_command valgrind valgrind
        lacks_command cmake cmake
        lacks_command redis-server redis-server
        [ -f /usr/include/hiredis/hiredis.h ] || echo libhiredis-dev
        [ -f /usr/include/CLI/CLI.hpp ] || echo libcli11-dev
        [ -f /usr/include/postgresql/libpq-fe.h ] || echo libpq-dev
        lacks_command pkg-config pkg-config
    fi
    if [ "$1" = demo ]; then
        lacks_command cmake cmake
        lacks_command pkg-config pkg-config
        lacks_command gnuplot gnuplot-nox
        [ -f /usr/include/CLI/CLI.hpp ] || echo libcli11-dev
        [ -f /usr/include/postgresql/libpq-fe.h ] || echo libpq-dev
        [ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] || echo fonts-dejavu-core
        return 0
    fi
    [ "$1" != build ] || return 0
    lacks_command python3 python3
    [ "$1" = test ] || return 0
    lacks_command clang++ clang
    lacks_command clang-format clang-format
    lacks_command clang-tidy clang-tidy
    lacks_command cmake cmake
    lacks_command shellcheck shellcheck
    lacks_command prove perl
    lacks_command rsync rsync
    lacks_command pkg-config pkg-config
    [ -f /usr/include/postgresql/libpq-fe.h ] || echo libpq-dev
    # pgbouncer is in a directory that is not in the PATH of an ordinary user.
    PATH=$PATH:/usr/sbin lacks_command pgbouncer pgbouncer
    [ -f /usr/include/gtest/gtest.h ] || echo libgtest-dev
    perl -MIPC::Run -e 1 2>/dev/null || echo libipc-run-perl
    # Debian's own python3, whatever else the PATH of root has.
    /usr/bin/python3 -c 'import psycopg2' 2>/dev/null || echo python3-psycopg2
}

lacks_command() { command -v "$1" >/dev/null || echo "$2"; }

# ensure_prerequisites build|demo|test|bench: installs what is missing, or says what it is and fails.
ensure_prerequisites() {
    local missing
    mapfile -t missing < <(missing_packages "$1" | tr ' ' '\n' | sort -u)
    if [ ${#missing[@]} -gt 0 ]; then
        install_packages "${missing[@]}"
        mapfile -t missing < <(missing_packages "$1" | tr ' ' '\n' | sort -u)
        [ ${#missing[@]} -eq 0 ] || fail "still missing after the installation: ${missing[*]}"
    fi
    PG_CONFIG=$(find_pg_config)
    [ "$(server_version "$PG_CONFIG")" -ge 15 ] || fail "pg_vend needs PostgreSQL 15 or later, found: $("$PG_CONFIG" --version)"
    export PG_CONFIG
}

install_packages() {
    local as_root=()
    if ! command -v apt-get >/dev/null; then
        fail "these Debian packages, or what stands for them here, are missing: $*"
    elif [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null || fail "missing packages: $*" "install them with: sudo apt-get install $*"
        as_root=(sudo -n)
    fi
    say "installing $*"
    "${as_root[@]}" sh -s -- "$@" <<'SH' >&2
set -e
export DEBIAN_FRONTEND=noninteractive
# Debian's server package creates and starts a cluster of its own when it is installed: not for us.
drop_in=/etc/postgresql-common/createcluster.d/pg_vend.conf
mkdir -p "${drop_in%/*}"
trap 'rm -f "$drop_in"; rmdir "${drop_in%/*}" 2>/dev/null || :' EXIT
echo "create_main_cluster = false" >"$drop_in"
apt-get update -qq
apt-get install -y -qq --no-install-recommends "$@" >/dev/null
SH
}
