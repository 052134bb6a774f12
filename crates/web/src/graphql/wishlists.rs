//! Lists of homes and searches that people keep.

use app::accounts::Person;
use app::wishlists::{self, NewSearch, WishKey, WishedHome as WishedRow};
use async_graphql::{Context, Description, ID, Object};
use chrono::{DateTime, Utc};
use domain::ids::{SavedSearchId, WishlistId};
use domain::page::Page;
use domain::wishlists::{SavedSearch as SearchRow, Wishlist as ListRow};

use super::accounts::User;
use super::connection::{connections, page, size};
use super::error::{DonePayload, Told, answer, payloads};
use super::listings::Listing;
use super::request::{Asks, id};
use super::scalars::Cursor;
use super::search::{Hit, plain};
use crate::rest::search::read_query;
use crate::rest::wishlists::share_url;

/// A list of homes somebody keeps.
#[derive(Description)]
pub struct Wishlist(ListRow);

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
    /// Its homes, latest first.
    #[graphql(complexity = "5 + size(first) * child_complexity")]
    async fn listings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<WishedHomeConnection>> {
        let wanted = page(first, after.as_ref()).told()?;
        Ok(Some(homes(wishlists::homes(ctx.app(), &ctx.actor(), self.0.id, wanted).await.told()?)))
    }
}

/// A home on a list.
#[derive(Description)]
pub struct WishedHome(WishedRow);

#[Object(use_type_description)]
impl WishedHome {
    /// Which home, also when it is not to be had any more.
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
    /// The home itself, with all that it links to.
    async fn listing(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Listing>> {
        Ok(ctx.loaders().listing(self.0.wish.listing_id).await?.map(Listing))
    }
}

/// A list that somebody shares.
#[derive(Description)]
pub struct SharedWishlist {
    list: ListRow,
    owner: Person,
    secret: String,
}

#[Object(use_type_description)]
impl SharedWishlist {
    /// Its name.
    async fn name(&self) -> &str {
        &self.list.name
    }
    /// Whose.
    async fn owner(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        Ok(ctx.loaders().user(self.owner.id).await?.map(User))
    }
    /// Its homes, latest first.
    #[graphql(complexity = "5 + size(first) * child_complexity")]
    async fn listings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<WishedHomeConnection>> {
        let wanted = page(first, after.as_ref()).told()?;
        Ok(Some(homes(wishlists::shared(ctx.app(), &self.secret, wanted).await.told()?.2)))
    }
}

/// A search somebody keeps.
#[derive(Description)]
pub struct SavedSearch(SearchRow);

#[Object(use_type_description)]
impl SavedSearch {
    /// Which.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// The query string of the search over REST.
    async fn query(&self) -> &str {
        &self.0.query
    }
    /// Be told once a day of new homes that fit.
    async fn notify(&self) -> bool {
        self.0.notify
    }
    /// Since when.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

connections! {
    WishlistConnection, WishlistEdge: Wishlist;
    WishedHomeConnection, WishedHomeEdge: WishedHome;
    SavedSearchConnection, SavedSearchEdge: SavedSearch;
}

fn homes(found: Page<WishedRow>) -> WishedHomeConnection {
    let key = |home: &WishedRow| -> WishKey { (home.wish.added_at, home.wish.listing_id) };
    WishedHomeConnection::new(found, key, WishedHome)
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
        saved_search: SavedSearch
    }
}

/// Reads what people keep.
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
        let wanted: WishlistId = super::request::id(&id, "wishlist").told()?;
        Ok(Some(Wishlist(wishlists::by_id(ctx.app(), &ctx.actor(), wanted).await.told()?)))
    }

    /// A list that somebody shares.
    #[graphql(complexity = "10 + child_complexity")]
    async fn shared_wishlist(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The secret at the end of its link.", secret)] secret: String,
    ) -> async_graphql::Result<Option<SharedWishlist>> {
        let (list, owner, _) = wishlists::shared(ctx.app(), &secret, page(Some(1), None).told()?).await.told()?;
        Ok(Some(SharedWishlist { list, owner, secret }))
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
        Ok(Some(SavedSearchConnection::new(found, |search| search.id, SavedSearch)))
    }
}

/// Changes what people keep.
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
            let wanted = super::request::id(&id, "wishlist")?;
            wishlists::rename(ctx.app(), &ctx.actor(), wanted, Some(version), &name).await.map(Wishlist)
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
        #[graphql(desc = "Which list.")] wishlist_id: ID,
        #[graphql(desc = "Which home.")] listing_id: ID,
        #[graphql(desc = "To oneself, up to 500 characters; without it the note there is stays.")] note: Option<String>,
    ) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async {
            let (list, listing) = (id(&wishlist_id, "wishlist")?, id(&listing_id, "listing")?);
            wishlists::put(ctx.app(), &ctx.actor(), list, listing, note.as_deref()).await.map(|()| true)
        };
        answer(done.await)
    }

    /// Take a home off a list.
    async fn remove_wish(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which list.")] wishlist_id: ID,
        #[graphql(desc = "Which home.")] listing_id: ID,
    ) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async {
            let (list, listing) = (id(&wishlist_id, "wishlist")?, id(&listing_id, "listing")?);
            wishlists::remove(ctx.app(), &ctx.actor(), list, listing).await.map(|()| true)
        };
        answer(done.await)
    }

    /// Give a list a link by which others may read it.
    async fn share_wishlist(&self, ctx: &Context<'_>, #[graphql(desc = "Which list.")] id: ID) -> async_graphql::Result<SharePayload> {
        ctx.signed_in()?;
        let done = async {
            let secret = wishlists::share(ctx.app(), &ctx.actor(), super::request::id(&id, "wishlist")?).await?;
            Ok(share_url(ctx.app(), &secret))
        };
        answer(done.await)
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
        #[graphql(desc = "The query string of the search over REST, e.g. place=Lisbon&adults=2.")] query: String,
        #[graphql(desc = "Be told once a day of new homes that fit.", default)] notify: bool,
    ) -> async_graphql::Result<SavedSearchPayload> {
        ctx.signed_in()?;
        let done = async {
            let query = query.trim_start_matches('?').to_owned();
            let filters = read_query(&query).map_err(plain)?.filters;
            wishlists::save_search(ctx.app(), &ctx.actor(), NewSearch { name, query, filters, notify }).await.map(SavedSearch)
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
        let done = async {
            let wanted: SavedSearchId = super::request::id(&id, "saved search")?;
            wishlists::delete_search(ctx.app(), &ctx.actor(), wanted).await.map(|()| true)
        };
        answer(done.await)
    }
}
