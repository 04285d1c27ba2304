#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Where the servers are: options, profiles, environment; what is refused. No server is needed: which one was meant shows in
# the refusal to connect, by its port. Prints TAP.
#   usage: access.sh QUADRILLE CONTRACTS
set -euo pipefail

quadrille=$1
contracts=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
profiles=$folder/quadrille/profiles
number=0

check()
{
    local what=$1
    shift
    number=$((number + 1))
    if "$@"; then
        echo "ok $number - $what"
    else
        echo "not ok $number - $what"
        sed 's/^/# /' "$folder/stderr"
    fi
}

# The command with the variables that stand before its options.
ask()
{
    local status=0 variables=()
    while [[ ${1:-} == *=* && $1 != -* ]]; do
        variables+=("$1")
        shift
    done
    env -u AMQP_URL -u MANAGEMENT_URL -u DATABASE_URL -u QUADRILLE_PROFILE -u AMQP_PASSWORD_FILE -u SECRETS_DIR \
        HOME=/nonexistent XDG_CONFIG_HOME="$folder" "${variables[@]}" \
        "$quadrille" contract check --contracts "$contracts" --queue q "$@" >"$folder/stdout" 2>"$folder/stderr" || status=$?
    return "$status"
}

# goes PORT ARGUMENT…: there the command looks for its broker.
goes()
{
    local port=$1 status=0
    shift
    ask "$@" || status=$?
    ((status == 1)) && grep -qF "127.0.0.1:$port: Connection refused" "$folder/stderr"
}

# refuses TEXT ARGUMENT…: wrong usage, told with the text; and no secret is repeated.
refuses()
{
    local text=$1 status=0
    shift
    ask "$@" || status=$?
    ((status == 2)) && grep -qF -- "$text" "$folder/stderr" && ! grep -q 'geheim' "$folder/stdout" "$folder/stderr"
}

write()
{
    mkdir -p "${profiles%/*}"
    (umask 077 && cat >"$profiles")
}

# refuses_line TEXT: a profiles file of standard input.
refuses_line()
{
    write
    refuses "$1" --server-profile one
}

no_server_is_named()
{
    refuses '--url URL is needed, or the environment variable AMQP_URL, or a profile'
}

# 1: the payload is judged, and is none of the contract's.
a_loose_file_is_no_matter()
{
    local status=0
    chmod 0644 "$profiles"
    echo '{}' >"$folder/payload.json"
    QUADRILLE_PROFILE=one XDG_CONFIG_HOME=$folder "$quadrille" contract check --contracts "$contracts" --message UserRegistered \
        "$folder/payload.json" >/dev/null 2>"$folder/stderr" || status=$?
    chmod 0600 "$profiles"
    ((status == 1))
}

is_not_private()
{
    chmod "$1" "$profiles"
    refuses 'may be read or written by others' --server-profile one
    local status=$?
    chmod 0600 "$profiles"
    return "$status"
}

a_link_to_a_loose_file_is_loose()
{
    mv "$profiles" "$folder/elsewhere"
    ln -s ../elsewhere "$profiles"
    goes 4 --server-profile one || return 1
    chmod 0640 "$folder/elsewhere"
    refuses 'may be read or written by others' --server-profile one || return 1
    rm "$profiles"
    mv "$folder/elsewhere" "$profiles"
    chmod 0600 "$profiles"
}

somebody_elses_file()
{
    if (($(id -u) != 0)); then
        return 0
    fi
    chown 65534 "$profiles"
    refuses 'what it says is not believed' --server-profile one
    local status=$?
    chown 0 "$profiles"
    return "$status"
}

a_folder_is_no_file()
{
    mv "$profiles" "$folder/elsewhere"
    mkdir "$profiles"
    refuses 'is no regular file' --server-profile one
    local status=$?
    rmdir "$profiles"
    mv "$folder/elsewhere" "$profiles"
    return "$status"
}

too_large()
{
    { echo '[one]'; head -c 300000 /dev/zero | tr '\0' '#'; } | refuses_line 'is larger than'
}

password_of_a_file()
{
    (umask 077 && echo 'ge heim@%' >"$folder/password")
    goes 1 --url amqp://user@127.0.0.1:1 --password-file "$folder/password" &&
        goes 1 AMQP_URL=amqp://user@127.0.0.1:1/%2f AMQP_PASSWORD_FILE="$folder/password"
}

loose_password_file()
{
    chmod 0604 "$folder/password"
    refuses 'may be read or written by others' --url amqp://user@127.0.0.1:1 --password-file "$folder/password"
}

arguments_with_a_password()
{
    local url
    for url in amqp://user:geheim@127.0.0.1:1 'amqp://:geheim@127.0.0.1' 'amqp://user:geh/eim@127.0.0.1' \
        'amqp://127.0.0.1?password=geheim' 'host=127.0.0.1 password = geheim' 'amqp://127.0.0.1/?sslpassword=geheim'; do
        refuses '--url has a password, and everybody on this machine can read' --url "$url" || return 1
        refuses '--management-url has a password' --management-url="$url" || return 1
    done
    goes 1 --url amqp://127.0.0.1:1/a
}

# Whatever stands under "Servers" in a help may stand in a profile.
every_setting_may_stand_in_a_profile()
{
    local command option
    { echo '[one]'; "$quadrille" --help | grep -oP '^  \K[a-z]+( [a-z-]+)*(?=  )' | while read -r command; do
        # shellcheck disable=SC2086 # its words are arguments
        "$quadrille" $command --help | sed -n '/^Servers/,/^$/p' | grep -oP '^  --\K[a-z-]+'
    done | sort -u | grep -vxE 'profile|server-profile' | while read -r option; do
        if [ "$option" = url ]; then echo 'url = amqp://127.0.0.1:4'; else echo "$option = /x"; fi
    done; } | write
    grep -q database-url "$profiles" || return 1
    refuses '/x: No such file' --server-profile one
}

echo 1..36
check 'a server that nobody names' no_server_is_named
check 'an option' goes 1 --url amqp://127.0.0.1:1
check 'the environment' goes 2 AMQP_URL=amqp://user:geheim@127.0.0.1:2
check 'an option is stronger than the environment' goes 1 AMQP_URL=amqp://127.0.0.1:2 --url amqp://127.0.0.1:1
check 'an empty variable says nothing' refuses '--url URL is needed' AMQP_URL=
check 'no password on the command line, in no form' arguments_with_a_password
check 'a profile without a file' refuses 'there is no file' --server-profile one

write <<'END'
# where our brokers are
[default]
url = amqp://127.0.0.1:3

[one]
  url=amqp://user:geheim@127.0.0.1:4/%2f
management-url = http://user:geheim@127.0.0.1:5
; the end
[two]
management-url = http://127.0.0.1:5
[file]
url = amqp://user@127.0.0.1:6
password-file = ~/password
END
check 'the default profile' goes 3
check 'a profile by its option' goes 4 --server-profile one
check 'a profile by its variable' goes 4 QUADRILLE_PROFILE=one
check 'the option is stronger than the variable' goes 4 QUADRILLE_PROFILE=two --server-profile one
check 'a chosen profile is stronger than the environment' goes 4 AMQP_URL=amqp://127.0.0.1:2 --server-profile one
check 'an option is stronger than a profile' goes 1 --url amqp://127.0.0.1:1 --server-profile one
check 'a chosen profile is not mixed with the environment' refuses '--url URL is needed' AMQP_URL=amqp://127.0.0.1:2 --server-profile two
check 'the default profile is not mixed with the environment' refuses '--url URL is needed' MANAGEMENT_URL=http://127.0.0.1:9
check 'the environment is stronger than the default profile' goes 2 AMQP_URL=amqp://127.0.0.1:2
check 'two sources in the environment' refuses 'both say where the servers are' AMQP_URL=amqp://127.0.0.1:2 QUADRILLE_PROFILE=one
check 'a profile that is not there' refuses 'has no profile three' --server-profile three
mkdir "$folder/home"
(umask 077 && echo geheim >"$folder/home/password")
check "a password's file below the home folder" goes 6 HOME="$folder/home" QUADRILLE_PROFILE=file
check 'a file for its group' is_not_private 0640
check 'a file for all' is_not_private 0604
check 'a file that others write' is_not_private 0620
check 'a link to a loose file' a_link_to_a_loose_file_is_loose
check "somebody else's file" somebody_elses_file
check 'a folder' a_folder_is_no_file
check 'a loose file is no matter where no server is needed' a_loose_file_is_no_matter
check 'a user without a password' refuses 'names a user and no password' --url amqp://user@127.0.0.1:1
check "a password's file" password_of_a_file
check "a loose password's file" loose_password_file

check 'a setting that does not exist' refuses_line "profiles:2: there is no setting 'urll': 'url' is meant?" <<'END'
[one]
urll = amqp://user:geheim@127.0.0.1
END
check 'a URL in the place of a setting is not repeated' refuses_line 'profiles:2: neither [profile], setting = value' <<'END'
[one]
amqp://user:geheim@127.0.0.1?a=b
END
check 'a setting twice' refuses_line 'profiles:3: this setting stands twice' <<'END'
[one]
url = amqp://127.0.0.1:1
url = amqp://127.0.0.1:2
END
check 'a profile twice' refuses_line 'profiles:3: this profile stands there twice' <<'END'
[one]
[two]
[one]
END
check 'a path that depends on where one stands' refuses_line 'profiles:2: a path begins with' <<'END'
[one]
password-file = geheim
END
check 'a file without end' too_large
check 'every setting of every command may stand in a profile' every_setting_may_stand_in_a_profile
