#!/usr/bin/env bash
# Requests a second, p50, p99 and CPU of the server per 1,000 requests for the first page, search and a home,
# as whole HTML pages, at 1, 16 and 64 connections, beside a bare axum "hello".
# Needs wrk and jq. SECONDS_EACH (5) can be set.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-5}
cargo build --release --quiet --package cli
cargo build --release --quiet --package it --bin hello
data=$(mktemp -d /var/tmp/roost-bench-XXXXXX)
chmod 755 "$data"
export ROOST_DATA_DIR=$data ROOST_LISTEN=127.0.0.1:8092 ROOST_METRICS_LISTEN= ROOST_LOG_FILTER=error ROOST_RATE_LIMIT_ENABLED=false
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$data"' EXIT
target/release/roost seed --demo >/dev/null
target/release/roost serve & pids+=($!); roost=$!
target/release/hello 127.0.0.1:8093 & pids+=($!); hello=$!
site=http://127.0.0.1:8092
until curl -fs $site/health/ready >/dev/null; do sleep 0.2; done
home=$(curl -fs "$site/api/v1/listings?limit=1" | jq -r '.data[0].id')

# User and system time of a process, in milliseconds.
cpu() { awk '{ print ($14 + $15) * 10 }' "/proc/$1/stat"; }

measure() { # name pid url connections
    local before after out
    before=$(cpu "$2")
    out=$(wrk -t1 -c"$4" -d"${seconds}s" --latency "$3")
    after=$(cpu "$2")
    awk -v name="$1" -v c="$4" -v cpu=$((after - before)) '
        /50%/ { p50 = $2 } /99%/ { p99 = $2 } /requests in/ { n = $1 } /Requests\/sec/ { rate = $2 } /Non-2xx/ { bad = $NF }
        END { printf "%-28s %3d connections %8.0f/s   p50 %-9s p99 %-9s CPU %7.1f ms per 1,000   not 2xx: %d\n", name, c, rate, p50, p99, cpu * 1000 / n, bad }' <<<"$out"
}

dates="check_in=$(date -d '+30 days' +%F)&check_out=$(date -d '+33 days' +%F)&adults=2"
for connections in 1 16 64; do
    measure "bare axum hello" "$hello" http://127.0.0.1:8093/ $connections
    measure "first page" "$roost" "$site/" $connections
    measure "search, Lisbon" "$roost" "$site/search?place=Lisbon" $connections
    measure "search, Lisbon with dates" "$roost" "$site/search?place=Lisbon&$dates" $connections
    measure "home" "$roost" "$site/homes/$home" $connections
    measure "home with a price" "$roost" "$site/homes/$home?$dates" $connections
done
