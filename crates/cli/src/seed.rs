//! Demo data: a few hosts with homes in four cities, photographs of them, what
//! guests said and a guest's trips, so that the first minute shows what a
//! marketplace is. Made through the same use-cases as everybody's.

use std::collections::HashMap;

use app::App;
use app::accounts::NewUser;
use app::bookings::Request;
use app::listings::{ListingChange, photos};
use app::pictures::Prepared;
use app::pricing::{self, ListingDraft};
use app::reviews::Rating;
use app::reviews::import::ImportedReview;
use chrono::TimeDelta;
use domain::actor::Actor;
use domain::calendar::StayRules;
use domain::dates::Stay;
use domain::guests::Guests;
use domain::ids::ListingId;
use domain::listings::{Address, Arrival, BookingMode, Point, PropertyType, RoomType};
use domain::money::{BasisPoints, Currency};
use domain::pricing::Tariff;
use indicatif::{ProgressBar, ProgressStyle};

/// City, region, country, latitude, longitude, currency, minor units of a plain night.
type City = (&'static str, &'static str, &'static str, f64, f64, &'static str, i64);

const CITIES: [City; 4] = [
    ("Lisbon", "Lisboa", "PT", 38.7139, -9.1334, "EUR", 9_500),
    ("Edinburgh", "Scotland", "GB", 55.9495, -3.1913, "GBP", 11_000),
    ("Kyoto", "Kyoto", "JP", 35.0116, 135.7681, "JPY", 14_000),
    ("Montréal", "Québec", "CA", 45.5231, -73.5817, "CAD", 12_500),
];

const HOMES: [(&str, PropertyType, RoomType, i32, i32, &str); 6] = [
    (
        "Bright flat with a balcony over the roofs",
        PropertyType::Apartment,
        RoomType::EntirePlace,
        4,
        2,
        "Morning light, a long table and a balcony from which you see half the city. The bakery is downstairs.",
    ),
    (
        "Quiet room in a family house",
        PropertyType::House,
        RoomType::PrivateRoom,
        2,
        1,
        "Your own room with a desk by the window. The kitchen and the garden are everybody's.",
    ),
    (
        "Loft in the old printing works",
        PropertyType::Loft,
        RoomType::EntirePlace,
        3,
        1,
        "High windows, brick walls and a stove for cold evenings. Ten minutes on foot to the market.",
    ),
    (
        "Garden cottage behind the hedge",
        PropertyType::Cottage,
        RoomType::EntirePlace,
        5,
        3,
        "A small house of its own, with apple trees, a hammock and room for two bicycles.",
    ),
    (
        "Studio for long walks",
        PropertyType::Apartment,
        RoomType::EntirePlace,
        2,
        0,
        "Everything in one room and nothing too much: a good bed, a good lamp, a good kettle.",
    ),
    (
        "Townhouse for friends",
        PropertyType::Townhouse,
        RoomType::EntirePlace,
        8,
        4,
        "Four bedrooms on three floors, a kitchen to cook for many, and a rule: quiet after ten.",
    ),
];

/// What each kind of home looks like in each city.
const COVERS: [[&str; 4]; 6] = [
    ["exterior-15", "living-09", "exterior-02", "living-10"],
    ["bedroom-04", "bedroom-01", "living-01", "bedroom-02"],
    ["living-08", "living-12", "living-16", "dining-03"],
    ["exterior-18", "exterior-10", "exterior-08", "exterior-03"],
    ["living-06", "living-07", "living-11", "living-02"],
    ["exterior-04", "exterior-16", "exterior-06", "exterior-13"],
];

const LIVING: [&str; 8] = ["living-01", "living-14", "living-15", "living-17", "living-07", "living-11", "living-02", "living-10"];

const AUTHORS: [&str; 12] = ["Anna", "Tomás", "Yuki", "Ruth", "Ola", "Kwame", "Ingrid", "Paolo", "Chiara", "Sam", "Leila", "Henrik"];

const WORDS: [&str; 11] = [
    "Just as the pictures show it, and quieter than we had hoped for.",
    "The bed was good, the kitchen had everything, and the bakery next door did the rest.",
    "We were met with tea and a drawn map of the neighbourhood. We used it every day.",
    "Clean, warm, and the shower is a proper shower. The stairs are steep with a pram.",
    "Our children did not want to leave. Neither did we.",
    "A short walk to the tram. The key was where it was said to be.",
    "Light from three sides, and shelves full of books that one may read.",
    "Answered within minutes when we could not find the fuse box. Thank you again!",
    "Smaller than I thought, but there is nothing one lacks.",
    "We worked from here for two weeks: a real desk and a connection that holds.",
    "The street is lively at the weekend; in the bedroom one hears nothing of it.",
];

/// What a home has: what every home has, and some more in turn.
fn amenities(seed: usize) -> Vec<String> {
    const EVERYWHERE: [&str; 7] = ["wifi", "kitchen", "heating", "hot_water", "bed_linen", "smoke_alarm", "hangers"];
    const SOME: [&str; 20] = [
        "washer",
        "workspace",
        "balcony",
        "tv",
        "garden",
        "coffee_maker",
        "free_parking",
        "pets_allowed",
        "bathtub",
        "fireplace",
        "self_check_in",
        "dishwasher",
        "air_conditioning",
        "hair_dryer",
        "crib",
        "elevator",
        "bbq",
        "iron",
        "step_free_access",
        "pool",
    ];
    let some = SOME.iter().enumerate().filter(|(n, _)| (seed * 7 + n * 5) % 11 < 5).map(|(_, code)| *code);
    EVERYWHERE.into_iter().chain(some).map(str::to_owned).collect()
}

/// Adds the demo data unless they are there.
pub async fn demo(app: &App) -> anyhow::Result<()> {
    let there = app::listings::any_exist(app).await?;
    if there {
        println!("There are homes already: nothing added.");
        return Ok(());
    }
    let bar = ProgressBar::new(u64::try_from(CITIES.len() * HOMES.len())?)
        .with_style(ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}")?);
    bar.set_message("Demo homes");
    let (mut homes, mut developed) = (Vec::new(), Developed::default());
    for c in 0..CITIES.len() {
        let host = person(app, &format!("host{}@demo.invalid", c + 1), ["Inês", "Fergus", "Haruka", "Léa"][c]).await?;
        for n in 0..HOMES.len() {
            homes.push(add_home(app, &mut developed, &host, c * HOMES.len() + n).await?);
            bar.inc(1);
        }
    }
    add_reviews(app, &homes).await?;
    // Its password is known to all: only where no money is real.
    if app.provider.name() == "sandbox" {
        person(app, "staff@demo.invalid", "Sam").await?;
        app::accounts::create_staff(app, "staff@demo.invalid").await?;
    }
    let guest = person(app, "guest@demo.invalid", "Mia").await?;
    add_trips(app, &guest, &homes).await?;
    bar.finish_and_clear();
    println!(
        "Added {} homes. Log in as guest@demo.invalid, host1@demo.invalid … host4@demo.invalid or staff@demo.invalid, password \"{PASSWORD}\".",
        CITIES.len() * HOMES.len()
    );
    Ok(())
}

const PASSWORD: &str = "open the garden gate";

async fn person(app: &App, email: &str, name: &str) -> anyhow::Result<Actor> {
    let user = app::accounts::register(app, NewUser { email: email.into(), password: PASSWORD.into(), name: name.into() }).await?;
    app::accounts::confirm_email(app, &Actor::System, user.id).await?;
    Ok(Actor::User { id: user.id, staff: false, verified: true })
}

/// Photographs in all their sizes, each made once.
#[derive(Default)]
struct Developed(HashMap<String, Prepared>);

impl Developed {
    async fn of(&mut self, name: String) -> anyhow::Result<Prepared> {
        if let Some(ready) = self.0.get(&name) {
            return Ok(ready.clone());
        }
        let photo = scenery::photos::named(&name).ok_or_else(|| anyhow::anyhow!("no photograph {name}"))?;
        let ready = app::pictures::photo(photo.bytes.to_vec()).await?;
        self.0.insert(name, ready.clone());
        Ok(ready)
    }
}

async fn add_home(app: &App, developed: &mut Developed, host: &Actor, seed: usize) -> anyhow::Result<ListingId> {
    let (city, home) = (&CITIES[seed / HOMES.len()], &HOMES[seed % HOMES.len()]);
    let (name, region, country, latitude, longitude, code, nightly) = *city;
    let (title, property_type, room_type, capacity, bedrooms, description) = *home;
    let currency: Currency = code.parse().map_err(anyhow::Error::msg)?;
    let step = i32::try_from(seed % HOMES.len())?;
    let offset = f64::from(step) * 0.006 - 0.015;
    let price = nightly * i64::from(40 + 22 * capacity) / 100;
    let change = ListingChange {
        title: Some(title.into()),
        description: Some(description.into()),
        property_type: Some(property_type),
        room_type: Some(room_type),
        capacity: Some(capacity),
        bedrooms: Some(bedrooms),
        beds: Some(bedrooms.max(1)),
        bathrooms_halves: Some(2 + bedrooms / 3),
        amenities: Some(amenities(seed)),
        currency: Some(currency),
        booking_mode: Some(if step % 2 == 0 { BookingMode::Instant } else { BookingMode::Request }),
        address: Some(Address {
            line1: format!("{} Harbour Lane", 3 + seed * 7),
            city: name.into(),
            region: region.into(),
            postal_code: "00000".into(),
            country: Some(country.into()),
            ..Address::default()
        }),
        point: Point::from_degrees(latitude + offset, longitude - offset * 1.7),
        arrival: Some(Arrival {
            instructions: "The key is in the box beside the green door.".into(),
            door_code: format!("{:04}", 1000 + seed * 37),
            ..Arrival::default()
        }),
        ..ListingChange::default()
    };
    let tariff = Tariff {
        weekend_nightly: Some(price * 6 / 5),
        cleaning_fee: nightly / 3,
        weekly_discount_bps: BasisPoints(1000),
        ..Tariff::flat(currency, price)
    };
    let rules = StayRules { min_nights: 1 + step % 3, ..StayRules::default() };
    let listing = pricing::create_listing(app, host, ListingDraft { change, tariff: Some(tariff), rules: Some(rules) }).await?;
    for name in pictures(seed / HOMES.len(), seed % HOMES.len()) {
        let caption = caption(&name);
        photos::add_prepared(app, host, listing.id, developed.of(name).await?, caption).await?;
    }
    pricing::publish(app, host, listing.id).await?;
    Ok(listing.id)
}

/// Which photographs a home shows: what it looks like from afar, then its rooms.
fn pictures(city: usize, home: usize) -> Vec<String> {
    let pick = |names: &[&str], at: usize| names[at % names.len()].to_owned();
    let at = city * HOMES.len() + home;
    let mut names = vec![COVERS[home][city].to_owned()];
    for room in [
        pick(&LIVING, at * 5 + 2),
        pick(&["bedroom-01", "bedroom-02", "bedroom-04"], at),
        pick(&["kitchen-02", "kitchen-03", "kitchen-04", "kitchen-06", "kitchen-08", "kitchen-09"], at),
        pick(&["bathroom-01", "bathroom-02", "bathroom-03", "bathroom-04"], at + city),
        pick(&["dining-01", "dining-02", "dining-04", "entry-01", "entry-03"], at),
    ] {
        if !names.contains(&room) {
            names.push(room);
        }
    }
    names
}

fn caption(name: &str) -> &'static str {
    match name.split('-').next() {
        Some("exterior") => "The house",
        Some("living") => "The living room",
        Some("bedroom") => "The bedroom",
        Some("kitchen") => "The kitchen",
        Some("bathroom") => "The bathroom",
        Some("dining") => "The table",
        _ => "The way in",
    }
}

/// What guests of earlier years have said: reviews from another platform, so that
/// no stay has to be made up.
async fn add_reviews(app: &App, homes: &[ListingId]) -> anyhow::Result<()> {
    let now = app.clock.now();
    let (mut written, mut ratings) = (Vec::new(), Vec::new());
    for (n, listing) in homes.iter().enumerate() {
        // Every seventh home is new.
        let count = if n % 7 == 6 { 0 } else { 3 + n * 5 % 8 };
        for k in 0..count {
            let at = n * 3 + k;
            written.push(ImportedReview {
                external_id: i64::try_from(written.len())?,
                listing: *listing,
                author_name: AUTHORS[at % AUTHORS.len()].into(),
                words: WORDS[at * 7 % WORDS.len()].into(),
                at: now - TimeDelta::days(i64::try_from(9 + k * 31 + n)?),
            });
        }
        if count > 0 {
            let stars = |least: usize, salt: usize| i32::try_from(least + (n * 13 + salt * 7) % (501 - least)).ok();
            let rating = Rating {
                count: i32::try_from(count)?,
                overall: stars(455, 0),
                cleanliness: stars(450, 1),
                accuracy: stars(460, 2),
                check_in: stars(460, 3),
                communication: stars(470, 4),
                location: stars(440, 5),
                value: stars(430, 6),
            };
            ratings.push((*listing, rating));
        }
    }
    app::reviews::import::write(app, "demo", &written).await?;
    let mut tx = app.begin().await?;
    app::reviews::import::set_ratings_in(&mut tx, &ratings).await?;
    tx.commit().await?;
    Ok(())
}

/// A guest's stays to come: one paid and confirmed, one that waits for its host.
async fn add_trips(app: &App, guest: &Actor, homes: &[ListingId]) -> anyhow::Result<()> {
    for (listing, days, nights) in [(homes[6], 12, 4), (homes[13], 75, 3)] {
        let check_in = app.clock.now().date_naive() + TimeDelta::days(days);
        let stay = Stay::new(check_in, check_in + TimeDelta::days(nights)).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let guests = Guests { adults: 2, ..Guests::default() };
        let message = "We come by train and would like to leave our bags before noon.".to_owned();
        let request = Request { message, ..Request::of(listing, stay, guests) };
        let booking = app::bookings::request(app, guest, request, None).await?.value;
        app::bookings::pay(app, guest, booking.id, "pm_card_visa", None).await?;
    }
    Ok(())
}
