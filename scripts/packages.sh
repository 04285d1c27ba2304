# shellcheck shell=bash disable=SC2034 # used by those who source this
# The Debian packages that the project needs, and how they get onto the machine.

# The toolbox and the services; all that a team needs which wants `quadrille contract` only.
PACKAGES_BUILD=(
    gcc libc6-dev meson ninja-build pkg-config
    librabbitmq-dev libpq-dev libjson-c-dev libyaml-dev libpcre2-dev libidn2-dev
    libcurl4-openssl-dev libmicrohttpd-dev libsodium-dev libssl-dev zlib1g-dev libjwt-dev check jq
)
PACKAGES_RUN=("${PACKAGES_BUILD[@]}" clang libclang-rt-14-dev rabbitmq-server postgresql curl git openssl)
PACKAGES_LINT=(clang-format clang-tidy shellcheck)
# What completion and manual pages are tried in; without them a test says that it was skipped.
PACKAGES_TRY=(zsh fish mandoc man-db groff-base bsdextrautils)

INSTALL_LOCK=/run/quadrille-packages.lock
POLICY=/usr/sbin/policy-rc.d
POLICY_MARK='# Temporary, from Quadrille: packages are installed without starting their services.'
NO_CLUSTER=/etc/postgresql-common/createcluster.d/quadrille.conf

missing_packages() {
    local package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | head -n 1)" = installed ] ||
            say "$package"
    done
}

# packages_ensure PACKAGE…: installs what is missing; without root says what to run.
packages_ensure() {
    local missing
    lift_forgotten_policy
    if ! command -v dpkg-query >/dev/null; then
        warn "This is not Debian: not checking for $*"
        return 0
    fi
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        fail "These Debian packages are missing. Please run:"
        say "  sudo apt-get update"
        say "  sudo apt-get install --no-install-recommends ${missing[*]}"
        say "(This script, run as root, installs them without starting any service.)"
        exit 1
    fi
    say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
    packages_install "${missing[@]}"
}

packages_install() {
    local log=$RUN_DIR/log/apt.log started
    mkdir -p "$RUN_DIR/log"
    started=$(now_ms)
    : >"$log"
    exec 8>"$INSTALL_LOCK"
    flock -w 600 8 || die "Another ./run has been installing packages for ten minutes. Wait for it, or stop it."
    start_no_services
    # An installation that was killed in its middle.
    [ -z "$(dpkg --audit 2>/dev/null)" ] || uninterruptible dpkg --configure -a >>"$log" 2>&1 || true
    if ! lists_are_fresh; then
        interruptible apt_get update >>"$log" 2>&1 || apt_failed "apt-get update" "$log"
    fi
    if ! uninterruptible apt_get install "$@" >>"$log" 2>&1; then
        # The usual reason is a list that is older than the mirror.
        interruptible apt_get update >>"$log" 2>&1 || apt_failed "apt-get update" "$log"
        uninterruptible apt_get install "$@" >>"$log" 2>&1 || apt_failed "apt-get install $*" "$log"
    fi
    services_may_start
    exec 8>&-
    say "Installed in $(seconds_since "$started")"
}

apt_get() {
    DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
        -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold "$@"
}

apt_failed() {
    failed_with_log "$1 failed." "$2"
    exit 1
}

lists_are_fresh() {
    [ -n "$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -mtime -1 -print -quit 2>/dev/null)" ]
}

# Debian starts a server as soon as it is installed; ours are private, so nothing may start here.
start_no_services() {
    on_exit services_may_start
    on_exit end_child # before it: what still installs must find the policy
    if [ ! -e "$POLICY" ]; then
        printf '#!/bin/sh\n%s\nexit 101\n' "$POLICY_MARK" >"$POLICY"
        chmod 0755 "$POLICY"
    fi
    if [ ! -e "$NO_CLUSTER" ]; then
        mkdir -p "${NO_CLUSTER%/*}"
        printf '%s\ncreate_main_cluster = false\n' "$POLICY_MARK" >"$NO_CLUSTER"
    fi
}

# A run that was killed while it installed has left its mark; apt may still be at work.
lift_forgotten_policy() {
    if [ "$(id -u)" -ne 0 ] || ! grep -qsF "$POLICY_MARK" "$POLICY" "$NO_CLUSTER"; then return 0; fi
    # apt holds the lock on while it works, whoever has started it.
    (flock -n 8 && services_may_start) 8>"$INSTALL_LOCK" || true
}

# Takes away only what carries our mark.
services_may_start() {
    local file
    for file in "$POLICY" "$NO_CLUSTER"; do
        if grep -qsF "$POLICY_MARK" "$file"; then
            rm -f "$file"
        fi
    done
    rmdir "${NO_CLUSTER%/*}" 2>/dev/null || true # ours, if nothing else lies there
}
