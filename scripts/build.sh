# shellcheck shell=bash
# The builds: which compiler and which options go into which folder.

declare -A BUILD_FOLDER=([gcc]=build [asan]=build-asan [clang]=build-clang)
declare -A BUILD_COMPILER=([gcc]=gcc [asan]=gcc [clang]=clang)
declare -A BUILD_OPTIONS=(
    [gcc]=--buildtype=debugoptimized
    [asan]='--buildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false'
    [clang]=--buildtype=debugoptimized
)

# build_one NAME: sets the folder up where that is not done yet, and builds what has changed.
build_one() { step "build ${BUILD_FOLDER[$1]} ($1)" build_commands "$1"; }

build_commands() {
    local folder=${BUILD_FOLDER[$1]} options
    read -ra options <<<"${BUILD_OPTIONS[$1]}"
    # A folder that was half set up, or came from elsewhere, is of no use.
    if [ ! -e "$folder/build.ninja" ] || [ "$(build_source "$folder")" != "$ROOT" ]; then
        rm -rf "$folder"
        CC=${BUILD_COMPILER[$1]} meson setup "$folder" "${options[@]}" || return 1
    fi
    ninja -C "$folder"
}

build_source() { jq -r .directories.source "$1/meson-info/meson-info.json" 2>/dev/null; }
