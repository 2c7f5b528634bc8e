# shellcheck shell=bash
# Checks of the sources that run nothing of them. Each check is one test.

# The formatter and the checks of clang-tidy change with each release.
lint_version=14

run_lint() {
    check_with clang-format sources_are_formatted
    check shellcheck scripts_are_sound
    check python bench_compiles
    check META.json meta_is_sound
    check mutants test/mutants/apply --check
    check rooms scripts/rooms
    check "rooms that break the rules" test/lint/rooms
    check g++ build_extension .
    check clang++ build_with_clang
    check "clang++ sdk" build_sdk_with_clang
    check_with clang-tidy sources_are_tidy
}

cxx_sources() { find extension sdk test/unit test/fuzz test/sdk test/tap -name '*.[ch]pp'; }

# check_with TOOL FUNCTION: the check, with TOOL in the release that the sources are written for.
check_with() {
    local tool
    for tool in "$1-$lint_version" "$1"; do
        if command -v "$tool" >/dev/null && "$tool" --version | grep "version $lint_version\." >/dev/null; then
            check "$1" "$2" "$tool"
            return
        fi
    done
    record skipped "$1: no release $lint_version here"
}

sources_are_formatted() { cxx_sources | xargs "$1" --dry-run -Werror; }

# Not the unit tests: most of its time would go into GoogleTest's macros. It counts on stderr what it
# suppressed. In what is put together an include is there for each source, so that is checked here.
sources_are_tidy() {
    # shellcheck disable=SC2016 # awk's
    ! cxx_sources | xargs awk '/^ *#include/ && seen[FILENAME, $0]++ { print FILENAME ": twice " $0 }' | grep . || return
    join_libraries build/clang_sdk/CMakeFiles
    { tidy_below extension build/clang "$1" && tidy_below sdk build/clang_sdk "$1"; } 2>build/tidy.log ||
        { grep -v 'warnings generated' build/tidy.log; return 1; }
}

# The SDK's libraries are one source as well.
join_libraries() {
    local unit=Unity/unity_0_cxx.cxx
    [ ! -f "$1/coalescer.dir/$unit" ] || { cat "$1/coalescer.dir/$unit" >>"$1/vend.dir/$unit" && rm "$1/coalescer.dir/$unit"; }
}

# tidy_below DIRECTORY BUILD TOOL: what BUILD compiles of DIRECTORY, by DIRECTORY's rules. It reads a room of the extension, or
# the SDK's libraries, as one source: four fifths of its time would go into the same headers, read for each. What the unit tests
# link is in the module as well. The analyzer gives up a function at a fifth of the states that it would look at: a few functions
# full of lambdas would take half of the whole time.
tidy_below() {
    local states=(--extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang --extra-arg=max-nodes=40000)
    [ ! -f "$1/.clang-tidy" ] || cp "$1/.clang-tidy" "$2"
    find "$2" \( -path '*/test/*' -o -path '*/vend_core.dir/*' \) -prune -o -name '*_cxx.cxx' -print0 >build/rooms
    while IFS= read -rd '' room; do put_together "$room"; done <build/rooms
    xargs -0 -P "$(nproc)" -n 1 "$3" -p "$2" --quiet --checks=-readability-duplicate-include \
        --extra-arg="-I$PWD/$1/src" "${states[@]}" <build/rooms | name_places
}

# put_together ROOM: puts the sources that ROOM includes in the place of the includes: the linter analyzes no included file.
put_together() {
    awk '/^#include "[/]/ { source = substr($0, 11, length($0) - 11); print "// from " source
        while ((getline line < source) > 0) print line
        next } { print }' "$1" >"$1.new" && mv "$1.new" "$1"
}

# Replaces the place of each finding in a room by its place in the source.
name_places() {
    awk -F: '$1 !~ /_cxx[.]cxx$/ || $2 !~ /^[0-9]+$/ { print; next } {
        for (n = 1; n <= $2 && (getline line < $1) > 0; ++n)
            if (line ~ /^[/][/] from /) { source = substr(line, 9); start = n }
        close($1); print source ":" $2 - start substr($0, length($1 FS $2) + 1) }'
}

scripts_are_sound() {
    grep -rlE '^#!.*sh|^# shellcheck shell' scripts test bench .ci | xargs shellcheck -x
}

bench_compiles() {
    find bench test -name '*.py' -exec python3 -c 'import sys; [compile(open(f).read(), f, "exec") for f in sys.argv[1:]]' {} +
}

# META.json is valid JSON and has the version of the control file.
meta_is_sound() {
    local versions
    versions=$(perl -MJSON::PP -e 'local $/; $m = decode_json(<>); print "$m->{version} $m->{provides}{pg_vend}{version}"' META.json) &&
        [ "$versions" = "$(sed -n "s/^default_version *= *'\(.*\)'/\1 \1/p" pg_vend.control)" ]
}

# The development build: module and unit tests.
build_with_clang() {
    build_rooms . build/clang -DPG_CONFIG="$PG_CONFIG"
}

build_sdk_with_clang() {
    build_rooms sdk build/clang_sdk -DVEND_WERROR=ON
}

# build_rooms SOURCE BUILD OPTION...: with clang++, unoptimised and without what a debugger reads, which changes none of its
# warnings.
build_rooms() {
    local source=$1 build=$2
    shift 2
    cmake -S "$source" -B "$build" -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG= \
        -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=0 "$@" && cmake --build "$build" -j "$(nproc)"
}
