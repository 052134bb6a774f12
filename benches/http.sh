#!/usr/bin/env bash
# Requests a second, p50, p99 and CPU of the server per 1,000 requests, for
# listing detail, search with dates and booking creation, beside a bare axum
# "hello" and pgbench with statements of the same kind, in one run.
# Needs wrk, jq and pgbench. SECONDS_EACH (5) and CONNECTIONS (16) can be set.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-5} connections=${CONNECTIONS:-16}
cargo build --release --quiet --package cli
cargo build --release --quiet --package it --bin hello
data=$(mktemp -d /var/tmp/roost-bench-XXXXXX)
chmod 755 "$data"
export ROOST_DATA_DIR=$data ROOST_LISTEN=127.0.0.1:8090 ROOST_METRICS_LISTEN= ROOST_LOG_FILTER=error ROOST_RATE_LIMIT_ENABLED=false
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$data"' EXIT

target/release/roost seed --demo >/dev/null
target/release/roost serve & pids+=($!); roost=$!
target/release/hello 127.0.0.1:8091 & pids+=($!); hello=$!
until curl -fs http://127.0.0.1:8090/health/ready >/dev/null; do sleep 0.2; done
api=http://127.0.0.1:8090/api/v1
home=$(curl -fs "$api/listings?instant_book=true&limit=1" | jq -r '.data[0].id')
token=$(curl -fs $api/sessions -H 'content-type: application/json' -d '{"email":"guest@demo.invalid","password":"open the garden gate"}' | jq -r .access_token)

# User and system time of a process, in milliseconds.
cpu() { awk '{ print ($14 + $15) * 10 }' "/proc/$1/stat"; }

measure() { # name pid url [script]
    local before after out
    before=$(cpu "$2")
    out=$(wrk -t1 -c"$connections" -d"${seconds}s" --latency ${4:+-s "$4"} "$3")
    after=$(cpu "$2")
    awk -v name="$1" -v cpu=$((after - before)) '
        /50%/ { p50 = $2 } /99%/ { p99 = $2 } /requests in/ { n = $1 } /Requests\/sec/ { rate = $2 } /Non-2xx/ { bad = $NF }
        END { printf "%-34s %9.0f/s   p50 %-9s p99 %-9s CPU %7.1f ms per 1,000   not 2xx: %d\n", name, rate, p50, p99, cpu * 1000 / n, bad }' <<<"$out"
}

cat >"$data/search.lua" <<'LUA'
local n = 0
request = function()
  n = n + 1
  local day = n % 300
  local from = os.date("%Y-%m-%d", os.time() + (day + 10) * 86400)
  local to = os.date("%Y-%m-%d", os.time() + (day + 13) * 86400)
  return wrk.format("GET", "/api/v1/listings?bbox=-9.3,38.6,-9.0,38.8&check_in=" .. from .. "&check_out=" .. to .. "&adults=2&q_n=" .. n)
end
LUA
sed -i 's/&q_n=" .. n)/\&price_min=" .. n)/' "$data/search.lua"
cat >"$data/book.lua" <<LUA
local n = 0
wrk.headers["authorization"] = "Bearer $token"
wrk.headers["content-type"] = "application/json"
request = function()
  n = n + 1
  local from = os.date("%Y-%m-%d", os.time() + (n * 3 % 36000 + 5) * 86400)
  local to = os.date("%Y-%m-%d", os.time() + (n * 3 % 36000 + 8) * 86400)
  return wrk.format("POST", "/api/v1/bookings", nil, '{"listing_id":"$home","check_in":"' .. from .. '","check_out":"' .. to .. '","guests":{"adults":1}}')
end
LUA

echo "wrk, $connections connections, ${seconds} s each"
measure "bare axum hello" "$hello" http://127.0.0.1:8091/
measure "listing detail (cached)" "$roost" "$api/listings/$home"
measure "search with dates (one, cached)" "$roost" "$api/listings?bbox=-9.3,38.6,-9.0,38.8&check_in=$(date -d '+30 days' +%F)&check_out=$(date -d '+33 days' +%F)&adults=2"
measure "search with dates (each new)" "$roost" "$api/listings" "$data/search.lua"
measure "booking creation" "$roost" "$api/bookings" "$data/book.lua"

folder="$data/postgres/run"
bin=$(dirname "$(ls /usr/lib/postgresql/*/bin/pgbench 2>/dev/null | tail -1 || command -v pgbench)")
echo "select * from listings where id = '$home';" >"$data/detail.sql"
cat >"$data/search.sql" <<SQL
\set day random(10, 300)
select l.id from listings l left join stay_rules r on r.listing_id = l.id where l.status = 'published'
 and point(l.public_longitude_e7, l.public_latitude_e7) <@ box(point(-93000000, 386000000), point(-90000000, 388000000)) and l.capacity >= 2
 and not exists (select 1 from occupancies o where o.listing_id = l.id and o.nights && daterange(current_date + :day::int, current_date + :day::int + 3)) order by l.relevance desc, l.id limit 21;
SQL
cat >"$data/book.sql" <<SQL
\set day random(40000, 400000)
begin;
select * from listings where id = '$home' for share;
insert into occupancies (listing_id, id, lane, reason, nights, booking_id)
 select '$home', gen_random_uuid(), 'block', 'host', daterange(current_date + :day::int, current_date + :day::int + 3), null on conflict do nothing;
commit;
SQL
echo "pgbench, $connections clients, prepared"
for what in detail search book; do
    "$bin/pgbench" -h "$folder" -U roost -n -M prepared -c "$connections" -j 2 -T "$seconds" -f "$data/$what.sql" roost 2>/dev/null |
        awk -v name="$what" '/^tps/ { tps = $3 } /latency average/ { l = $4 } END { printf "%-34s %9.0f/s   mean %s ms\n", name, tps, l }'
done
