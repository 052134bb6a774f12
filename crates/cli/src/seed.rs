//! Demo data: a few hosts with homes in four cities, and guests' words about
//! them, so that the first minute shows what a marketplace is. Made through the
//! same use-cases as everybody's; pictures are painted here.

use app::App;
use app::accounts::NewUser;
use app::listings::{ListingChange, photos};
use app::pricing::{self, ListingDraft};
use domain::actor::Actor;
use domain::calendar::StayRules;
use domain::listings::{Address, Arrival, BookingMode, Point, PropertyType, RoomType};
use domain::money::{BasisPoints, Currency};
use domain::pricing::Tariff;
use image::{Rgb, RgbImage};
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
    for (c, city) in CITIES.iter().enumerate() {
        let host = person(app, &format!("host{}@demo.invalid", c + 1), ["Inês", "Fergus", "Haruka", "Léa"][c]).await?;
        for (n, home) in HOMES.iter().enumerate() {
            add_home(app, &host, city, home, c * HOMES.len() + n).await?;
            bar.inc(1);
        }
    }
    person(app, "guest@demo.invalid", "Mia").await?;
    bar.finish_and_clear();
    println!(
        "Added {} homes. Log in as guest@demo.invalid or host1@demo.invalid … host4@demo.invalid, password \"{PASSWORD}\".",
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

async fn add_home(
    app: &App,
    host: &Actor,
    city: &City,
    home: &(&str, PropertyType, RoomType, i32, i32, &str),
    seed: usize,
) -> anyhow::Result<()> {
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
        amenities: Some(["wifi", "kitchen", "heating", "bed_linen", "smoke_alarm"].map(str::to_owned).to_vec()),
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
    photos::add(app, host, listing.id, painting(u32::try_from(seed)?)?, "").await?;
    pricing::publish(app, host, listing.id).await?;
    Ok(())
}

/// A house on a hill under a sky, in colours of its own.
fn painting(seed: u32) -> anyhow::Result<Vec<u8>> {
    let (width, height) = (1280_u32, 960_u32);
    let tint = |base: [u32; 3], at: u32| Rgb(base.map(|channel| u8::try_from((channel + (seed * 37 + at) % 40).min(255)).unwrap_or(255)));
    let mut picture = RgbImage::new(width, height);
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let hill = 620 + (x.abs_diff(width / 2).pow(2) / 4000) * (1 + seed % 3) / 2;
        let left = 420 + (seed % 5) * 40;
        let inside = (left..left + 360).contains(&x) && (430..660).contains(&y);
        let roof = (300..430).contains(&y) && x.abs_diff(left + 180) < (y - 300) * 7 / 4;
        let window = inside && ((x - left) % 120).abs_diff(60) < 28 && (480..560).contains(&y);
        *pixel = if window {
            tint([230, 210, 140], 3)
        } else if inside {
            tint([200, 170, 150], seed * 11 % 40)
        } else if roof {
            tint([130, 70, 60], seed * 5 % 40)
        } else if y > hill {
            tint([80, 120, 70], y / 40)
        } else {
            tint([120 + y / 8, 160 + y / 12, 210], 0)
        };
    }
    let mut bytes = Vec::new();
    picture.write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Jpeg)?;
    Ok(bytes)
}
