#!/bin/bash
# Installs a Kafka broker of the pinned version into a folder (default .build/kafka), from Maven Central; for tests.
# Needs a Java runtime (17 or later) and Maven. What came is held against one checksum over all of it.
# Exit: 0 when it is here, 1 when it could not be had.
set -eu
cd "$(dirname "$0")/.."

VERSION=4.1.0
SHA256=778a17080430df0b549c18866a7ec1e0a4f7546b4d0c910c0d15db8860218f8b
folder=${1:-.build/kafka}

digest() { (cd "$folder/libs" && sha256sum ./*.jar | LC_ALL=C sort -k 2 | sha256sum | cut -d ' ' -f 1); }
missing() {
  printf 'missing: %s\n    get it: %s\n' "$1" "$2" >&2
  exit 1
}

[ -d "$folder/libs" ] && [ "$(digest)" = "$SHA256" ] && exit 0
command -v java >/dev/null 2>&1 || missing 'a Java runtime' 'apt-get install openjdk-17-jre-headless'
command -v mvn >/dev/null 2>&1 || missing Maven 'apt-get install maven'

rm -rf "$folder"
mkdir -p "$folder"
cat >"$folder/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>stoa</groupId>
  <artifactId>kafka-for-tests</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>$VERSION</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
POM
mvn -q -B --strict-checksums -f "$folder/pom.xml" dependency:copy-dependencies \
  -DoutputDirectory=libs -DincludeScope=runtime
if [ "$(digest)" != "$SHA256" ]; then
  echo "kafka $VERSION: what came is not what was pinned: $(digest)" >&2
  rm -rf "$folder"
  exit 1
fi
