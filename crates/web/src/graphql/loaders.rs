//! Batches: what many resolvers of one request ask for at the same time is
//! fetched in one statement. A batch closes when every resolver that can run
//! has asked, so how many statements a document takes does not depend on luck.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use app::bookings::HistoryEntry;
use app::listings::{self, Photo};
use app::messaging::{self, Message, MessageKey};
use app::reviews::{self, Order, Rating, Review, ReviewKey};
use app::{App, Error, accounts, bookings, calendar, pricing};
use domain::actor::Actor;
use domain::bookings::Booking;
use domain::calendar::StayRules;
use domain::ids::{BookingId, ConversationId, ListingId, ReviewId, UserId};
use domain::listings::{Arrival, Listing};
use domain::page::{Limit, Page};
use domain::payments::Payment;
use domain::pricing::Tariff;
use tokio::sync::oneshot;

use super::error::shared;

type Answer<V> = Result<Option<V>, Arc<Error>>;

struct State<K, V> {
    /// Asked for, not fetched yet.
    waiting: HashMap<K, Vec<oneshot::Sender<Answer<V>>>>,
    /// Fetched in this request.
    known: HashMap<K, Option<V>>,
}

/// One kind of thing, fetched by many keys at once.
struct Batch<K, V>(Mutex<State<K, V>>);

impl<K, V> Default for Batch<K, V> {
    fn default() -> Self {
        Self(Mutex::new(State { waiting: HashMap::new(), known: HashMap::new() }))
    }
}

impl<K: Copy + Eq + Hash, V: Clone> Batch<K, V> {
    fn state(&self) -> std::sync::MutexGuard<'_, State<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self) {
        self.state().known.clear();
    }

    /// The thing under `key`, fetched with all others that are asked for now.
    async fn load<F>(&self, key: K, fetch: impl Fn(Vec<K>) -> F) -> async_graphql::Result<Option<V>>
    where
        F: Future<Output = app::Result<HashMap<K, V>>>,
    {
        loop {
            let answer = {
                let mut state = self.state();
                if let Some(known) = state.known.get(&key) {
                    return Ok(known.clone());
                }
                let (sender, answer) = oneshot::channel();
                state.waiting.entry(key).or_default().push(sender);
                answer
            };
            // The task goes to the end of the queue: every other resolver that
            // can run asks first.
            tokio::task::yield_now().await;
            let asked = std::mem::take(&mut self.state().waiting);
            if !asked.is_empty() {
                let found = fetch(asked.keys().copied().collect()).await.map_err(Arc::new);
                self.tell(asked, &found);
            }
            // Whoever fetched for all may have been given up meanwhile, because
            // something beside it failed: then the others ask once more.
            if let Ok(answer) = answer.await {
                return answer.map_err(|error| shared(&error));
            }
        }
    }

    fn tell(&self, asked: HashMap<K, Vec<oneshot::Sender<Answer<V>>>>, found: &Result<HashMap<K, V>, Arc<Error>>) {
        let mut state = self.state();
        for (key, senders) in asked {
            let one = match found {
                Ok(values) => Ok(values.get(&key).cloned()),
                Err(error) => Err(error.clone()),
            };
            if let Ok(value) = &one {
                state.known.insert(key, value.clone());
            }
            for sender in senders {
                // Whoever went away does not need it.
                let _ = sender.send(one.clone());
            }
        }
    }
}

/// The batches of one request: what is fetched, for whom.
pub struct Loaders {
    app: App,
    actor: Actor,
    listings: Batch<ListingId, Listing>,
    users: Batch<UserId, accounts::PublicProfile>,
    photos: Batch<(ListingId, i64), Vec<Photo>>,
    ratings: Batch<ListingId, Rating>,
    tariffs: Batch<ListingId, Tariff>,
    rules: Batch<ListingId, StayRules>,
    arrivals: Batch<ListingId, Arrival>,
    reviews: Batch<ReviewId, Review>,
    listing_reviews: Batch<(ListingId, Option<ReviewKey>, Order, Limit), Vec<Review>>,
    guest_reviews: Batch<(UserId, Option<ReviewKey>, Limit), Vec<Review>>,
    booking_reviews: Batch<BookingId, Vec<Review>>,
    host_listings: Batch<(UserId, Option<ListingId>, Limit), Vec<Listing>>,
    bookings: Batch<BookingId, Booking>,
    listing_bookings: Batch<(ListingId, Option<BookingId>, Limit), Vec<Booking>>,
    payments: Batch<BookingId, Payment>,
    histories: Batch<BookingId, Vec<HistoryEntry>>,
    messages: Batch<(ConversationId, Option<MessageKey>, Limit), Vec<Message>>,
}

type Loaded<T> = async_graphql::Result<T>;

/// Fetches keys that carry how they are to be fetched, one statement for each
/// way there is (mostly one).
async fn by_way<K, W, P, V, F>(
    keys: Vec<K>,
    split: impl Fn(K) -> (W, P),
    join: impl Fn(W, P) -> K,
    fetch: impl Fn(W, Vec<P>) -> F,
) -> app::Result<HashMap<K, V>>
where
    K: Copy + Eq + Hash,
    W: Copy + Eq + Hash,
    P: Copy + Eq + Hash,
    F: Future<Output = app::Result<HashMap<P, V>>>,
{
    let mut ways: HashMap<W, Vec<P>> = HashMap::new();
    for key in keys {
        let (way, part) = split(key);
        ways.entry(way).or_default().push(part);
    }
    let mut found = HashMap::new();
    for (way, parts) in ways {
        found.extend(fetch(way, parts).await?.into_iter().map(|(part, value)| (join(way, part), value)));
    }
    Ok(found)
}

impl Loaders {
    /// Nothing is fetched yet.
    #[must_use]
    pub fn new(app: &App, actor: Actor) -> Self {
        Self {
            app: app.clone(),
            actor,
            listings: Batch::default(),
            users: Batch::default(),
            photos: Batch::default(),
            ratings: Batch::default(),
            tariffs: Batch::default(),
            rules: Batch::default(),
            arrivals: Batch::default(),
            reviews: Batch::default(),
            listing_reviews: Batch::default(),
            guest_reviews: Batch::default(),
            booking_reviews: Batch::default(),
            host_listings: Batch::default(),
            bookings: Batch::default(),
            listing_bookings: Batch::default(),
            payments: Batch::default(),
            histories: Batch::default(),
            messages: Batch::default(),
        }
    }

    /// Forgets what was fetched: a watcher's next fact is told with fresh eyes.
    pub(super) fn forget(&self) {
        self.listings.forget();
        self.users.forget();
        self.photos.forget();
        self.ratings.forget();
        self.tariffs.forget();
        self.rules.forget();
        self.arrivals.forget();
        self.reviews.forget();
        self.listing_reviews.forget();
        self.guest_reviews.forget();
        self.booking_reviews.forget();
        self.host_listings.forget();
        self.bookings.forget();
        self.listing_bookings.forget();
        self.payments.forget();
        self.histories.forget();
        self.messages.forget();
    }

    /// A listing the actor may see.
    pub(super) async fn listing(&self, id: ListingId) -> Loaded<Option<Listing>> {
        self.listings.load(id, async |ids| listings::by_ids(&self.app, &self.actor, &ids).await).await
    }

    /// Somebody whose public face was found already.
    pub(super) fn know_user(&self, profile: &accounts::PublicProfile) {
        self.users.state().known.insert(profile.id, Some(profile.clone()));
    }

    /// Somebody's public face, also when they have left.
    pub(super) async fn user(&self, id: UserId) -> Loaded<Option<accounts::PublicProfile>> {
        self.users.load(id, async |ids| accounts::profiles(&self.app, &ids).await).await
    }

    /// The first photographs of a visible listing.
    pub(super) async fn photos(&self, id: ListingId, most: i64) -> Loaded<Vec<Photo>> {
        let fetch = async |keys| {
            by_way(keys, |(id, most)| (most, id), |most, id| (id, most), async |most, ids| listings::photos_of(&self.app, &ids, most).await)
                .await
        };
        Ok(self.photos.load((id, most), fetch).await?.unwrap_or_default())
    }

    /// What a visible listing is rated.
    pub(super) async fn rating(&self, id: ListingId) -> Loaded<Option<Rating>> {
        self.ratings.load(id, async |ids| reviews::ratings(&self.app, &ids).await).await
    }

    /// What a visible listing costs.
    pub(super) async fn tariff(&self, id: ListingId) -> Loaded<Option<Tariff>> {
        self.tariffs.load(id, async |ids| pricing::tariffs(&self.app, &ids).await).await
    }

    /// Which stays a visible listing takes.
    pub(super) async fn rules(&self, id: ListingId) -> Loaded<StayRules> {
        Ok(self.rules.load(id, async |ids| calendar::rules_of_many(&self.app, &ids).await).await?.unwrap_or_default())
    }

    /// How to get into a listing of the actor's own.
    pub(super) async fn arrival(&self, id: ListingId) -> Loaded<Option<Arrival>> {
        self.arrivals.load(id, async |ids| listings::arrivals(&self.app, &self.actor, &ids).await).await
    }

    /// A review the actor may read.
    pub(super) async fn review(&self, id: ReviewId) -> Loaded<Option<Review>> {
        self.reviews.load(id, async |ids| reviews::by_ids(&self.app, &self.actor, &ids).await).await
    }

    /// A page of a visible listing's open reviews.
    pub(super) async fn listing_reviews(
        &self,
        id: ListingId,
        order: Order,
        after: Option<ReviewKey>,
        limit: Limit,
    ) -> Loaded<Page<Review>> {
        let fetch = async |keys| {
            by_way(
                keys,
                |(id, after, order, limit)| ((order, limit), (id, after)),
                |(order, limit), (id, after)| (id, after, order, limit),
                async |(order, limit), wanted| reviews::of_listings(&self.app, &wanted, order, limit).await,
            )
            .await
        };
        let rows = self.listing_reviews.load((id, after, order, limit), fetch).await?.unwrap_or_default();
        Ok(Page::cut(rows, limit, reviews::key))
    }

    /// A page of the open reviews somebody received as a guest.
    pub(super) async fn guest_reviews(&self, id: UserId, after: Option<ReviewKey>, limit: Limit) -> Loaded<Page<Review>> {
        let fetch = async |keys| {
            by_way(
                keys,
                |(id, after, limit)| (limit, (id, after)),
                |limit, (id, after)| (id, after, limit),
                async |limit, wanted| reviews::of_guests(&self.app, &wanted, limit).await,
            )
            .await
        };
        Ok(Page::cut(self.guest_reviews.load((id, after, limit), fetch).await?.unwrap_or_default(), limit, reviews::key))
    }

    /// The reviews of a booking of the actor's that they may read.
    pub(super) async fn booking_reviews(&self, id: BookingId) -> Loaded<Vec<Review>> {
        Ok(self.booking_reviews.load(id, async |ids| reviews::of_bookings(&self.app, &self.actor, &ids).await).await?.unwrap_or_default())
    }

    /// A page of somebody's published homes.
    pub(super) async fn host_listings(&self, id: UserId, after: Option<ListingId>, limit: Limit) -> Loaded<Page<Listing>> {
        let fetch = async |keys| {
            by_way(
                keys,
                |(id, after, limit)| (limit, (id, after)),
                |limit, (id, after)| (id, after, limit),
                async |limit, wanted| listings::published_of_hosts(&self.app, &wanted, limit).await,
            )
            .await
        };
        Ok(Page::cut(self.host_listings.load((id, after, limit), fetch).await?.unwrap_or_default(), limit, |listing| listing.id))
    }

    /// A booking the actor is a party of.
    pub(super) async fn booking(&self, id: BookingId) -> Loaded<Option<Booking>> {
        self.bookings.load(id, async |ids| bookings::by_ids(&self.app, &self.actor, &ids).await).await
    }

    /// A page of a listing's bookings that the actor is a party of.
    pub(super) async fn listing_bookings(&self, id: ListingId, after: Option<BookingId>, limit: Limit) -> Loaded<Page<Booking>> {
        let fetch = async |keys| {
            by_way(
                keys,
                |(id, after, limit)| (limit, (id, after)),
                |limit, (id, after)| (id, after, limit),
                async |limit, wanted| bookings::of_listings(&self.app, &self.actor, &wanted, limit).await,
            )
            .await
        };
        Ok(Page::cut(self.listing_bookings.load((id, after, limit), fetch).await?.unwrap_or_default(), limit, |booking| booking.id))
    }

    /// The payment of a booking of the actor's.
    pub(super) async fn payment(&self, id: BookingId) -> Loaded<Option<Payment>> {
        self.payments.load(id, async |ids| bookings::payments_of(&self.app, &self.actor, &ids).await).await
    }

    /// Who moved a booking of the actor's.
    pub(super) async fn history(&self, id: BookingId) -> Loaded<Vec<HistoryEntry>> {
        Ok(self.histories.load(id, async |ids| bookings::histories(&self.app, &self.actor, &ids).await).await?.unwrap_or_default())
    }

    /// A page of a thread that the actor takes part in.
    pub(super) async fn messages(&self, id: ConversationId, after: Option<MessageKey>, limit: Limit) -> Loaded<Page<Message>> {
        let fetch = async |keys| {
            by_way(
                keys,
                |(id, after, limit)| (limit, (id, after)),
                |limit, (id, after)| (id, after, limit),
                async |limit, wanted| messaging::messages_of(&self.app, &self.actor, &wanted, limit).await,
            )
            .await
        };
        Ok(Page::cut(self.messages.load((id, after, limit), fetch).await?.unwrap_or_default(), limit, |message| message.sequence))
    }
}
