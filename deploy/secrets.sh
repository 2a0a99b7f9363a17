#!/bin/sh
# Makes the passwords of compose.yaml, each in a file of deploy/secrets; those that are there stay as they are.
set -eu
cd "$(dirname "$0")"
umask 022
mkdir -p secrets
# Its files are mounted one by one, for users of containers who are not this one; nobody else gets into the folder.
chmod 700 secrets
cd secrets

new() {
  [ -s "$1" ] || od -An -N24 -tx1 /dev/urandom | tr -d ' \n' > "$1"
}

for name in owner_password encoder_password broker_password pages_password flower_password; do new "$name"; done
printf 'postgresql://reelwright:%s@database:5432/reelwright' "$(cat owner_password)" > owner_url
printf 'postgresql://encoder:%s@database:5432/reelwright' "$(cat encoder_password)" > encoder_url
printf 'redis://:%s@broker:6379/0' "$(cat broker_password)" > broker_url
# Hints may be lost with the broker: nothing of it is kept, and nothing of it grows.
printf 'requirepass %s\nsave ""\nappendonly no\nmaxmemory 256mb\nmaxmemory-policy noeviction\n' "$(cat broker_password)" > broker_conf
printf 'admin:%s' "$(cat flower_password)" > flower_login
echo "The pages and Flower know admin; the passwords are in $PWD/pages_password and flower_password."
