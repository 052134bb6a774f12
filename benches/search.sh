#!/usr/bin/env bash
# Searches a second through HTTP at 1, 16 and 64 connections, from the index and
# in SQL, over HOMES (100,000) generated homes; then how soon a change shows, and
# what the projection costs a commit. Needs wrk, psql and pgbench.
# SECONDS_EACH (5), HOMES, and CHANGES a second (1000) can be set.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-5} homes=${HOMES:-100000} changes=${CHANGES:-1000}
cargo build --release --quiet --workspace --bins
data=$(mktemp -d /var/tmp/roost-search-XXXXXX)
chmod 755 "$data"
export ROOST_DATA_DIR=$data ROOST_LISTEN=127.0.0.1:8095 ROOST_METRICS_LISTEN=127.0.0.1:9495 ROOST_LOG_FILTER=error ROOST_RATE_LIMIT_ENABLED=false
pids=()
stop() {
    kill "${pids[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    pids=()
}
trap 'stop; rm -rf "$data"' EXIT

start() { # settings
    env "$@" target/release/roost serve & pids+=($!)
    until curl -fs http://127.0.0.1:8095/health/ready >/dev/null; do sleep 0.2; done
}

start ROOST_SEARCH_INDEX=false
psql=(psql -q -h "$data/postgres/run" -U roost -d roost -v ON_ERROR_STOP=1)
echo "generating $homes homes"
"${psql[@]}" -v homes="$homes" -f benches/homes.sql >/dev/null

# City + dates + guests; every third with a price and amenities.
{
    echo "local areas = {"
    "${psql[@]}" -At -c "select format('{%s, %s},', latitude, longitude) from bench_areas"
    cat <<'LUA'
}
local n = 0
request = function()
  n = n + 1
  local area = areas[n % #areas + 1]
  local day = n % 300
  local from = os.date("%Y-%m-%d", os.time() + (day + 10) * 86400)
  local to = os.date("%Y-%m-%d", os.time() + (day + 13) * 86400)
  local box = string.format("%.2f,%.2f,%.2f,%.2f", area[2] - 0.1, area[1] - 0.06, area[2] + 0.1, area[1] + 0.06)
  local more = n % 3 == 0 and "&price_max=60000&amenities=wifi" or ""
  return wrk.format("GET", "/api/v1/listings?bbox=" .. box .. "&check_in=" .. from .. "&check_out=" .. to .. "&adults=2" .. more)
end
LUA
} >"$data/search.lua"

measure() { # name connections
    wrk -t1 -c"$2" -d"${seconds}s" --latency -s "$data/search.lua" http://127.0.0.1:8095 | awk -v name="$1, $2 connections" '
        /50%/ { p50 = $2 } /99%/ { p99 = $2 } /Requests\/sec/ { rate = $2 } /Non-2xx/ { bad = $NF }
        END { printf "%-28s %9.0f/s   p50 %-9s p99 %-9s not 2xx: %d\n", name, rate, p50, p99, bad }'
}

for connections in 1 16 64; do measure sql $connections; done
kill "${pids[@]}" && wait 2>/dev/null || true
pids=()
start ROOST_SEARCH_INDEX=true
until curl -fs http://127.0.0.1:9495/metrics | grep -q '^search_index_serving 1'; do sleep 0.2; done
curl -fs http://127.0.0.1:9495/metrics | awk '/^search_index_(listings|bytes|load_seconds) /' 
measure "index, cold cards" 16 >/dev/null
for connections in 1 16 64; do measure index $connections; done

cat >"$data/places.lua" <<'LUA'
local typed = {"l", "li", "lis", "lisb", "lisbno", "barcelnoa", "new%20yrok", "s%C3%A3o%20pau", "%D0%9C%D0%BE%D1%81%D0%BA", "springfield,%20us", "amsterdamm", "xqzzkwvv"}
local n = 0
request = function()
  n = n + 1
  return wrk.format("GET", "/api/v1/places?q=" .. typed[n % #typed + 1])
end
LUA
wrk -t1 -c1 -d"${seconds}s" --latency -s "$data/places.lua" http://127.0.0.1:8095 |
    awk '/50%/ { p50 = $2 } /99%/ { p99 = $2 } END { printf "places, 1 connection: p50 %s p99 %s\n", p50, p99 }'

echo "$changes changes a second beside it"
target/release/feed-lag "$changes" "$seconds"

bin=$(dirname "$(ls /usr/lib/postgresql/*/bin/pgbench 2>/dev/null | tail -1 || command -v pgbench)")
"${psql[@]}" -c "create table bench_homes as select id, row_number() over () as n from listings" -c "create index on bench_homes (n)" -c "analyze bench_homes"
cat >"$data/without.sql" <<SQL
\set n random(1, $homes)
begin;
update tariffs set cleaning_fee = 3000 + :n % 100 where listing_id = (select id from bench_homes where n = :n);
commit;
SQL
sed '3a select refresh_listing_search(array[(select id from bench_homes where n = :n)], current_date);' "$data/without.sql" >"$data/with.sql"
for what in without with without with; do
    "$bin/pgbench" -h "$data/postgres/run" -U roost -n -M prepared -c 8 -j 1 -T "$seconds" -f "$data/$what.sql" roost 2>/dev/null |
        awk -v name="commits $what the projection" '/^tps/ { printf "%-40s %9.0f/s\n", name, $3 }'
done
