//! One home: everything a guest wants to know before they book.

mod parts;

use app::App;
use app::reviews::{self, Order, Review, ReviewKey};
use app::search::{ListingDetail, detail};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use domain::dates::local_date;
use domain::ids::ListingId;
use domain::listings::{Listing, ListingStatus};
use domain::page::{Limit, PageRequest};

pub(super) use parts::amenity_name;
use parts::{AmenityGroup, amenity_groups, guest_fields, json_ld, quoted};
pub use parts::{Gallery, GuestField, Month, Quoted, categories, guests_in, line_label, months, policy_words, review_month, stay_in};

use super::cards::{CARRIED, Card, listing_path};
use super::{Asked, Fields, Shell, Visitor};
use crate::error::ApiResult;
use crate::extract::Path;

/// The routes of this slice.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/homes/{home}", get(listing))
        .route("/homes/{home}/quote", get(quote_part))
        .route("/homes/{home}/reviews", get(all_reviews))
}

/// `<uuid>` or `<uuid>-<words>`.
fn home_id(text: &str) -> ApiResult<ListingId> {
    let id = text.get(..36).and_then(|id| id.parse().ok()).map(ListingId);
    id.ok_or(app::Error::NotFound("listing").into())
}

#[derive(Template)]
#[template(path = "listing/listing.html")]
struct ListingPage<'a> {
    shell: Shell,
    fields: &'a Fields,
    detail: &'a ListingDetail,
    home: &'a Listing,
    path: &'a str,
    gallery: Gallery,
    groups: Vec<AmenityGroup>,
    reviews: Vec<Review>,
    quoted: Quoted,
    months: Vec<Month>,
    earlier: Option<String>,
    later: String,
    guest_fields: Vec<GuestField>,
    similar: Vec<Card>,
    today: chrono::NaiveDate,
}

#[derive(Template)]
#[template(path = "listing/quote_part.html")]
struct QuotePart<'a> {
    shell: Shell,
    home: &'a Listing,
    path: &'a str,
    quoted: Quoted,
}

#[derive(Template)]
#[template(path = "listing/reviews.html")]
struct ReviewsPage<'a> {
    shell: Shell,
    detail: &'a ListingDetail,
    home: &'a Listing,
    path: &'a str,
    reviews: Vec<Review>,
    order: &'static str,
    next: Option<String>,
}

/// The zone in which a home's dates are.
pub(super) fn zone_of(home: &Listing) -> chrono_tz::Tz {
    home.time_zone.unwrap_or(chrono_tz::UTC)
}

async fn listing(State(app): State<App>, visitor: Visitor, Path(home): Path<String>, Asked(fields): Asked) -> ApiResult<Response> {
    let id = home_id(&home)?;
    let detail = detail(&app, &visitor.actor, id).await?;
    let home = &detail.listing;
    let path = listing_path(id, &home.title);
    let today = local_date(zone_of(home), app.clock.now());
    let newest = PageRequest::<ReviewKey> { after: None, limit: Limit::new(6).unwrap_or_default() };
    let reviews = reviews::of_listing(&app, &visitor.actor, id, Order::Newest, newest).await?.data;
    let shown = fields.read::<chrono::NaiveDate>("month").or_else(|| stay_in(&fields).map(|stay| stay.check_in)).unwrap_or(today);
    let (months, earlier, later) = months(&app, &visitor, home, (today, shown), &fields).await?;
    let quoted = quoted(&app, &visitor, &detail, &fields).await?;
    let words = visitor.locale.f("{0} in {1}. Photos, reviews, calendar and the whole price.", &[&home.title, &home.address.city]);
    let gallery = Gallery::of(&app, &detail.photos, &home.title);
    let mut shell = Shell::new(&app, &visitor, &home.title).canonical(path.as_str(), words);
    shell = shell.script(crate::assets::LISTING_JS).script(crate::assets::DATES_JS).script(crate::assets::MAP_JS);
    shell.picture = gallery.shared.clone();
    shell.json_ld = json_ld(&shell, &detail, &gallery);
    shell.search = CARRIED.iter().fold(Fields::default(), |all, name| all.with(name, fields.get(name)));
    let page = ListingPage {
        groups: amenity_groups(&app, &shell, &home.amenities).await?,
        similar: similar(&app, home, &fields).await?,
        fields: &fields,
        detail: &detail,
        path: &path,
        gallery,
        reviews,
        quoted,
        months,
        earlier,
        later,
        guest_fields: guest_fields(&detail),
        today,
        home,
        shell: shell.clone(),
    };
    shell.page(&page)
}

/// Homes that resemble this one.
async fn similar(app: &App, home: &Listing, fields: &Fields) -> ApiResult<Vec<Card>> {
    use app::search::{Filters, similar};
    if home.status != ListingStatus::Published {
        return Ok(Vec::new());
    }
    let filters = Filters { guests: guests_in(fields), ..Filters::default() };
    let found = similar(app, home.id, filters, 4).await?;
    let carried = Fields::default();
    Ok(found.into_iter().map(|hit| Card::new(app, hit, &carried)).collect())
}

/// The price part of the booking card, for a script that has changed the dates.
async fn quote_part(State(app): State<App>, visitor: Visitor, Path(home): Path<String>, Asked(fields): Asked) -> ApiResult<Response> {
    let detail = detail(&app, &visitor.actor, home_id(&home)?).await?;
    let quoted = quoted(&app, &visitor, &detail, &fields).await?;
    let path = listing_path(detail.listing.id, &detail.listing.title);
    let shell = Shell::new(&app, &visitor, "Price");
    shell.clone().page(&QuotePart { shell, home: &detail.listing, path: &path, quoted })
}

async fn all_reviews(State(app): State<App>, visitor: Visitor, Path(home): Path<String>, Asked(fields): Asked) -> ApiResult<Response> {
    let id = home_id(&home)?;
    let detail = detail(&app, &visitor.actor, id).await?;
    let (order, word) = match fields.get("order") {
        "highest" => (Order::Highest, "highest"),
        "lowest" => (Order::Lowest, "lowest"),
        _ => (Order::Newest, "newest"),
    };
    let request = PageRequest::new(fields.some("cursor"), Limit::default()).map_err(app::Error::from)?;
    let page = reviews::of_listing(&app, &visitor.actor, id, order, request).await?;
    let path = listing_path(id, &detail.listing.title);
    let next = page.next_cursor.map(|cursor| format!("{path}/reviews{}", fields.with("cursor", cursor).query()));
    let title = visitor.locale.f("Reviews of {0}", &[&detail.listing.title]);
    let words = visitor.locale.f("What guests say of {0}, category by category.", &[&detail.listing.title]);
    let shell = Shell::new(&app, &visitor, &title).canonical(format!("{path}/reviews"), words);
    shell.clone().page(&ReviewsPage { shell, home: &detail.listing, detail: &detail, path: &path, reviews: page.data, order: word, next })
}
