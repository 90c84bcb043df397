#!/bin/bash
# Installs a Keycloak of the pinned version into a folder (default .build/keycloak), from Maven Central; for tests and the
# examples. It is built for its own small database, so that it starts in seconds. 160 MB to fetch, 170 MB here, 1 minute.
# Needs a Java runtime (17 or later) and Maven. What came is held against its checksum.
# Exit: 0 when it is here, 1 when it could not be had.
set -eu
cd "$(dirname "$0")/.."

VERSION=26.4.7
SHA256=dd9834c023460be856f731423d86228c23b5d002194a2064642bec0cc6573eaa
folder=${1:-.build/keycloak}

missing() {
  printf 'missing: %s\n    get it: %s\n' "$1" "$2" >&2
  exit 1
}

# Written last: what was interrupted is done again.
[ "$(cat "$folder/.installed" 2>/dev/null)" = "$SHA256" ] && exit 0
command -v java >/dev/null 2>&1 || missing 'a Java runtime' 'apt-get install openjdk-17-jre-headless'
command -v mvn >/dev/null 2>&1 || missing Maven 'apt-get install maven'

artifact="org.keycloak:keycloak-quarkus-dist:$VERSION:zip"
rm -rf "$folder"
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
zip="$folder/fetched/keycloak-quarkus-dist-$VERSION.zip"
# Maven, asked outside of any project.
maven() { (cd "$folder" && mvn -q -B --strict-checksums "$@"); }
maven dependency:copy -Dartifact="$artifact" -DoutputDirectory="$folder/fetched"
if [ "$(sha256sum "$zip" | cut -d ' ' -f 1)" != "$SHA256" ]; then
  echo "keycloak $VERSION: what came is not what was pinned" >&2
  rm -rf "$folder"
  exit 1
fi
maven dependency:unpack -Dartifact="$artifact" -DoutputDirectory="$folder/unpacked"
mv "$folder/unpacked/keycloak-$VERSION"/* "$folder"
# The last is where Maven's plugin keeps its marks outside of a project.
rm -rf "$folder/fetched" "$folder/unpacked" "$folder/\${project.basedir}"
bash "$folder/bin/kc.sh" build --db=dev-file --health-enabled=true >"$folder/build.log" 2>&1 ||
  { cat "$folder/build.log" >&2; exit 1; }
echo "$SHA256" >"$folder/.installed"
