//! The first page.

use app::App;
use app::search::{Filters, SearchQuery, Sort, search};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use domain::page::{Limit, PageRequest};

use super::cards::Card;
use super::{Shell, Visitor};
use crate::error::ApiResult;

/// The routes of this slice.
pub(super) fn router() -> Router<App> {
    Router::new().route("/", get(home))
}

/// Icon, label and query of the quick ways into search.
const KINDS: [(&str, &str, &str); 8] = [
    ("house", "Entire places", "room_type=entire_place"),
    ("door-open", "Private rooms", "room_type=private_room"),
    ("sparkles", "Instant book", "instant_book=true"),
    ("waves", "With a pool", "amenities=pool"),
    ("trees", "With a garden", "amenities=garden"),
    ("paw-print", "Pets welcome", "amenities=pets_allowed"),
    ("briefcase", "Good for work", "amenities=workspace,wifi"),
    ("accessibility", "Step-free", "amenities=step_free_access"),
];

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    shell: Shell,
    homes: Vec<Card>,
    kinds: &'static [(&'static str, &'static str, &'static str)],
}

async fn home(State(app): State<App>, visitor: Visitor) -> ApiResult<Response> {
    let limit = Limit::new(8).unwrap_or_default();
    let query = SearchQuery {
        filters: Filters::default(),
        sort: Sort::Relevance,
        page: PageRequest { after: None, limit },
        ..SearchQuery::default()
    };
    let homes = search(&app, &query).await?.hits.into_iter().map(|hit| Card::new(&app, hit, &super::Fields::default())).collect();
    let words = visitor.locale.t("Homes rented by the people who love them. Every fee is in the price you see.");
    let mut shell = Shell::new(&app, &visitor, "Stay somewhere with a story").canonical("/", words);
    shell.preload = crate::assets::HERO_1280_WEBP.to_owned();
    shell.picture = crate::assets::HERO_1280_WEBP.to_owned();
    shell.clone().page(&HomePage { shell, homes, kinds: &KINDS })
}
