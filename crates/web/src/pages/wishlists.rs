//! Wishlists and saved searches.

use app::App;
use app::wishlists::{self, NewSearch, WishedHome};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use domain::ids::{ListingId, SavedSearchId, WishlistId};
use domain::page::{Limit, PageRequest};
use domain::wishlists::{SavedSearch, Wishlist};
use uuid::Uuid;

use super::cards::Card;
use super::visitor::own_path;
use super::{Asked, Fields, Mistakes, Sent, Shell, Visitor, go, go_with};
use crate::error::{ApiError, ApiResult};
use crate::extract::Path;
use crate::rest::search::read_query;

/// The routes of this slice.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/wishlists", get(list).post(create))
        .route("/wishlists/{id}", get(one).post(change))
        .route("/wishlists/{id}/homes/{listing}", post(change_home))
        .route("/hearts/{listing}", post(toggle))
        .route("/shared-wishlists/{secret}", get(shared))
        .route("/saved-searches", post(save_search))
        .route("/saved-searches/{id}/delete", post(delete_search))
}

#[derive(Template)]
#[template(path = "wishlists/list.html")]
struct ListPage<'a> {
    shell: Shell,
    lists: Vec<Wishlist>,
    searches: Vec<SavedSearch>,
    next: String,
    fields: &'a Fields,
    mistakes: &'a Mistakes,
}

async fn list_page(app: &App, visitor: &Visitor, fields: &Fields, mistakes: &Mistakes) -> ApiResult<Response> {
    visitor.logged_in()?;
    let page = wishlists::list(app, &visitor.actor, PageRequest::new(fields.some("cursor"), Limit::default())?).await?;
    let every = PageRequest { after: None, limit: Limit::new(Limit::MAX).unwrap_or_default() };
    let searches = wishlists::list_searches(app, &visitor.actor, every).await?.data;
    let shell = Shell::new(app, visitor, "Wishlists");
    let next = page.next_cursor.map(|cursor| Fields::default().with("cursor", cursor).query()).unwrap_or_default();
    let page = ListPage { shell: shell.clone(), lists: page.data, searches, next, fields, mistakes };
    if mistakes.is_empty() { shell.page(&page) } else { shell.corrected(&page) }
}

async fn list(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    list_page(&app, &visitor, &fields, &Mistakes::default()).await
}

async fn create(State(app): State<App>, visitor: Visitor, Sent(fields): Sent) -> ApiResult<Response> {
    visitor.logged_in()?;
    match wishlists::create(&app, &visitor.actor, fields.get("name")).await {
        Ok(list) => Ok(go(&format!("/wishlists/{}", list.id))),
        Err(error) => list_page(&app, &visitor, &fields, &Mistakes::of(error)?).await,
    }
}

/// A home on a list.
struct Kept {
    id: ListingId,
    note: String,
    card: Option<Card>,
}

#[derive(Template)]
#[template(path = "wishlists/one.html")]
struct OnePage<'a> {
    shell: Shell,
    list: &'a Wishlist,
    share: Option<String>,
    homes: Vec<Kept>,
    next: String,
    mistakes: &'a Mistakes,
}

fn kept(app: &App, homes: Vec<WishedHome>) -> Vec<Kept> {
    let none = Fields::default();
    let turn =
        |home: WishedHome| Kept { id: home.wish.listing_id, note: home.wish.note, card: home.home.map(|hit| Card::new(app, hit, &none)) };
    homes.into_iter().map(turn).collect()
}

async fn one_page(app: &App, visitor: &Visitor, id: WishlistId, fields: &Fields, mistakes: &Mistakes) -> ApiResult<Response> {
    visitor.logged_in()?;
    let list = wishlists::by_id(app, &visitor.actor, id).await?;
    let page = PageRequest::new(fields.some("cursor"), Limit::default())?;
    let homes = wishlists::homes(app, &visitor.actor, id, page).await?;
    let mut shell = Shell::new(app, visitor, "Wishlists");
    shell.title.clone_from(&list.name);
    let template = OnePage {
        share: list.share_secret.as_ref().map(|secret| shell.absolute(&format!("/shared-wishlists/{secret}"))),
        next: homes.next_cursor.map(|cursor| Fields::default().with("cursor", cursor).query()).unwrap_or_default(),
        homes: kept(app, homes.data),
        list: &list,
        shell: shell.clone(),
        mistakes,
    };
    if mistakes.is_empty() { shell.page(&template) } else { shell.corrected(&template) }
}

async fn one(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>, Asked(fields): Asked) -> ApiResult<Response> {
    one_page(&app, &visitor, WishlistId(id), &fields, &Mistakes::default()).await
}

/// Renames, shares, takes the link back or deletes.
async fn change(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>, Sent(fields): Sent) -> ApiResult<Response> {
    visitor.logged_in()?;
    let (id, actor) = (WishlistId(id), &visitor.actor);
    let done = match fields.get("action") {
        "share" => wishlists::share(&app, actor, id).await.map(|_| ()),
        "unshare" => wishlists::unshare(&app, actor, id).await,
        "delete" => {
            wishlists::delete(&app, actor, id).await?;
            return Ok(go_with(&app, "/wishlists", visitor.locale.t("The list is deleted.")));
        }
        _ => wishlists::rename(&app, actor, id, None, fields.get("name")).await.map(|_| ()),
    };
    match done {
        Ok(()) => Ok(go(&format!("/wishlists/{id}"))),
        Err(error) => one_page(&app, &visitor, id, &Fields::default(), &Mistakes::of(error)?).await,
    }
}

/// Changes the note of a home on a list, or takes it off.
async fn change_home(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, listing)): Path<(Uuid, Uuid)>,
    Sent(fields): Sent,
) -> ApiResult<Response> {
    visitor.logged_in()?;
    let (id, listing) = (WishlistId(id), ListingId(listing));
    let done = if fields.get("action") == "remove" {
        wishlists::remove(&app, &visitor.actor, id, listing).await
    } else {
        wishlists::put(&app, &visitor.actor, id, listing, Some(fields.get("note"))).await
    };
    match done {
        Ok(()) => Ok(go(&format!("/wishlists/{id}"))),
        Err(error) => one_page(&app, &visitor, id, &Fields::default(), &Mistakes::of(error)?).await,
    }
}

/// A heart: puts a home on the latest list (making one if there is none), or
/// takes it off every list it is on.
async fn toggle(State(app): State<App>, visitor: Visitor, Path(listing): Path<Uuid>, Sent(fields): Sent) -> ApiResult<Response> {
    visitor.logged_in()?;
    let (actor, listing) = (&visitor.actor, ListingId(listing));
    let next = own_path(fields.get("next"), "/wishlists");
    let lists = wishlists::kept(&app, actor, &[listing]).await?;
    if !lists.is_empty() {
        for (_, list) in lists {
            wishlists::remove(&app, actor, list, listing).await?;
        }
        return Ok(go_with(&app, next, visitor.locale.t("Taken off your wishlists.")));
    }
    let latest = wishlists::list(&app, actor, PageRequest { after: None, limit: Limit::new(1).unwrap_or_default() }).await?.data.pop();
    let list = match latest {
        Some(list) => list,
        None => wishlists::create(&app, actor, visitor.locale.t("Saved homes")).await?,
    };
    wishlists::put(&app, actor, list.id, listing, None).await?;
    Ok(go_with(&app, next, &visitor.locale.f("Kept on {0}.", &[&list.name])))
}

#[derive(Template)]
#[template(path = "wishlists/shared.html")]
struct SharedPage {
    shell: Shell,
    name: String,
    owner: String,
    homes: Vec<Kept>,
    next: String,
}

async fn shared(State(app): State<App>, visitor: Visitor, Path(secret): Path<String>, Asked(fields): Asked) -> ApiResult<Response> {
    let page = PageRequest::new(fields.some("cursor"), Limit::default())?;
    let (list, owner, homes) = wishlists::shared(&app, &secret, page).await?;
    let mut shell = Shell::new(&app, &visitor, "Wishlists");
    shell.title.clone_from(&list.name);
    let template = SharedPage {
        shell: shell.clone(),
        name: list.name,
        owner: owner.name,
        next: homes.next_cursor.map(|cursor| Fields::default().with("cursor", cursor).query()).unwrap_or_default(),
        homes: kept(&app, homes.data),
    };
    shell.page(&template)
}

async fn save_search(State(app): State<App>, visitor: Visitor, Sent(fields): Sent) -> ApiResult<Response> {
    visitor.logged_in()?;
    let query = fields.get("query").trim_start_matches('?').to_owned();
    let filters = read_query(&query)?.filters;
    let name = fields.some("name").map_or_else(|| visitor.locale.t("My search").to_owned(), str::to_owned);
    let wish = NewSearch { name, query, filters, notify: fields.has("notify", "on") };
    match wishlists::save_search(&app, &visitor.actor, wish).await {
        Ok(_) => Ok(go_with(&app, "/wishlists#searches", visitor.locale.t("Your search is kept."))),
        Err(error) => list_page(&app, &visitor, &Fields::default(), &Mistakes::of(error)?).await,
    }
}

async fn delete_search(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>) -> ApiResult<Response> {
    visitor.logged_in()?;
    wishlists::delete_search(&app, &visitor.actor, SavedSearchId(id)).await.map_err(ApiError::App)?;
    Ok(go_with(&app, "/wishlists#searches", visitor.locale.t("The search is forgotten.")))
}
