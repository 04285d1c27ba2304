#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Makes the certificates that the tests of TLS want, as PEM files in a folder:
#   usage: certificates.sh FOLDER
#   ca, other-ca          two authorities
#   good                  for localhost and 127.0.0.1, signed by ca
#   expired, early        the same; over, and not yet valid
#   elsewhere             for broker.elsewhere only
#   stranger              for localhost, signed by other-ca
#   client                for a client, signed by ca; client.locked.key is its key, encrypted
set -euo pipefail
cd "$1"
umask 077

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }

authority()
{
    key "$1"
    openssl req -x509 -new -key "$1.key" -subj "/CN=$1" -days 30 -addext basicConstraints=critical,CA:true \
        -addext keyUsage=critical,keyCertSign,cRLSign -out "$1.pem"
}

# sign NAME AUTHORITY SUBJECT-ALT-NAMES FROM TO
sign()
{
    key "$1"
    openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
    : >index.txt
    cat >ca.cnf <<END
[ca]
default_ca = one
[one]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = ext
unique_subject = no
[any]
commonName = supplied
[ext]
subjectAltName = $3
extendedKeyUsage = serverAuth, clientAuth
END
    openssl ca -batch -notext -config ca.cnf -cert "$2.pem" -keyfile "$2.key" -in "$1.csr" -out "$1.pem" \
        -startdate "$4" -enddate "$5"
}

past=20200101000000Z
soon=20490101000000Z
here=DNS:localhost,IP:127.0.0.1
authority ca
authority other-ca
sign good ca "$here" "$past" "$soon"
sign expired ca "$here" "$past" 20200102000000Z
sign early ca "$here" 20480101000000Z "$soon"
sign elsewhere ca DNS:broker.elsewhere "$past" "$soon"
sign stranger other-ca "$here" "$past" "$soon"
sign client ca DNS:client "$past" "$soon"
openssl ec -in client.key -aes128 -passout pass:x -out client.locked.key
