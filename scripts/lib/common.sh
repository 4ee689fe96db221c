# Sourced by the scripts of this folder: where we are, how to say things, and
# how to become root when that is needed.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"

say() { printf '%s\n' "$*"; }
step() { printf '\033[1m==> %s\033[0m\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null 2>&1; then sudo "$@"
    else die "this step needs root and there is no sudo: $*"
    fi
}

# usage FILE: prints the comment block under the first line of a script.
usage() { sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$1"; }

# build PRESET [TARGET...]: configures once and builds; ninja shows progress.
build() {
    local preset=$1; shift
    if [ ! -f "build/$preset/build.ninja" ]; then
        cmake --preset "$preset" >"build/configure-$preset.log" 2>&1 ||
            { tail -30 "build/configure-$preset.log" >&2; die "configuring '$preset' failed"; }
    fi
    if [ $# -gt 0 ]; then cmake --build --preset "$preset" --target "$@"
    else cmake --build --preset "$preset"; fi
}
