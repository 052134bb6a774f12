//! Wishlists and saved searches.

use app::wishlists::{self, NewSearch, WishedHome as WishedRow};
use async_graphql::{Context, Description, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::wishlists as rules;

use super::accounts::User;
use super::connection::{connections, page, size};
use super::error::{DonePayload, Told, answer, payloads};
use super::listings::Listing;
use super::request::{Asks, id};
use super::scalars::Cursor;
use super::search::{Hit, refused};
use crate::rest::search::read_query;
use crate::rest::wishlists::share_url;

/// A list of homes somebody keeps.
#[derive(Description)]
pub struct Wishlist(rules::Wishlist);

#[Object(use_type_description)]
impl Wishlist {
    /// Which.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// How many homes are on it.
    async fn count(&self) -> i64 {
        self.0.count
    }
    /// Whoever has this link may read the list; null while it is not shared.
    async fn share_url(&self, ctx: &Context<'_>) -> Option<String> {
        self.0.share_secret.as_ref().map(|secret| share_url(ctx.app(), secret))
    }
    /// Counts changes of the name; say it when you change it.
    async fn version(&self) -> i32 {
        self.0.version
    }
    /// Since when.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
    /// When it or what is on it changed last.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
    /// Its homes, latest first. One search a list: costs 20 points more.
    #[graphql(complexity = "20 + size(first) * child_complexity")]
    async fn homes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<WishedHomeConnection>> {
        let wanted = page(first, after.as_ref()).told()?;
        let found = wishlists::homes(ctx.app(), &ctx.actor(), self.0.id, wanted).await.told()?;
        Ok(Some(WishedHomeConnection::new(found, place, WishedHome)))
    }
}

fn place(home: &WishedRow) -> wishlists::WishKey {
    (home.wish.added_at, home.wish.listing_id)
}

/// A home on a list.
#[derive(Description)]
pub struct WishedHome(WishedRow);

#[Object(use_type_description)]
impl WishedHome {
    /// Which home.
    async fn listing_id(&self) -> ID {
        self.0.wish.listing_id.0.into()
    }
    /// To oneself; empty in shared lists.
    async fn note(&self) -> &str {
        &self.0.wish.note
    }
    /// Since when.
    async fn added_at(&self) -> DateTime<Utc> {
        self.0.wish.added_at
    }
    /// The home as search shows it; null when it is not to be had any more.
    async fn hit(&self) -> Option<Hit> {
        self.0.home.clone().map(Hit)
    }
    /// The home itself, with all that it links to; null when it is not public any more.
    async fn listing(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Listing>> {
        Ok(ctx.loaders().listing(self.0.wish.listing_id).await?.map(Listing))
    }
}

/// A list that somebody shares.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct SharedWishlist {
    /// Its name.
    pub name: String,
    /// Its homes, latest first.
    pub homes: WishedHomeConnection,
    #[graphql(skip)]
    owner: domain::ids::UserId,
}

#[async_graphql::ComplexObject]
impl SharedWishlist {
    /// Whose.
    async fn owner(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        Ok(ctx.loaders().user(self.owner).await?.map(User))
    }
}

/// A search somebody keeps.
#[derive(SimpleObject)]
pub struct SavedSearch {
    /// Which.
    pub id: ID,
    /// Its name.
    pub name: String,
    /// The query string of `GET /listings`.
    pub query: String,
    /// Be told once a day of new homes that fit.
    pub notify: bool,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

impl From<rules::SavedSearch> for SavedSearch {
    fn from(search: rules::SavedSearch) -> Self {
        Self { id: search.id.0.into(), name: search.name, query: search.query, notify: search.notify, created_at: search.created_at }
    }
}

connections! {
    WishlistConnection, WishlistEdge: Wishlist;
    WishedHomeConnection, WishedHomeEdge: WishedHome;
    SavedSearchConnection, SavedSearchEdge: SavedSearch;
}

payloads! {
    WishlistPayload {
        /// The list as it is now.
        wishlist: Wishlist
    }
    SharePayload {
        /// Good until it is taken back.
        share_url: String
    }
    SavedSearchPayload {
        /// The search that is kept.
        search: SavedSearch
    }
}

/// Reads what guests keep.
#[derive(Default)]
pub struct WishlistsQuery;

#[Object]
impl WishlistsQuery {
    /// One's lists, newest first.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn wishlists(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<WishlistConnection>> {
        ctx.signed_in()?;
        let found = wishlists::list(ctx.app(), &ctx.actor(), page(first, after.as_ref()).told()?).await.told()?;
        Ok(Some(WishlistConnection::new(found, |list| list.id, Wishlist)))
    }

    /// One of one's lists.
    async fn wishlist(&self, ctx: &Context<'_>, #[graphql(desc = "Which list.")] id: ID) -> async_graphql::Result<Option<Wishlist>> {
        ctx.signed_in()?;
        let wanted = super::request::id(&id, "wishlist").told()?;
        Ok(Some(Wishlist(wishlists::by_id(ctx.app(), &ctx.actor(), wanted).await.told()?)))
    }

    /// A list that somebody shares.
    #[graphql(complexity = "20 + size(first) * child_complexity")]
    async fn shared_wishlist(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From the end of its link.", secret)] secret: String,
        #[graphql(desc = "How many of its homes: 1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page of its homes.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<SharedWishlist>> {
        let wanted = page(first, after.as_ref()).told()?;
        let (list, owner, homes) = wishlists::shared(ctx.app(), &secret, wanted).await.told()?;
        let homes = WishedHomeConnection::new(homes, place, WishedHome);
        Ok(Some(SharedWishlist { name: list.name, homes, owner: owner.id }))
    }

    /// The searches one keeps, newest first.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn saved_searches(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<SavedSearchConnection>> {
        ctx.signed_in()?;
        let found = wishlists::list_searches(ctx.app(), &ctx.actor(), page(first, after.as_ref()).told()?).await.told()?;
        Ok(Some(SavedSearchConnection::new(found, |search| search.id, SavedSearch::from)))
    }
}

/// Changes what guests keep.
#[derive(Default)]
pub struct WishlistsMutation;

#[Object]
impl WishlistsMutation {
    /// Make a list.
    async fn create_wishlist(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1–80 characters.")] name: String,
    ) -> async_graphql::Result<WishlistPayload> {
        ctx.signed_in()?;
        answer(wishlists::create(ctx.app(), &ctx.actor(), &name).await.map(Wishlist))
    }

    /// Rename a list.
    async fn rename_wishlist(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which list.")] id: ID,
        #[graphql(desc = "The version that was read.")] version: i32,
        #[graphql(desc = "1–80 characters.")] name: String,
    ) -> async_graphql::Result<WishlistPayload> {
        ctx.signed_in()?;
        let done = async {
            wishlists::rename(ctx.app(), &ctx.actor(), super::request::id(&id, "wishlist")?, Some(version), &name).await.map(Wishlist)
        };
        answer(done.await)
    }

    /// Delete a list.
    async fn delete_wishlist(&self, ctx: &Context<'_>, #[graphql(desc = "Which list.")] id: ID) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async { wishlists::delete(ctx.app(), &ctx.actor(), super::request::id(&id, "wishlist")?).await.map(|()| true) };
        answer(done.await)
    }

    /// Put a home on a list, or change its note.
    async fn put_wish(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "On which list.")] wishlist_id: ID,
        #[graphql(desc = "Which home.")] listing_id: ID,
        #[graphql(desc = "To oneself, up to 500 characters; without it the note there is stays.")] note: Option<String>,
    ) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async {
            let (list, home) = (id(&wishlist_id, "wishlist")?, id(&listing_id, "listing")?);
            wishlists::put(ctx.app(), &ctx.actor(), list, home, note.as_deref()).await.map(|()| true)
        };
        answer(done.await)
    }

    /// Take a home off a list.
    async fn remove_wish(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Off which list.")] wishlist_id: ID,
        #[graphql(desc = "Which home.")] listing_id: ID,
    ) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async {
            let (list, home) = (id(&wishlist_id, "wishlist")?, id(&listing_id, "listing")?);
            wishlists::remove(ctx.app(), &ctx.actor(), list, home).await.map(|()| true)
        };
        answer(done.await)
    }

    /// Give a list a link by which others may read it.
    async fn share_wishlist(&self, ctx: &Context<'_>, #[graphql(desc = "Which list.")] id: ID) -> async_graphql::Result<SharePayload> {
        ctx.signed_in()?;
        let done = async { wishlists::share(ctx.app(), &ctx.actor(), super::request::id(&id, "wishlist")?).await };
        answer(done.await.map(|secret| share_url(ctx.app(), &secret)))
    }

    /// Take the link back.
    async fn unshare_wishlist(&self, ctx: &Context<'_>, #[graphql(desc = "Which list.")] id: ID) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async { wishlists::unshare(ctx.app(), &ctx.actor(), super::request::id(&id, "wishlist")?).await.map(|()| true) };
        answer(done.await)
    }

    /// Keep a search.
    async fn save_search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1–80 characters.")] name: String,
        #[graphql(desc = "The query string of `GET /listings`, e.g. `place=Lisbon&adults=2`.")] query: String,
        #[graphql(desc = "Be told once a day of new homes that fit.", default)] notify: bool,
    ) -> async_graphql::Result<SavedSearchPayload> {
        ctx.signed_in()?;
        let done = async {
            let query = query.trim_start_matches('?').to_owned();
            let filters = read_query(&query).map_err(refused)?.filters;
            wishlists::save_search(ctx.app(), &ctx.actor(), NewSearch { name, query, filters, notify }).await.map(SavedSearch::from)
        };
        answer(done.await)
    }

    /// Forget a search.
    async fn delete_saved_search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which search.")] id: ID,
    ) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async { wishlists::delete_search(ctx.app(), &ctx.actor(), super::request::id(&id, "search")?).await.map(|()| true) };
        answer(done.await)
    }
}
