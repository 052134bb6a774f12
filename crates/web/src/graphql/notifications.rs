//! What one was told, and what one wants to be told.

use std::collections::BTreeMap;

use app::notifications;
use async_graphql::{Context, Description, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::ids::NotificationId;
use domain::notifications::{NotificationKind, QuietHours as Quiet, Roads};

use super::connection::{connections, page, size};
use super::error::{DonePayload, Told, answer, payloads};
use super::request::{Asks, id};
use super::scalars::{ClockTime, Cursor, Word};

/// What one was told.
#[derive(Description)]
pub struct Notification(pub notifications::Notification);

#[Object(use_type_description)]
impl Notification {
    /// Which.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// What it is about.
    async fn kind(&self) -> Word<NotificationKind> {
        Word(self.0.kind)
    }
    /// In a few words.
    async fn title(&self) -> &str {
        &self.0.title
    }
    /// In a sentence or two.
    async fn body(&self) -> &str {
        &self.0.body
    }
    /// A path of the site where one can act on it; may be empty.
    async fn link(&self) -> &str {
        &self.0.link
    }
    /// When it was seen.
    async fn read_at(&self) -> Option<DateTime<Utc>> {
        self.0.read_at
    }
    /// When it was told.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

connections! {
    NotificationConnection, NotificationEdge: Notification;
}

/// By which roads one kind of news comes.
#[derive(Debug, Clone, Copy, SimpleObject, InputObject)]
#[graphql(name = "NotificationChannel", input_name = "NotificationChannelInput")]
pub struct Channel {
    /// Which kind.
    pub kind: Word<NotificationKind>,
    /// By mail.
    pub email: bool,
    /// Inside the marketplace.
    pub in_app: bool,
}

/// When no mail is sent, by one's own clock.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "QuietHoursInput")]
pub struct QuietHours {
    /// IANA, e.g. Europe/Lisbon.
    pub time_zone: String,
    /// From this local time.
    pub from: ClockTime,
    /// Until this one; earlier than `from` means the next day.
    pub until: ClockTime,
}

/// What one wants to be told. Mails about the account itself always come.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(name = "NotificationPreferences", input_name = "NotificationPreferencesInput")]
pub struct Preferences {
    /// One for each kind; kinds that an input does not name keep their roads.
    pub channels: Vec<Channel>,
    /// When no mail is sent; null for never.
    pub quiet_hours: Option<QuietHours>,
}

impl From<notifications::Preferences> for Preferences {
    fn from(preferences: notifications::Preferences) -> Self {
        let channel = |(kind, roads): (NotificationKind, Roads)| Channel { kind: Word(kind), email: roads.email, in_app: roads.in_app };
        Self {
            channels: preferences.roads.into_iter().map(channel).collect(),
            quiet_hours: preferences.quiet.map(|quiet| QuietHours {
                time_zone: quiet.time_zone.name().to_owned(),
                from: quiet.from.into(),
                until: quiet.until.into(),
            }),
        }
    }
}

impl Preferences {
    fn read(self) -> app::Result<notifications::Preferences> {
        let roads: BTreeMap<NotificationKind, Roads> =
            self.channels.iter().map(|wish| (wish.kind.0, Roads { email: wish.email, in_app: wish.in_app })).collect();
        let quiet = self.quiet_hours.map(|quiet| {
            let time_zone = quiet.time_zone.parse().map_err(|_| {
                let zone = &quiet.time_zone;
                app::Error::invalid("/quiet_hours/time_zone", "time_zone", format!("{zone:?} is not a time zone, e.g. Europe/Lisbon"))
            })?;
            Ok::<_, app::Error>(Quiet { time_zone, from: quiet.from.0, until: quiet.until.0 })
        });
        Ok(notifications::Preferences { roads, quiet: quiet.transpose()? })
    }
}

/// Reads notifications.
#[derive(Default)]
pub struct NotificationsQuery;

#[Object]
impl NotificationsQuery {
    /// What one was told, newest first.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn notifications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that are not seen yet.", default)] unread: bool,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<NotificationConnection>> {
        ctx.signed_in()?;
        let found = notifications::list(ctx.app(), &ctx.actor(), unread, page(first, after.as_ref()).told()?).await.told()?;
        Ok(Some(NotificationConnection::new(found, |notification| notification.id, Notification)))
    }
}

payloads! {
    PreferencesPayload {
        /// The preferences as they are now.
        preferences: Preferences
    }
}

/// Changes what concerns notifications.
#[derive(Default)]
pub struct NotificationsMutation;

#[Object]
impl NotificationsMutation {
    /// Say which notifications were seen.
    async fn mark_notifications_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Up to 1,000; all of them when absent.")] ids: Option<Vec<ID>>,
    ) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async {
            let seen = ids.map(|ids| ids.iter().map(|one| id::<NotificationId>(one, "notification")).collect::<app::Result<Vec<_>>>());
            let seen = seen.transpose()?;
            if seen.as_ref().is_some_and(|ids| ids.len() > 1000) {
                return Err(app::Error::invalid("/ids", "one_of", "name up to 1,000 ids, or none for all"));
            }
            notifications::mark_read(ctx.app(), &ctx.actor(), seen.as_deref()).await
        };
        answer(done.await.map(|()| true))
    }

    /// Say what one wants to be told.
    async fn set_notification_preferences(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What one wants to be told.")] input: Preferences,
    ) -> async_graphql::Result<PreferencesPayload> {
        ctx.signed_in()?;
        let done = async { notifications::put_preferences(ctx.app(), &ctx.actor(), &input.read()?).await };
        answer(done.await.map(Preferences::from))
    }
}
