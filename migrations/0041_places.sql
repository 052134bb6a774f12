-- Places that an operator has brought in beside the gazetteer that is part of
-- the program: neighbourhoods, regions, islands, whatever guests look for.

create table places (
    id          uuid        primary key,
    source      text        not null,
    external_id text        not null,
    kind        text        not null check (kind in ('country', 'city', 'neighbourhood')),
    name        text        not null check (length(name) between 1 and 200),
    other_names text[]      not null default '{}',
    country     text        check (country ~ '^[A-Z]{2}$'),
    west_e7     integer     not null,
    south_e7    integer     not null,
    east_e7     integer     not null,
    north_e7    integer     not null check (north_e7 >= south_e7),
    outline     jsonb       not null,
    population  bigint      not null default 0 check (population >= 0),
    updated_at  timestamptz not null,
    unique (source, external_id)
);
create index places_by_change on places (updated_at);
comment on table places is
    'Places imported from GeoJSON. outline: polygons, each a list of rings of [longitude, latitude] in 1e-7 degrees, the first ring the outer one. The box may cross the date line: then west lies east of east.';
