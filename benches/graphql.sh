#!/usr/bin/env bash
# GraphQL beside REST for the same data: the listing page (the home and its six
# newest reviews: one document, two requests of REST) and a search, at 1, 16 and
# 64 connections; then 2,000 idle watchers and the memory they take.
# Needs wrk and jq. SECONDS_EACH (5) and WATCHERS (2000) can be set; BINARIES
# names a folder with built programs, else they are built.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-5} watchers=${WATCHERS:-2000}
bin=${BINARIES:-target/release}
if [[ -z "${BINARIES:-}" ]]; then
    cargo build --release --quiet --workspace --bins
fi
data=$(mktemp -d /var/tmp/roost-bench-XXXXXX)
chmod 755 "$data"
export ROOST_RATE_LIMIT_ENABLED=false ROOST_DATA_DIR=$data ROOST_LISTEN=127.0.0.1:8096 ROOST_METRICS_LISTEN= ROOST_LOG_FILTER=error
ulimit -n 8192
roost=
trap 'kill $roost 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$data"' EXIT

"$bin/roost" seed --demo >/dev/null
"$bin/roost" serve & roost=$!
base=http://127.0.0.1:8096
until curl -fs $base/health/ready >/dev/null; do sleep 0.2; done
home=$(curl -fs "$base/api/v1/listings?limit=1&sort=rating" | jq -r '.data[0].id')
from=$(date -d '+30 days' +%F) to=$(date -d '+33 days' +%F)

page='query Page($id: ID!) { listing(id: $id) { id title description propertyType roomType capacity bedrooms beds bathrooms amenities currency timeZone bookingMode cancellationPolicy checkInFrom checkOutUntil location { latitude longitude address { city region country } } photos { id url width height thumbhash caption } host { id name } rating { count overall cleanliness accuracy checkIn communication location value } pricing { nightly weekendNightly cleaningFee petFee } rules { minNights maxNights } createdAt updatedAt reviews(first: 6) { edges { node { id author { id name } overall publicComment reply publishedAt } } pageInfo { endCursor } } } }'
search='query Search($s: SearchInput!) { listings(search: $s) { totalCount edges { hit { id title roomType propertyType location { latitude longitude city region country } photo { url thumbhash } rating { count overall } instantBook price { nightly { amount currency } total { amount currency } } } } pageInfo { endCursor } } }'

# A wrk script that posts one document. `where` is Lua that makes the
# variables' JSON of the n-th request.
document() { # file text where
    cat >"$1" <<LUA
local n = 0
local text = [==[$(jq -Rs . <<<"$2")]==]
wrk.headers["content-type"] = "application/json"
request = function()
  n = n + 1
  return wrk.format("POST", "/graphql", nil, '{"query":' .. text .. ',"variables":' .. $3 .. '}')
end
LUA
}
box='{"west":-9.3,"south":38.6,"east":-9.0,"north":38.8}'
document "$data/page.lua" "$page" "'{\"id\":\"$home\"}'"
document "$data/search.lua" "$search" "'{\"s\":{\"bbox\":$box,\"stay\":{\"checkIn\":\"$from\",\"checkOut\":\"$to\",\"guests\":{\"adults\":2}}}}'"
document "$data/search_new.lua" "$search" "'{\"s\":{\"bbox\":$box,\"stay\":{\"checkIn\":\"$from\",\"checkOut\":\"$to\",\"guests\":{\"adults\":2}},\"priceMin\":' .. n .. '}}'"
cat >"$data/page_rest.lua" <<LUA
local n = 0
request = function()
  n = n + 1
  if n % 2 == 0 then return wrk.format("GET", "/api/v1/listings/$home") end
  return wrk.format("GET", "/api/v1/listings/$home/reviews?limit=6")
end
LUA
cat >"$data/search_rest.lua" <<LUA
request = function() return wrk.format("GET", "/api/v1/listings?bbox=-9.3,38.6,-9.0,38.8&check_in=$from&check_out=$to&adults=2") end
LUA
cat >"$data/search_new_rest.lua" <<LUA
local n = 0
request = function()
  n = n + 1
  return wrk.format("GET", "/api/v1/listings?bbox=-9.3,38.6,-9.0,38.8&check_in=$from&check_out=$to&adults=2&price_min=" .. n)
end
LUA

measure() { # name script requests-a-page connections
    wrk -t1 -c"$4" -d"${seconds}s" --latency -s "$data/$2.lua" $base |
        awk -v name="$1" -v per="$3" -v c="$4" '
            /50%/ { p50 = $2 } /99%/ { p99 = $2 } /Requests\/sec/ { rate = $2 / per } /Non-2xx/ { bad = $NF }
            END { printf "%-38s c=%-3d %9.0f pages/s   p50 %-9s p99 %-9s not 2xx: %d\n", name, c, rate, p50, p99, bad }'
}
for connections in 1 16 64; do
    measure "listing page, REST (two requests)" page_rest 2 "$connections"
    measure "listing page, GraphQL" page 1 "$connections"
    measure "one search, REST (cached)" search_rest 1 "$connections"
    measure "one search, GraphQL" search 1 "$connections"
    measure "each search new, REST" search_new_rest 1 "$connections"
    measure "each search new, GraphQL" search_new 1 "$connections"
done

memory() { awk '/VmRSS/ { print $2 }' "/proc/$roost/status"; }
before=$(memory)
"$bin/watchers" $base "$watchers" &
idle=$!
until [[ -e $data/watching || ! -d /proc/$idle ]]; do
    sleep 0.5
    if [[ $(ls "/proc/$roost/fd" | wc -l) -gt $watchers ]]; then touch "$data/watching"; fi
done
sleep 5
after=$(memory)
echo "$watchers idle watchers: $(((after - before) / 1024)) MiB more, $(((after - before) * 1024 / watchers)) bytes each"
kill "$idle" 2>/dev/null || true
