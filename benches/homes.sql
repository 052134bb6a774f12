-- psql -v homes=100000: published homes in 200 cities with rules, prices and a
-- year of taken nights, and their projection. Deterministic but for ids.
select setseed(0.42);
create temp table hosts as
  with made as (
    insert into users (id, email, name, status, created_at, updated_at)
    select gen_random_uuid(), 'host' || n || '@bench.invalid', 'Host ' || n, 'active', now(), now() from generate_series(1, 200) n returning id)
  select id, row_number() over () - 1 as n from made;
create temp table cities as
  select n, (random() * 100 - 50) * 1e7 as latitude, (random() * 300 - 150) * 1e7 as longitude from generate_series(0, 199) n;
create temp table homes as
  select gen_random_uuid() as id, g, c.n as city, (c.latitude + (random() - 0.5) * 2e6)::int as latitude, (c.longitude + (random() - 0.5) * 2e6)::int as longitude
  from generate_series(1, :homes) g join cities c on c.n = g % 200;
insert into listings (id, host_id, status, title, property_type, room_type, capacity, bedrooms, beds, amenities, currency, time_zone, booking_mode, city, country,
    latitude_e7, longitude_e7, public_latitude_e7, public_longitude_e7, rating_count, rating_overall, relevance, created_at, updated_at, published_at)
  select h.id, hosts.id, 'published', (array['Loft', 'Flat', 'House', 'Room'])[1 + g % 4] || ' ' || g || ' with a ' || (array['garden', 'view', 'pool'])[1 + g % 3],
    (array['loft', 'apartment', 'house', 'condominium'])[1 + g % 4], case when g % 4 = 3 then 'private_room' else 'entire_place' end,
    1 + g % 8, g % 5, 1 + g % 6, (select array_agg(code) from (select code from amenities order by hashtext(code || g) limit 8) picked),
    'EUR', 'Europe/Lisbon', case when g % 2 = 0 then 'instant' else 'request' end, 'City ' || city, 'PT',
    latitude, longitude, latitude, longitude, g % 50, 300 + g % 200, 4000 + g % 1000, now(), now(), now()
  from homes h join hosts on hosts.n = h.g % 200;
insert into stay_rules (listing_id, min_nights, preparation_nights) select id, 1 + g % 3, case when g % 5 = 0 then 1 else 0 end from homes;
insert into tariffs (listing_id, nightly, weekend_nightly, cleaning_fee, weekly_discount_bps)
  select id, 5000 + g % 20000, 6000 + g % 20000, 3000, 500 from homes;
insert into day_rules (listing_id, date, price) select id, current_date + d, 7000 + d from homes, generate_series(0, 200) d where g % 20 = 0;
insert into occupancies (listing_id, id, lane, reason, nights)
  select id, gen_random_uuid(), 'block', 'host', daterange(current_date + k * 40, current_date + k * 40 + 4 + (random() * 20)::int) from homes, generate_series(0, 8) k;
analyze;
select count(refresh_listing_search(ids, current_date)) from (select array_agg(id) as ids from homes group by g / 1000) batches;
create table bench_areas as select n, latitude / 1e7 as latitude, longitude / 1e7 as longitude from cities;
