-- What search needs to know of a home, in one narrow row: read in bulk when a
-- server starts, followed afterwards by xid. Written by one statement at the
-- end of every transaction that has touched the home (crates/app/src/tx.rs).

create table listing_search (
    listing_id               uuid        primary key references listings,
    published                boolean     not null,
    host_id                  uuid        not null,
    title                    text        not null,
    city                     text        not null,
    region                   text        not null,
    neighbourhood            text        not null,
    country                  text,
    property_type            text        not null,
    room_type                text        not null,
    capacity                 integer     not null,
    bedrooms                 integer     not null,
    beds                     integer     not null,
    bathrooms_halves         integer     not null,
    amenities                text[]      not null,
    instant_book             boolean     not null,
    cancellation_policy      text        not null,
    currency                 text        not null,
    time_zone                text,
    check_in_from            time        not null,
    latitude_e7              integer,
    longitude_e7             integer,
    rating_count             integer     not null,
    rating_overall           integer,
    relevance                integer     not null,
    published_at             timestamptz,
    -- stay rules
    min_nights               integer     not null,
    max_nights               integer,
    advance_notice_hours     integer     not null,
    notice_cutoff_hour       integer,
    preparation_nights       integer     not null,
    booking_window_days      integer,
    max_pets                 integer     not null,
    infants_count            boolean     not null,
    rule_seasons             jsonb,
    -- prices, in minor units of the currency
    nightly                  bigint,
    weekend_nightly          bigint,
    cleaning_fee             bigint      not null,
    pet_fee                  bigint      not null,
    extra_guest_after        integer,
    extra_guest_amount       bigint,
    weekly_discount_bps      integer     not null,
    monthly_discount_bps     integer     not null,
    new_listing_discount_bps integer     not null,
    early_bird_days          integer,
    early_bird_bps           integer,
    last_minute_days         integer,
    last_minute_bps          integer,
    promotions               jsonb,
    price_seasons            jsonb,
    earlier_bookings         integer     not null,
    -- dates
    first_day                date        not null,
    busy                     bit(736)    not null,
    holds                    jsonb,
    day_dates                date[],
    day_prices               bigint[],
    day_min_nights           integer[],
    xid                      xid8        not null
) with (autovacuum_vacuum_scale_factor = 0.05);
create index listing_search_by_xid on listing_search (xid);
comment on table listing_search is
    'Projection of a home for search, derived from listings, stay_rules, rule_seasons, day_rules, occupancies, tariffs and bookings in the transaction that changed them. Followed by xid with a watermark, never by "id > last seen".';
comment on column listing_search.latitude_e7 is 'The fuzzed point: what is exact stays in listings.';
comment on column listing_search.busy is
    'A bit for each night from first_day on, 1 when a stay cannot have it: taken for good, or within the preparation nights of a booking. Nights past the 736th are asked of occupancies.';
comment on column listing_search.holds is
    'Nights held for a time only: [first night, first night after, microseconds since 1970 at which the hold lapses], widened by the preparation nights.';
comment on column listing_search.rule_seasons is
    'Stay rules of date ranges: [from, to, min_nights, min_nights by weekday, max_nights, closed_to_arrival, closed_to_departure].';
comment on column listing_search.earlier_bookings is 'Bookings that came to something, at most 3; counted only where a new-listing discount asks.';

-- Nights that a stay cannot have, for good and for a time.
create function listing_search_nights(listing uuid, preparation_nights integer, today date)
    returns table (busy bit(736), holds jsonb) language sql stable as $$
    select
        coalesce(
            bit_or((~ 0::bit(736) >> greatest(wide.first - (today - 8), 0)) & ~ (~ 0::bit(736) >> greatest(wide.past - (today - 8), 0)))
                filter (where o.expires_at is null),
            0::bit(736)),
        jsonb_agg(jsonb_build_array(wide.first, wide.past, (extract(epoch from o.expires_at) * 1000000)::bigint)
            order by o.expires_at, wide.first, wide.past) filter (where o.expires_at is not null)
    from occupancies o
    cross join lateral (
        select lower(o.nights) - case when o.lane = 'booking' then preparation_nights else 0 end as first,
            upper(o.nights) + case when o.lane = 'booking' then preparation_nights else 0 end as past
    ) wide
    where o.listing_id = listing and wide.past > today - 8
$$;

-- Bookings that came to something, as far as a new-listing discount counts them.
create function listing_search_bookings(listing uuid) returns integer language sql stable as $$
    select least(count(*), 3)::integer from bookings b where b.listing_id = listing and b.state in ('confirmed', 'completed', 'no_show')
$$;

-- What the projection of homes should say now. The only place that computes it.
create function listing_search_rows(ids uuid[], today date) returns setof listing_search language sql stable as $$
    select l.id,
        l.status = 'published',
        l.host_id, l.title, l.city, l.region, l.neighbourhood, l.country, l.property_type, l.room_type,
        l.capacity, l.bedrooms, l.beds, l.bathrooms_halves, l.amenities, l.booking_mode = 'instant', l.cancellation_policy,
        l.currency, l.time_zone, l.check_in_from, l.public_latitude_e7, l.public_longitude_e7,
        l.rating_count, l.rating_overall, l.relevance, l.published_at,
        coalesce(r.min_nights, 1), r.max_nights, coalesce(r.advance_notice_hours, 0), r.notice_cutoff_hour,
        coalesce(r.preparation_nights, 0), r.booking_window_days, coalesce(r.max_pets, 0), coalesce(r.infants_count, false),
        (select jsonb_agg(jsonb_build_array(lower(s.season), upper(s.season), s.min_nights, s.min_nights_weekday, s.max_nights,
                s.closed_to_arrival, s.closed_to_departure) order by s.season)
            from rule_seasons s where s.listing_id = l.id),
        t.nightly, t.weekend_nightly, coalesce(t.cleaning_fee, 0), coalesce(t.pet_fee, 0), t.extra_guest_after, t.extra_guest_amount,
        coalesce(t.weekly_discount_bps, 0), coalesce(t.monthly_discount_bps, 0), coalesce(t.new_listing_discount_bps, 0),
        t.early_bird_days, t.early_bird_bps, t.last_minute_days, t.last_minute_bps,
        nullif(t.promotions, '[]'), nullif(t.seasons, '[]'),
        case when t.new_listing_discount_bps > 0 then listing_search_bookings(l.id) else 0 end,
        today - 8,
        taken.busy, taken.holds,
        own.dates, own.prices, own.min_nights,
        pg_current_xact_id()
    from listings l
    left join stay_rules r on r.listing_id = l.id
    left join tariffs t on t.listing_id = l.id
    cross join lateral listing_search_nights(l.id, coalesce(r.preparation_nights, 0), today) taken
    cross join lateral (
        select array_agg(d.date order by d.date) as dates, array_agg(d.price order by d.date) as prices,
            array_agg(d.min_nights order by d.date) as min_nights
        from day_rules d where d.listing_id = l.id and d.date >= today - 8
    ) own
    where l.id = any (ids)
$$;

-- Writes the projection of homes anew. The rows are locked first, in order:
-- what is computed afterwards sees whatever the last writer has committed, so
-- two bookings of one home at a time never lose each other's nights.
create function refresh_listing_search(ids uuid[], today date) returns xid8 language plpgsql
    set plan_cache_mode = force_generic_plan as $$
begin
    perform 1 from listing_search where listing_id = any (ids) order by listing_id for update;
    insert into listing_search
    select * from listing_search_rows(ids, today) order by 1
    on conflict (listing_id) do update set
        (published, host_id, title, city, region, neighbourhood, country, property_type, room_type,
         capacity, bedrooms, beds, bathrooms_halves, amenities, instant_book, cancellation_policy, currency, time_zone, check_in_from,
         latitude_e7, longitude_e7, rating_count, rating_overall, relevance, published_at,
         min_nights, max_nights, advance_notice_hours, notice_cutoff_hour, preparation_nights, booking_window_days, max_pets, infants_count,
         rule_seasons, nightly, weekend_nightly, cleaning_fee, pet_fee, extra_guest_after, extra_guest_amount, weekly_discount_bps,
         monthly_discount_bps, new_listing_discount_bps, early_bird_days, early_bird_bps, last_minute_days, last_minute_bps,
         promotions, price_seasons, earlier_bookings, first_day, busy, holds, day_dates, day_prices, day_min_nights, xid)
      = (excluded.published, excluded.host_id, excluded.title, excluded.city, excluded.region, excluded.neighbourhood, excluded.country,
         excluded.property_type, excluded.room_type, excluded.capacity, excluded.bedrooms, excluded.beds, excluded.bathrooms_halves,
         excluded.amenities, excluded.instant_book, excluded.cancellation_policy, excluded.currency, excluded.time_zone,
         excluded.check_in_from, excluded.latitude_e7, excluded.longitude_e7, excluded.rating_count, excluded.rating_overall,
         excluded.relevance, excluded.published_at, excluded.min_nights, excluded.max_nights, excluded.advance_notice_hours,
         excluded.notice_cutoff_hour, excluded.preparation_nights, excluded.booking_window_days, excluded.max_pets, excluded.infants_count,
         excluded.rule_seasons, excluded.nightly, excluded.weekend_nightly, excluded.cleaning_fee, excluded.pet_fee,
         excluded.extra_guest_after, excluded.extra_guest_amount, excluded.weekly_discount_bps, excluded.monthly_discount_bps,
         excluded.new_listing_discount_bps, excluded.early_bird_days, excluded.early_bird_bps, excluded.last_minute_days,
         excluded.last_minute_bps, excluded.promotions, excluded.price_seasons, excluded.earlier_bookings, excluded.first_day,
         excluded.busy, excluded.holds, excluded.day_dates, excluded.day_prices, excluded.day_min_nights, excluded.xid);
    return pg_current_xact_id();
end
$$;

-- The same for homes of which only nights have been taken or given back: the
-- road of every booking, at a third of the cost.
create function refresh_listing_search_nights(ids uuid[], today date) returns xid8 language plpgsql
    set plan_cache_mode = force_generic_plan as $$
begin
    perform 1 from listing_search where listing_id = any (ids) order by listing_id for update;
    update listing_search s set
        first_day = today - 8,
        (busy, holds) = (select n.busy, n.holds from listing_search_nights(s.listing_id, s.preparation_nights, today) n),
        earlier_bookings = case when s.new_listing_discount_bps > 0 then listing_search_bookings(s.listing_id) else 0 end,
        xid = pg_current_xact_id()
    where s.listing_id = any (ids);
    return pg_current_xact_id();
end
$$;
