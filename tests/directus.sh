#!/usr/bin/env bash
# Runs the stories that every system passes on a real Directus. It is 430 MB of packages, so CI leaves it out.
# Needs Node.js, npm with a C++ compiler, and PostgreSQL: apt-get install nodejs npm g++ make postgresql
set -euo pipefail
cd "$(dirname "$0")/.."

packages=target/directus
compiled=$packages/node_modules/isolated-vm/out/isolated_vm.node
if [ -z "${ENACT_DIRECTUS:-}" ] && [ ! -e "$compiled" ]; then
  mkdir -p "$packages"
  npm install --prefix "$packages" --no-audit --no-fund directus@11
  # An npm that runs no install scripts leaves out the one part that has to be compiled.
  [ -e "$compiled" ] || npm rebuild --prefix "$packages" isolated-vm
fi

ENACT_REQUIRE_DIRECTUS=1 cargo test --locked --test e2e directus "$@"
