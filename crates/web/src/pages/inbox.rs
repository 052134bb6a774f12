//! The inbox: threads, writing, and news as they happen.

use app::App;
use app::messaging::{self, About, Conversation, Message, Opening};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use chrono::NaiveDate;
use domain::actor::Actor;
use domain::ids::{BookingId, ConversationId, ListingId, UserId};
use domain::messaging::{MemberRole, MessageKind};
use domain::page::{Limit, PageRequest};
use uuid::Uuid;

use super::{Asked, Fields, Mistakes, Sent, Shell, Visitor, go, go_with};
use crate::assets;
use crate::error::{ApiError, ApiResult};
use crate::extract::Path;
use crate::rest::live;

/// The routes of this slice.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/inbox", get(list))
        .route("/inbox/new", get(new_form).post(begin))
        .route("/inbox/{id}", get(thread).post(send))
        .route("/inbox/{id}/entries", get(entries))
        .route("/inbox/{id}/read", post(mark_read))
        .route("/inbox/{id}/report", post(report))
        .route("/events", get(events))
}

/// Entries of a thread on one page.
const ENTRIES: u16 = 40;

/// A thread in the list.
struct Row {
    id: ConversationId,
    names: String,
    initial: String,
    about: String,
    glimpse: String,
    at: String,
    state: Option<&'static str>,
    unread: i32,
}

#[derive(Template)]
#[template(path = "inbox/list.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Row>,
    only_unread: bool,
    next: String,
}

/// Those whom one talks to.
fn others(conversation: &Conversation, me: Option<UserId>) -> String {
    let names = conversation.members.iter().filter(|member| Some(member.person.id) != me && member.role != MemberRole::CoHost);
    names.map(|member| member.person.name.clone()).collect::<Vec<_>>().join(", ")
}

/// What happened to a booking, in the visitor's language.
fn told(shell: &Shell, message: &Message) -> String {
    let known = match message.event.as_deref() {
        Some("booking.requested") => "The guest has asked for this stay.",
        Some("booking.confirmed") => "The stay is booked.",
        Some("booking.declined") => "The host could not take this stay.",
        Some("booking.expired") => "The time was up: the nights are free again.",
        Some("booking.cancelled") => "The stay was called off.",
        Some("booking.completed") => "The stay is over. How was it?",
        Some("booking.no_show") => "The host says that the guest never came.",
        _ => return message.body.clone(),
    };
    shell.t(known).to_owned()
}

fn row(shell: &Shell, conversation: Conversation) -> Row {
    let names = others(&conversation, shell.visitor.actor.user_id());
    let glimpse = conversation.last_message.as_ref().map(|message| match message.kind {
        MessageKind::System => told(shell, message),
        MessageKind::Text => message.body.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(120).collect(),
    });
    Row {
        id: conversation.id,
        initial: super::shell::initial(&names),
        names,
        about: conversation.listing_title,
        glimpse: glimpse.unwrap_or_default(),
        at: shell.locale().moment(conversation.last_at, chrono_tz::UTC),
        state: conversation.booking.map(|stay| stay.state.as_str()),
        unread: conversation.unread,
    }
}

async fn list(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    visitor.logged_in()?;
    let only_unread = fields.get("show") == "unread";
    let page = PageRequest::new(fields.some("cursor"), Limit::default())?;
    let page = messaging::list(&app, &visitor.actor, only_unread, page).await?;
    let shell = Shell::new(&app, &visitor, "Inbox").script(assets::LIVE_JS);
    let rows = page.data.into_iter().map(|conversation| row(&shell, conversation)).collect();
    let next = page.next_cursor.map(|cursor| fields.with("cursor", cursor).query()).unwrap_or_default();
    shell.clone().page(&ListPage { shell, rows, only_unread, next })
}

/// An entry as people read it.
struct Line {
    sequence: i64,
    system: bool,
    mine: bool,
    name: String,
    text: String,
    masked: bool,
    removed: bool,
    at: String,
    /// The day, where a new one begins.
    day: Option<String>,
    seen: bool,
}

fn lines(shell: &Shell, conversation: &Conversation, mut messages: Vec<Message>) -> Vec<Line> {
    messages.sort_unstable_by_key(|message| message.sequence);
    let me = shell.visitor.actor.user_id();
    let read = conversation.members.iter().filter(|member| Some(member.person.id) != me).map(|member| member.read_sequence).max();
    let mut last: Option<NaiveDate> = None;
    let line = |message: Message| {
        let date = message.created_at.date_naive();
        let day = (last != Some(date)).then(|| shell.locale().weekday_date(date));
        last = Some(date);
        let sender = conversation.members.iter().find(|member| Some(member.person.id) == message.sender);
        let system = message.kind == MessageKind::System;
        let mine = !system && message.sender == me;
        Line {
            sequence: message.sequence,
            system,
            mine,
            name: sender.map(|member| member.person.name.clone()).unwrap_or_default(),
            masked: message.masked,
            removed: !system && message.body.is_empty(),
            at: shell.locale().time(message.created_at.time()),
            seen: mine && read.is_some_and(|read| read >= message.sequence),
            text: if system { told(shell, &message) } else { message.body },
            day,
        }
    };
    messages.into_iter().map(line).collect()
}

#[derive(Template)]
#[template(path = "inbox/entries.html")]
struct Entries {
    shell: Shell,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "inbox/thread.html")]
struct ThreadPage<'a> {
    shell: Shell,
    conversation: &'a Conversation,
    names: String,
    lines: Vec<Line>,
    stay: String,
    earlier: Option<String>,
    masked: bool,
    fields: &'a Fields,
    mistakes: &'a Mistakes,
}

async fn thread_page(app: &App, visitor: &Visitor, id: ConversationId, fields: &Fields, mistakes: &Mistakes) -> ApiResult<Response> {
    visitor.logged_in()?;
    let conversation = messaging::by_id(app, &visitor.actor, id).await?;
    let page = PageRequest { after: fields.read::<i64>("before"), limit: Limit::new(ENTRIES).unwrap_or_default() };
    let page = messaging::messages(app, &visitor.actor, id, page).await?;
    let shell = Shell::new(app, visitor, "Inbox").script(assets::INBOX_JS);
    let lines = lines(&shell, &conversation, page.data);
    let earlier = page.next_cursor.and(lines.first()).map(|first| format!("/inbox/{id}?before={}", first.sequence));
    let stay = conversation
        .booking
        .as_ref()
        .map(|stay| shell.locale().stay(domain::dates::Stay { check_in: stay.check_in, check_out: stay.check_out }));
    let template = ThreadPage {
        names: others(&conversation, visitor.actor.user_id()),
        masked: lines.iter().any(|line| line.masked),
        conversation: &conversation,
        stay: stay.unwrap_or_default(),
        shell: shell.clone(),
        lines,
        earlier,
        fields,
        mistakes,
    };
    if mistakes.is_empty() { shell.page(&template) } else { shell.corrected(&template) }
}

async fn thread(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>, Asked(fields): Asked) -> ApiResult<Response> {
    thread_page(&app, &visitor, ConversationId(id), &fields, &Mistakes::default()).await
}

async fn send(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>, Sent(fields): Sent) -> ApiResult<Response> {
    visitor.logged_in()?;
    let id = ConversationId(id);
    match messaging::send(&app, &visitor.actor, id, fields.raw("body"), None).await {
        Ok(sent) => Ok(go(&format!("/inbox/{id}#entry-{}", sent.value.sequence))),
        Err(error) => thread_page(&app, &visitor, id, &fields, &Mistakes::of(error)?).await,
    }
}

/// The entries after one, for a page that stands open.
async fn entries(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>, Asked(fields): Asked) -> ApiResult<Response> {
    visitor.logged_in()?;
    let id = ConversationId(id);
    let after = fields.read::<i64>("after").unwrap_or(0);
    let conversation = messaging::by_id(&app, &visitor.actor, id).await?;
    let page = PageRequest { after: None, limit: Limit::new(ENTRIES).unwrap_or_default() };
    let mut page = messaging::messages(&app, &visitor.actor, id, page).await?;
    page.data.retain(|message| message.sequence > after);
    let shell = Shell::new(&app, &visitor, "Inbox");
    let lines = lines(&shell, &conversation, page.data);
    shell.clone().page(&Entries { shell, lines })
}

async fn mark_read(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>) -> ApiResult<Response> {
    messaging::mark_read(&app, &visitor.actor, ConversationId(id), None).await?;
    Ok(go(&format!("/inbox/{id}")))
}

async fn report(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>, Sent(fields): Sent) -> ApiResult<Response> {
    visitor.logged_in()?;
    let path = format!("/inbox/{id}");
    match messaging::report(&app, &visitor.actor, ConversationId(id), fields.get("reason")).await {
        Ok(()) => Ok(go_with(&app, &path, visitor.locale.t("Thank you. We will look at it."))),
        Err(app::Error::Invalid(_)) => Ok(super::go_with_warning(&app, &path, visitor.locale.t("Say what is wrong, please."))),
        Err(error) => Err(ApiError::App(error)),
    }
}

#[derive(Template)]
#[template(path = "inbox/new.html")]
struct NewPage<'a> {
    shell: Shell,
    about: String,
    fields: &'a Fields,
    mistakes: &'a Mistakes,
}

/// What a new thread is to be about, and its name.
async fn about(app: &App, actor: &Actor, fields: &Fields) -> ApiResult<(About, String)> {
    if let Some(id) = fields.read::<Uuid>("booking") {
        let (booking, _) = app::bookings::party(app, actor, BookingId(id)).await?;
        return Ok((About::Booking(booking.id), booking.terms.listing_title));
    }
    let id = ListingId(fields.read::<Uuid>("listing").ok_or(app::Error::NotFound("listing"))?);
    let listing = app::listings::visible(app, actor, id).await?;
    Ok((About::Listing(id), listing.title))
}

async fn new_page(app: &App, visitor: &Visitor, fields: &Fields, mistakes: &Mistakes) -> ApiResult<Response> {
    visitor.logged_in()?;
    let (_, about) = about(app, &visitor.actor, fields).await?;
    let shell = Shell::new(app, visitor, "Write a message");
    let page = NewPage { shell: shell.clone(), about, fields, mistakes };
    if mistakes.is_empty() { shell.page(&page) } else { shell.corrected(&page) }
}

async fn new_form(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    new_page(&app, &visitor, &fields, &Mistakes::default()).await
}

async fn begin(State(app): State<App>, visitor: Visitor, Sent(fields): Sent) -> ApiResult<Response> {
    visitor.logged_in()?;
    let (about, _) = about(&app, &visitor.actor, &fields).await?;
    let opening = Opening { about, body: fields.raw("message").to_owned() };
    match messaging::open(&app, &visitor.actor, opening, None).await {
        Ok(opened) => Ok(go(&format!("/inbox/{}", opened.value.id))),
        Err(error) => new_page(&app, &visitor, &fields, &Mistakes::of(error)?).await,
    }
}

/// The stream of news for open pages, by their cookie.
async fn events(State(app): State<App>, visitor: Visitor, headers: HeaderMap, Asked(fields): Asked) -> ApiResult<Response> {
    let (login, _) = visitor.logged_in()?;
    let sent = headers.get("last-event-id").and_then(|value| value.to_str().ok()).map(str::to_owned);
    live::answer(app, *login, sent.or_else(|| fields.some("last_event_id").map(str::to_owned))).await
}
