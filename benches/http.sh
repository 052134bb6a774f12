#!/usr/bin/env bash
# Requests a second, p50, p99 and CPU of the server per 1,000 requests, for
# listing detail, search with dates and booking creation, beside a bare axum
# "hello" and pgbench running the very statements that PostgreSQL logs for one
# such request, in one run. HOMES (2,000) are made up first.
# Needs wrk, jq, psql, pgbench and python3. SECONDS_EACH (5) and CONNECTIONS (16)
# can be set.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-5} connections=${CONNECTIONS:-16} homes=${HOMES:-2000}
cargo build --release --quiet --workspace --bins
data=$(mktemp -d /var/tmp/roost-bench-XXXXXX)
chmod 755 "$data"
export ROOST_DATA_DIR=$data ROOST_LISTEN=127.0.0.1:8090 ROOST_METRICS_LISTEN= ROOST_LOG_FILTER=error ROOST_RATE_LIMIT_ENABLED=false
pids=()
stop() {
    kill "${pids[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    pids=()
}
trap 'stop; rm -rf "$data"' EXIT
start() { # settings
    env "$@" target/release/roost serve & pids+=($!)
    roost=$!
    until curl -fs http://127.0.0.1:8090/health/ready >/dev/null; do sleep 0.2; done
}

target/release/roost seed --demo >/dev/null
start ROOST_SEARCH_INDEX=false
folder="$data/postgres/run"
psql=(psql -q -h "$folder" -U roost -d roost -v ON_ERROR_STOP=1)
"${psql[@]}" -v homes="$homes" -f benches/homes.sql >/dev/null
"${psql[@]}" -c "create table bench_homes as select id, host_id, row_number() over () as n from listings where booking_mode = 'instant' and title like '% with a %'" \
    -c "create unique index on bench_homes (n)" -c "analyze bench_homes"
many=$("${psql[@]}" -Atc "select count(*) from bench_homes")
api=http://127.0.0.1:8090/api/v1 json='content-type: application/json'
home=$("${psql[@]}" -Atc "select id from bench_homes where n = 1")
host=$("${psql[@]}" -Atc "select host_id from bench_homes where n = 1")
token=$(curl -fs $api/sessions -H "$json" -d '{"email":"guest@demo.invalid","password":"open the garden gate"}' | jq -r .access_token)
guest=$(curl -fs $api/users/me -H "authorization: Bearer $token" | jq -r .id)

# One request of each kind, and what it asks of PostgreSQL (search in SQL, the
# home not cached).
record() { # name head curl-arguments [-- LITERAL=>EXPRESSION ...]
    local name=$1 head=$2 request=()
    shift 2
    while (($#)) && [[ $1 != -- ]]; do request+=("$1"); shift; done
    (($#)) && shift
    "${psql[@]}" -c "alter system set log_statement = 'all'" -c "select pg_reload_conf()" >/dev/null
    sleep 0.3
    : >"$folder/postgres.log"
    curl -fs "${request[@]}" >"$data/answer.json"
    "${psql[@]}" -c "alter system reset log_statement" -c "select pg_reload_conf()" >/dev/null
    local code
    code=$(jq -r '.code // "no code"' "$data/answer.json")
    python3 benches/replay.py "$folder/postgres.log" "'$code'=>upper(left(md5('c' || :n), 10))" "$@" <<<"$head" >"$data/$name.sql"
}
from=$(date -d '+20 days' +%F) to=$(date -d '+23 days' +%F)
late=$(date -d '+360 days' +%F) later=$(date -d '+363 days' +%F)
some='(select id from bench_homes where n = :h)'
record detail "\\set h random(1, $many)" "$api/listings/$("${psql[@]}" -Atc "select id from bench_homes where n = 2")" -- \
    "'$("${psql[@]}" -Atc "select id from bench_homes where n = 2")'=>$some"
record search "\\set day random(10, 300)" "$api/listings?bbox=-180,-85,180,85&check_in=$from&check_out=$to&adults=2" -- \
    "'[$from,$to)'=>daterange(current_date + :day::int, current_date + :day::int + 3)" "'$from'=>(current_date + :day::int)" "'$to'=>(current_date + :day::int + 3)"
book() { # home check_in check_out
    echo "{\"listing_id\":\"$1\",\"check_in\":\"$2\",\"check_out\":\"$3\",\"guests\":{\"adults\":1}}"
}
record book "\\set h random(1, $many)
\\set n random(1, 1000000000)
\\set day random(4000, 4000000)" "$api/bookings" -H "authorization: Bearer $token" -H "$json" -d "$(book "$home" "$late" "$later")" -- \
    "'{$home}'=>array[$some]" "'$home'=>$some" "'[$late,$later)'=>daterange(current_date + :day::int, current_date + :day::int + 3)" \
    "'{$late}'=>array[current_date + :day::int]" "'{$later}'=>array[current_date + :day::int + 3]" \
    "'$guest'=>'$guest'" "'$host'=>'$host'" "'$late'=>(current_date + :day::int)" "'$later'=>(current_date + :day::int + 3)"
for what in detail search book; do
    echo "$what: $(grep -cE ';$' "$data/$what.sql") statements"
done
stop
start ROOST_SEARCH_INDEX=true
target/release/hello 127.0.0.1:8091 & pids+=($!); hello=$!

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


days='local day = function(n) return os.date("%Y-%m-%d", os.time() + n * 86400) end
local n = 0'
cat >"$data/search.lua" <<LUA
$days
request = function()
  n = n + 1
  local first = n % 300 + 10
  return wrk.format("GET", "/api/v1/listings?bbox=-180,-85,180,85&check_in=" .. day(first) .. "&check_out=" .. day(first + 3) .. "&adults=2&price_min=" .. n)
end
LUA
{
    echo "local homes = {"
    "${psql[@]}" -Atc "select format('\"%s\",', id) from bench_homes"
    cat <<LUA
}
$days
wrk.headers["authorization"] = "Bearer $token"
wrk.headers["content-type"] = "application/json"
request = function()
  n = n + 1
  local first = 370 + math.floor(n / #homes) * 4
  return wrk.format("POST", "/api/v1/bookings", nil, '{"listing_id":"' .. homes[n % #homes + 1] .. '","check_in":"' .. day(first)
    .. '","check_out":"' .. day(first + 3) .. '","guests":{"adults":1}}')
end
LUA
} >"$data/book.lua"

echo "wrk, $connections connections, ${seconds} s each, over $homes homes"
measure "bare axum hello" "$hello" http://127.0.0.1:8091/
measure "listing detail (cached)" "$roost" "$api/listings/$home"
measure "search with dates (one)" "$roost" "$api/listings?bbox=-180,-85,180,85&check_in=$from&check_out=$to&adults=2"
measure "search with dates (each new)" "$roost" "$api/listings" "$data/search.lua"
measure "booking creation" "$roost" "$api/bookings" "$data/book.lua"

bin=$(dirname "$(ls /usr/lib/postgresql/*/bin/pgbench 2>/dev/null | tail -1 || command -v pgbench)")
echo "pgbench, $connections clients, the same statements prepared"
for what in detail search book; do
    "$bin/pgbench" -h "$folder" -U roost -n -M prepared -c "$connections" -j 2 -T "$seconds" -f "$data/$what.sql" roost 2>"$data/pgbench.log" |
        awk -v name="$what" '/^tps/ { tps = $3 } /latency average/ { l = $4 } /number of failed/ { failed = $5 } END { printf "%-34s %9.0f/s   mean %s ms   failed: %d\n", name, tps, l, failed }'
    grep -m1 ERROR "$data/pgbench.log" || true
done
