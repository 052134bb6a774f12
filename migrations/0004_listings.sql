-- Homes, their photographs and what only booked guests may read.

create table amenities (
    code     text    primary key check (code ~ '^[a-z][a-z0-9_]*$'),
    category text    not null,
    labels   jsonb   not null,
    position integer not null
);
comment on table amenities is 'What a home offers. Labels by BCP 47 language; the operator may add rows.';
insert into amenities (code, category, labels, position) values
    ('wifi', 'essentials', '{"en": "Wi-Fi", "de": "WLAN", "fr": "Wi-Fi", "es": "Wifi", "pt": "Wi-Fi"}', 10),
    ('kitchen', 'essentials', '{"en": "Kitchen", "de": "Küche", "fr": "Cuisine", "es": "Cocina", "pt": "Cozinha"}', 20),
    ('washer', 'essentials', '{"en": "Washer", "de": "Waschmaschine", "fr": "Lave-linge", "es": "Lavadora", "pt": "Máquina de lavar"}', 30),
    ('dryer', 'essentials', '{"en": "Dryer", "de": "Trockner", "fr": "Sèche-linge", "es": "Secadora", "pt": "Secadora"}', 40),
    ('air_conditioning', 'essentials', '{"en": "Air conditioning", "de": "Klimaanlage", "fr": "Climatisation", "es": "Aire acondicionado", "pt": "Ar condicionado"}', 50),
    ('heating', 'essentials', '{"en": "Heating", "de": "Heizung", "fr": "Chauffage", "es": "Calefacción", "pt": "Aquecimento"}', 60),
    ('hot_water', 'essentials', '{"en": "Hot water", "de": "Warmwasser", "fr": "Eau chaude", "es": "Agua caliente", "pt": "Água quente"}', 70),
    ('bed_linen', 'essentials', '{"en": "Bed linen", "de": "Bettwäsche", "fr": "Draps", "es": "Ropa de cama", "pt": "Roupa de cama"}', 80),
    ('hangers', 'essentials', '{"en": "Hangers", "de": "Kleiderbügel", "fr": "Cintres", "es": "Perchas", "pt": "Cabides"}', 90),
    ('iron', 'essentials', '{"en": "Iron", "de": "Bügeleisen", "fr": "Fer à repasser", "es": "Plancha", "pt": "Ferro de passar"}', 100),
    ('hair_dryer', 'bathroom', '{"en": "Hair dryer", "de": "Föhn", "fr": "Sèche-cheveux", "es": "Secador de pelo", "pt": "Secador de cabelo"}', 110),
    ('shampoo', 'bathroom', '{"en": "Shampoo", "de": "Shampoo", "fr": "Shampooing", "es": "Champú", "pt": "Champô"}', 120),
    ('bathtub', 'bathroom', '{"en": "Bathtub", "de": "Badewanne", "fr": "Baignoire", "es": "Bañera", "pt": "Banheira"}', 130),
    ('tv', 'entertainment', '{"en": "TV", "de": "Fernseher", "fr": "Télévision", "es": "Televisor", "pt": "Televisão"}', 140),
    ('workspace', 'entertainment', '{"en": "Workspace", "de": "Arbeitsplatz", "fr": "Espace de travail", "es": "Zona de trabajo", "pt": "Espaço de trabalho"}', 150),
    ('gym', 'entertainment', '{"en": "Gym", "de": "Fitnessraum", "fr": "Salle de sport", "es": "Gimnasio", "pt": "Ginásio"}', 160),
    ('refrigerator', 'kitchen', '{"en": "Refrigerator", "de": "Kühlschrank", "fr": "Réfrigérateur", "es": "Frigorífico", "pt": "Frigorífico"}', 170),
    ('microwave', 'kitchen', '{"en": "Microwave", "de": "Mikrowelle", "fr": "Micro-ondes", "es": "Microondas", "pt": "Micro-ondas"}', 180),
    ('oven', 'kitchen', '{"en": "Oven", "de": "Backofen", "fr": "Four", "es": "Horno", "pt": "Forno"}', 190),
    ('stove', 'kitchen', '{"en": "Stove", "de": "Herd", "fr": "Cuisinière", "es": "Fogones", "pt": "Fogão"}', 200),
    ('dishwasher', 'kitchen', '{"en": "Dishwasher", "de": "Geschirrspüler", "fr": "Lave-vaisselle", "es": "Lavavajillas", "pt": "Lava-louça"}', 210),
    ('coffee_maker', 'kitchen', '{"en": "Coffee maker", "de": "Kaffeemaschine", "fr": "Cafetière", "es": "Cafetera", "pt": "Máquina de café"}', 220),
    ('breakfast', 'services', '{"en": "Breakfast", "de": "Frühstück", "fr": "Petit-déjeuner", "es": "Desayuno", "pt": "Pequeno-almoço"}', 230),
    ('self_check_in', 'services', '{"en": "Self check-in", "de": "Self-Check-in", "fr": "Arrivée autonome", "es": "Llegada autónoma", "pt": "Self check-in"}', 240),
    ('luggage_dropoff', 'services', '{"en": "Luggage drop-off", "de": "Gepäckabgabe", "fr": "Dépôt de bagages", "es": "Consigna de equipaje", "pt": "Depósito de bagagem"}', 250),
    ('long_stays', 'services', '{"en": "Long stays welcome", "de": "Langzeitaufenthalte", "fr": "Longs séjours", "es": "Estancias largas", "pt": "Estadias longas"}', 260),
    ('pets_allowed', 'services', '{"en": "Pets allowed", "de": "Haustiere erlaubt", "fr": "Animaux acceptés", "es": "Admite mascotas", "pt": "Animais permitidos"}', 270),
    ('smoking_allowed', 'services', '{"en": "Smoking allowed", "de": "Rauchen erlaubt", "fr": "Fumeurs acceptés", "es": "Se permite fumar", "pt": "Permitido fumar"}', 280),
    ('crib', 'family', '{"en": "Crib", "de": "Babybett", "fr": "Lit bébé", "es": "Cuna", "pt": "Berço"}', 290),
    ('high_chair', 'family', '{"en": "High chair", "de": "Hochstuhl", "fr": "Chaise haute", "es": "Trona", "pt": "Cadeira alta"}', 300),
    ('pool', 'outdoors', '{"en": "Pool", "de": "Pool", "fr": "Piscine", "es": "Piscina", "pt": "Piscina"}', 310),
    ('hot_tub', 'outdoors', '{"en": "Hot tub", "de": "Whirlpool", "fr": "Jacuzzi", "es": "Jacuzzi", "pt": "Jacuzzi"}', 320),
    ('balcony', 'outdoors', '{"en": "Balcony or patio", "de": "Balkon oder Terrasse", "fr": "Balcon ou terrasse", "es": "Balcón o patio", "pt": "Varanda ou pátio"}', 330),
    ('garden', 'outdoors', '{"en": "Garden", "de": "Garten", "fr": "Jardin", "es": "Jardín", "pt": "Jardim"}', 340),
    ('bbq', 'outdoors', '{"en": "Barbecue", "de": "Grill", "fr": "Barbecue", "es": "Barbacoa", "pt": "Churrasqueira"}', 350),
    ('fireplace', 'outdoors', '{"en": "Fireplace", "de": "Kamin", "fr": "Cheminée", "es": "Chimenea", "pt": "Lareira"}', 360),
    ('free_parking', 'location', '{"en": "Free parking", "de": "Kostenloser Parkplatz", "fr": "Parking gratuit", "es": "Aparcamiento gratuito", "pt": "Estacionamento gratuito"}', 370),
    ('paid_parking', 'location', '{"en": "Paid parking", "de": "Kostenpflichtiger Parkplatz", "fr": "Parking payant", "es": "Aparcamiento de pago", "pt": "Estacionamento pago"}', 380),
    ('ev_charger', 'location', '{"en": "EV charger", "de": "Ladestation", "fr": "Borne de recharge", "es": "Cargador eléctrico", "pt": "Carregador elétrico"}', 390),
    ('elevator', 'location', '{"en": "Elevator", "de": "Aufzug", "fr": "Ascenseur", "es": "Ascensor", "pt": "Elevador"}', 400),
    ('private_entrance', 'location', '{"en": "Private entrance", "de": "Eigener Eingang", "fr": "Entrée privée", "es": "Entrada privada", "pt": "Entrada privada"}', 410),
    ('step_free_access', 'location', '{"en": "Step-free access", "de": "Stufenloser Zugang", "fr": "Accès sans marche", "es": "Acceso sin escalones", "pt": "Acesso sem degraus"}', 420),
    ('waterfront', 'location', '{"en": "Waterfront", "de": "Am Wasser", "fr": "Front de mer", "es": "Frente al agua", "pt": "À beira de água"}', 430),
    ('beach_access', 'location', '{"en": "Beach access", "de": "Strandzugang", "fr": "Accès plage", "es": "Acceso a la playa", "pt": "Acesso à praia"}', 440),
    ('lake_access', 'location', '{"en": "Lake access", "de": "Seezugang", "fr": "Accès au lac", "es": "Acceso al lago", "pt": "Acesso ao lago"}', 450),
    ('ski_access', 'location', '{"en": "Ski-in/ski-out", "de": "Direkt an der Piste", "fr": "Ski aux pieds", "es": "A pie de pista", "pt": "Acesso às pistas"}', 460),
    ('smoke_alarm', 'safety', '{"en": "Smoke alarm", "de": "Rauchmelder", "fr": "Détecteur de fumée", "es": "Detector de humo", "pt": "Detetor de fumo"}', 470),
    ('carbon_monoxide_alarm', 'safety', '{"en": "Carbon monoxide alarm", "de": "CO-Melder", "fr": "Détecteur de CO", "es": "Detector de CO", "pt": "Detetor de CO"}', 480),
    ('fire_extinguisher', 'safety', '{"en": "Fire extinguisher", "de": "Feuerlöscher", "fr": "Extincteur", "es": "Extintor", "pt": "Extintor"}', 490),
    ('first_aid_kit', 'safety', '{"en": "First aid kit", "de": "Erste-Hilfe-Set", "fr": "Trousse de secours", "es": "Botiquín", "pt": "Kit de primeiros socorros"}', 500);

create table listings (
    id                  uuid        primary key,
    host_id             uuid        not null references users,
    status              text        not null check (status in ('draft', 'published', 'paused', 'archived')),
    title               text        not null default '',
    description         text        not null default '',
    property_type       text        not null default 'apartment',
    room_type           text        not null default 'entire_place'
                                    check (room_type in ('entire_place', 'private_room', 'shared_room')),
    capacity            integer     not null default 0 check (capacity between 0 and 50),
    bedrooms            integer     not null default 0 check (bedrooms between 0 and 50),
    beds                integer     not null default 0 check (beds between 0 and 100),
    bathrooms_halves    integer     not null default 0 check (bathrooms_halves between 0 and 100),
    bed_types           jsonb       not null default '[]',
    amenities           text[]      not null default '{}',
    house_rules         jsonb       not null default '{}',
    licence             text        not null default '',
    currency            text        not null check (currency ~ '^[A-Z]{3}$'),
    time_zone           text,
    booking_mode        text        not null default 'request' check (booking_mode in ('instant', 'request')),
    cancellation_policy text        not null default 'flexible',
    check_in_from       time        not null default '15:00',
    check_in_until      time,
    check_out_until     time        not null default '11:00',
    check_in_method     text        not null default 'host',
    line1               text        not null default '',
    line2               text        not null default '',
    city                text        not null default '',
    region              text        not null default '',
    postal_code         text        not null default '',
    country             text        check (country ~ '^[A-Z]{2}$'),
    neighbourhood       text        not null default '',
    latitude_e7         integer     check (latitude_e7 between -900000000 and 900000000),
    longitude_e7        integer     check (longitude_e7 between -1800000000 and 1800000000),
    public_latitude_e7  integer,
    public_longitude_e7 integer,
    rating_count        integer     not null default 0,
    rating_overall      integer,
    relevance           integer     not null default 0,
    version             integer     not null default 1,
    created_at          timestamptz not null,
    updated_at          timestamptz not null,
    published_at        timestamptz,
    search_text         tsvector    not null generated always as (
        setweight(to_tsvector('simple', title), 'A')
        || setweight(to_tsvector('simple', city || ' ' || neighbourhood || ' ' || region), 'B')
        || setweight(to_tsvector('simple', replace(property_type, '_', ' ')), 'C')
        || setweight(to_tsvector('simple', left(description, 10000)), 'D')
    ) stored,
    check ((latitude_e7 is null) = (longitude_e7 is null)),
    check ((latitude_e7 is null) = (public_latitude_e7 is null)),
    check ((latitude_e7 is null) = (public_longitude_e7 is null)),
    check (status <> 'published' or (latitude_e7 is not null and time_zone is not null and capacity > 0))
);
comment on table listings is
    'One bookable home. latitude_e7 and longitude_e7 are exact and private, the public_ ones a stable fuzzed point; both in 1e-7 degrees.';
comment on column listings.bathrooms_halves is 'Half bathrooms: 3 is one and a half.';
comment on column listings.rating_overall is 'Mean overall stars in hundredths (100–500), kept by the reviews slice.';
comment on column listings.relevance is 'Static part of the ranking, higher first; see docs/search.md.';
create index listings_by_host on listings (host_id, id desc);
create index listings_on_map on listings using gist (point(public_longitude_e7, public_latitude_e7))
    where status = 'published';
create index listings_by_relevance on listings (relevance desc, id) where status = 'published';
create index listings_by_rating on listings (coalesce(rating_overall, 0) desc, id) where status = 'published';
create index listings_by_publication on listings (published_at desc, id) where status = 'published';
create index listings_by_text on listings using gin (search_text) where status = 'published';
create index listings_by_amenities on listings using gin (amenities) where status = 'published';

create table listing_sources (
    source      text   not null,
    external_id bigint not null,
    listing_id  uuid   not null references listings,
    primary key (source, external_id)
);
create index listing_sources_by_listing on listing_sources (listing_id);
comment on table listing_sources is 'Which imported home is which listing.';

create table listing_arrivals (
    listing_id    uuid primary key references listings on delete cascade,
    instructions  text not null default '',
    door_code     text not null default '',
    wifi_name     text not null default '',
    wifi_password text not null default ''
);
comment on table listing_arrivals is 'How to get in: for guests with a confirmed booking only.';

create table photos (
    id         uuid        primary key,
    listing_id uuid        not null references listings on delete cascade,
    position   integer     not null,
    caption    text        not null default '',
    hash       text        not null,
    width      integer     not null,
    height     integer     not null,
    thumbhash  text        not null,
    sizes      jsonb       not null,
    created_at timestamptz not null,
    constraint photos_position_key unique (listing_id, position) deferrable initially deferred
);
comment on table photos is
    'Photographs in order; position 0 is the cover. hash is the SHA-256 of the picture as re-encoded, its name in the blob store.';
