//! The best SQL we know for these questions: one narrow table, the nights as a
//! bit string of each home, indexes on point, price and words, everything in
//! memory. It is asked less than the index is: no seasons, no notice, no booking
//! window, and totals without discounts, fees and taxes.

use std::fmt::Write;
use std::time::Instant;

use anyhow::Context;
use app::Config;
use domain::calendar::Lane;
use domain::dates::Stay;
use platform::postgres::{PostgresOptions, PrivatePostgres};
use search_index::sample::{Figures, Kind, Sample};
use search_index::{Area, Dates, Query, Row, Sort};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, raw_sql};

const DATABASE: &str = "roost_search_bench";
/// Nights of a home's bit string, from the day before today on.
const NIGHTS: usize = 512;
/// Each question is asked so often; the fastest counts, as with the index.
const TIMES: usize = 3;

const TABLE: &str = "create unlogged table homes (
    id uuid primary key, longitude integer not null, latitude integer not null, capacity smallint not null,
    min_nights smallint not null, max_nights smallint not null, room text not null, kind text not null, amenities text[] not null,
    instant boolean not null, free boolean not null, bedrooms smallint not null, rating smallint, relevance integer not null,
    nightly bigint not null, weekend bigint not null, cleaning bigint not null, words tsvector not null, busy bit(512) not null)";
const INDEXES: &str = "create index on homes using gist (point(longitude, latitude));
    create index on homes using gin (words); create index on homes (relevance desc, id); create index on homes (nightly, id)";

/// A database with the same homes.
pub struct Baseline {
    connection: PgConnection,
    options: PgConnectOptions,
    server: Option<PrivatePostgres>,
}

impl Baseline {
    /// Fills a database of its own, beside the marketplace's.
    pub async fn load(config: &Config, sample: &Sample) -> anyhow::Result<Self> {
        let start = Instant::now();
        let (options, server) = if config.database_url.is_empty() {
            std::fs::create_dir_all(&config.data_dir)?;
            let root = config.data_dir.join("postgres");
            let tuned = PostgresOptions { shared_buffers: "1GB".to_owned(), ..PostgresOptions::default() };
            let server = tokio::task::spawn_blocking(move || PrivatePostgres::start(&root, &tuned)).await??;
            (server.connect_options("postgres"), Some(server))
        } else {
            (config.database_url.parse().context("DATABASE_URL")?, None)
        };
        let mut admin: PgConnection = options.connect().await?;
        raw_sql(AssertSqlSafe(format!("drop database if exists {DATABASE}"))).execute(&mut admin).await?;
        raw_sql(AssertSqlSafe(format!("create database {DATABASE}"))).execute(&mut admin).await?;
        admin.close().await?;
        let mut connection: PgConnection = options.clone().database(DATABASE).connect().await?;
        raw_sql(TABLE).execute(&mut connection).await?;
        let mut copy = connection.copy_in_raw("copy homes from stdin").await?;
        let mut text = String::new();
        for row in sample.rows() {
            line(&mut text, sample, &row);
            if text.len() > 1 << 20 {
                copy.send(std::mem::take(&mut text).into_bytes()).await?;
            }
        }
        copy.send(text.into_bytes()).await?;
        copy.finish().await?;
        raw_sql("set max_parallel_workers_per_gather = 0").execute(&mut connection).await?;
        raw_sql(INDEXES).execute(&mut connection).await?;
        raw_sql("vacuum analyze homes").execute(&mut connection).await?;
        println!("PostgreSQL loaded by COPY and indexed in {:.1?}", start.elapsed());
        Ok(Self { connection, options, server })
    }

    /// Asks some questions of a kind.
    pub async fn measure(&mut self, sample: &Sample, kind: Kind, questions: u64) -> anyhow::Result<Figures> {
        let mut durations = Vec::new();
        for number in 0..questions.max(2) {
            let statement = statement(sample, &sample.question(kind, number));
            let mut best = std::time::Duration::MAX;
            for _ in 0..TIMES {
                let start = Instant::now();
                raw_sql(AssertSqlSafe(statement.clone())).fetch_all(&mut self.connection).await?;
                best = best.min(start.elapsed());
            }
            durations.push(best);
        }
        Ok(Figures::of(durations, 0))
    }

    /// Removes the database again.
    pub async fn drop(self) -> anyhow::Result<()> {
        self.connection.close().await?;
        let mut admin: PgConnection = self.options.connect().await?;
        raw_sql(AssertSqlSafe(format!("drop database if exists {DATABASE}"))).execute(&mut admin).await?;
        admin.close().await?;
        if let Some(server) = &self.server {
            server.stop()?;
        }
        Ok(())
    }
}

fn bits(sample: &Sample, taken: impl Iterator<Item = (Stay, u64)>) -> String {
    let mut bits = vec![b'0'; NIGHTS];
    for (nights, around) in taken {
        let day = |date: chrono::NaiveDate| usize::try_from((date - sample.today).num_days() + 1).unwrap_or(0);
        let (from, to) = (nights.check_in - chrono::Days::new(around), nights.check_out + chrono::Days::new(around));
        bits[day(from).min(NIGHTS)..day(to).min(NIGHTS)].fill(b'1');
    }
    String::from_utf8_lossy(&bits).into_owned()
}

/// A home in COPY's text format. Made-up words hold nothing to escape.
fn line(text: &mut String, sample: &Sample, row: &Row) {
    let tariff = row.tariff.as_ref();
    let nightly = tariff.map_or(0, |tariff| tariff.nightly);
    let around = u64::from(row.rules.preparation_nights.unsigned_abs());
    let taken = row.occupancies.iter().map(|o| (o.nights, if o.lane == Lane::Booking { around } else { 0 }));
    let mut words: Vec<String> = [&row.title, &row.city, &row.neighbourhood, &row.region]
        .into_iter()
        .flat_map(|part| search_index::text::words(part))
        .chain([row.property_type.as_str().replace('_', " ")])
        .collect();
    words.dedup();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{{{}}}\t{}\t{}\t{}\t{}\t{}\t{nightly}\t{}\t{}\t{}\t{}",
        row.id,
        row.point.longitude_e7,
        row.point.latitude_e7,
        row.capacity,
        row.rules.min_nights,
        row.rules.max_nights.unwrap_or(365),
        row.room_type,
        row.property_type,
        row.amenities.join(","),
        row.instant_book,
        search_index::is_free_cancellation(row.cancellation_policy),
        row.bedrooms,
        row.rating_overall.map_or_else(|| "\\N".to_owned(), |rating| rating.to_string()),
        row.relevance,
        tariff.and_then(|tariff| tariff.weekend_nightly).unwrap_or(nightly),
        tariff.map_or(0, |tariff| tariff.cleaning_fee),
        words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
        bits(sample, taken)
    );
}

/// Where, as conditions; the distance in decimetres, 0 where none is asked for.
fn place(area: Option<&Area>, holds: &mut Vec<String>) -> String {
    let view = |west: i64, south: i64, east: i64, north: i64| {
        format!("point(longitude, latitude) <@ box(point({west}, {south}), point({east}, {north}))")
    };
    match area {
        None => "0".to_owned(),
        Some(Area::Box { west, south, east, north }) => {
            holds.push(view(i64::from(*west), i64::from(*south), i64::from(*east), i64::from(*north)));
            "0".to_owned()
        }
        Some(Area::Circle { centre, decimetres }) => {
            let (x, y, reach) = (i64::from(centre.longitude_e7), i64::from(centre.latitude_e7), decimetres * 10);
            holds.push(view(x - 2 * reach, y - reach, x + 2 * reach, y + reach));
            let distance = format!(
                "2 * 63710088 * asin(sqrt(power(sin(radians((latitude - ({y})) / 1e7) / 2), 2) + cos(radians({y} / 1e7)) \
                 * cos(radians(latitude / 1e7)) * power(sin(radians((longitude - ({x})) / 1e7) / 2), 2)))"
            );
            holds.push(format!("{distance} <= {decimetres}"));
            distance
        }
    }
}

/// Facets or the map, as further columns.
fn beside(query: &Query) -> &'static str {
    match (query.facets, query.clusters.is_some()) {
        (true, _) => {
            ", (select array_agg(f) from (select (kind, count(*)) as f from found group by kind) k), \
             (select array_agg(f) from (select (room, count(*)) as f from found group by room) r), \
             (select array_agg(f) from (select (code, count(*)) as f from found, unnest(amenities) as code group by code) a), \
             (select array_agg(f) from (select (bucket, count(*)) as f from \
             (select width_bucket(total, 0, 500000, 50) as bucket from found) b group by bucket) p)"
        }
        (_, true) => {
            ", (select array_agg(f) from (select (x, y, count(*)) as f from \
             (select longitude / 7031250 as x, latitude / 7031250 as y from found) c group by x, y) m)"
        }
        _ => "",
    }
}

/// The question as one statement: count, the best twenty, and what else was
/// asked for.
fn statement(sample: &Sample, query: &Query) -> String {
    let filters = &query.filters;
    let mut holds = vec![format!("capacity >= {}", filters.guests.adults)];
    let distance = place(filters.area.as_ref(), &mut holds);
    let stays = filters.dates.map(Dates::stays).unwrap_or_default();
    let mut total = "nightly".to_owned();
    if let Some(stay) = stays.first() {
        let nights = stay.nights();
        let none = "0".repeat(NIGHTS);
        let free: Vec<String> =
            stays.iter().map(|stay| format!("busy & b'{}' = b'{none}'", bits(sample, [(*stay, 0)].into_iter()))).collect();
        holds.push(format!("min_nights <= {nights} and max_nights >= {nights} and ({})", free.join(" or ")));
        total = format!("({} * nightly + 2 * weekend + cleaning)", (nights - 2).max(0));
    }
    if let (Some(min), Some(max)) = (filters.price_min, filters.price_max) {
        holds.push(format!("{total} between {min} and {max}"));
    }
    if !filters.amenities.is_empty() {
        holds.push(format!("amenities @> '{{{}}}'", filters.amenities.join(",")));
    }
    if let Some(words) = &filters.words {
        holds.push(format!("words @@ plainto_tsquery('simple', '{words}')"));
    }
    let order = match query.sort {
        Sort::PriceAsc => "total, id",
        Sort::Distance => "distance, id",
        _ => "relevance desc, id",
    };
    format!(
        "with found as materialized (select id, relevance, longitude, latitude, kind, room, amenities, {total} as total, \
         {distance} as distance from homes where {}) select (select count(*) from found), \
         array(select id from found order by {order} limit {}){}",
        holds.join(" and "),
        query.limit,
        beside(query)
    )
}
