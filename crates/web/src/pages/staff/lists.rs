//! What waits, people, homes, reports, jobs, the audit log.

use app::App;
use app::staff::{self, Account, AuditEntry, Home, StayFilter};
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use domain::accounts::UserStatus;
use domain::ids::UserId;
use domain::listings::ListingStatus;
use domain::reviews::ReviewStatus;
use uuid::Uuid;

use super::bookings::stay_rows;
use super::{Act, Cell, Filter, Row, Section, asked, enter, show};
use crate::error::ApiResult;
use crate::extract::Path;
use crate::pages::{Asked, Shell, Visitor};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/staff", get(waiting))
        .route("/staff/people", get(people))
        .route("/staff/people/{id}", get(person))
        .route("/staff/homes", get(homes))
        .route("/staff/reports", get(reports))
        .route("/staff/jobs", get(jobs))
        .route("/staff/audit", get(audit))
}

async fn waiting(State(app): State<App>, visitor: Visitor) -> ApiResult<Response> {
    visitor.logged_in()?;
    enter(&visitor)?;
    let found = staff::waiting(&app, &visitor.actor).await?;
    let shell = Shell::new(&app, &visitor, "What waits");
    let row = |what: &str, count: i64, href: &str, note: &str| {
        Row::new([Cell::link(what, href.to_owned()).note(note), Cell::number(shell.locale().number(count))])
    };
    let rows = vec![
        row("Disputes", found.disputes, "/staff/money#disputes", "a guest's bank has taken money back"),
        row("Differences", found.cases, "/staff/money#cases", "provider and ledger do not agree"),
        row("Events not handled", found.webhooks, "/staff/money#webhooks", "what the payment provider has told us"),
        row("Reports about reviews", found.review_reports, "/staff/reports", "of reviews that can still be read"),
        row("Reports about conversations", found.conversation_reports, "/staff/reports#conversations", "within 30 days"),
        row("Dead jobs", found.dead_jobs, "/staff/jobs", "they failed for good"),
        row("Requests without an answer", found.requests, "/staff/bookings?state=requested", "they lapse by themselves"),
        row("Accounts shut out", found.suspended, "/staff/people?status=suspended", ""),
    ];
    let mut latest = log_section(&shell, staff::log(&app, &visitor.actor, None, asked(&Default::default(), "cursor")?).await?.data);
    latest.rows.truncate(5);
    let sections = vec![Section::table("waiting", "What waits", &["What", "How much"], rows), latest];
    show(shell, "/staff", String::new(), Vec::new(), sections)
}

fn standing(account: &Account) -> Option<Act> {
    match account.status {
        UserStatus::Active => Some(Act::new("suspend_user", "Shut out", account.id).grave()),
        UserStatus::Suspended => Some(Act::new("restore_user", "Let in again", account.id)),
        UserStatus::Unclaimed | UserStatus::Erased => None,
    }
}

async fn people(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    visitor.logged_in()?;
    enter(&visitor)?;
    let wanted = (fields.get("text"), fields.read::<UserStatus>("status"));
    let page = staff::people(&app, &visitor.actor, wanted, asked(&fields, "cursor")?).await?;
    let shell = Shell::new(&app, &visitor, "People");
    let row = |account: Account| {
        let mail = account.email.clone().unwrap_or_default();
        Row::new([
            Cell::link(&account.name, format!("/staff/people/{}", account.id)).note(mail),
            Cell::text(account.status).note(if account.staff { "staff" } else { "" }),
            Cell::number(account.homes),
            Cell::number(account.stays),
            Cell::text(shell.locale().date(account.created_at.date_naive())),
        ])
        .act(standing(&account))
    };
    let rows = page.data.into_iter().map(row).collect();
    let section = Section::table("people", "People", &["Who", "State", "Homes", "Stays", "Since"], rows);
    let section = section.next("/staff/people", &fields, "cursor", page.next_cursor);
    let filters = vec![
        Filter::new(&fields, "text", "Name begins with, or address is", []),
        Filter::new(&fields, "status", "State", UserStatus::ALL.iter().map(|status| status.as_str())),
    ];
    show(shell, "/staff/people", String::new(), filters, vec![section])
}

async fn person(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>) -> ApiResult<Response> {
    visitor.logged_in()?;
    enter(&visitor)?;
    let (actor, id) = (&visitor.actor, UserId(id));
    let account = staff::person(&app, actor, id).await?;
    let mut shell = Shell::new(&app, &visitor, "People");
    shell.title.clone_from(&account.name);
    let filter = StayFilter { person: Some(id), ..StayFilter::default() };
    let first = &crate::pages::Fields::default();
    let homes = staff::homes(&app, actor, (None, Some(id)), asked(first, "")?).await?;
    let stays = staff::stays(&app, actor, &filter, asked(first, "")?).await?;
    let log = staff::log(&app, actor, Some(&id.to_string()), asked(first, "")?).await?.data;
    let proved = account.email_verified_at.map(|at| shell.moment(&at, chrono_tz::UTC)).unwrap_or_default();
    let facts = vec![
        ("State", Cell::text(account.status)),
        ("Address", Cell::text(account.email.clone().unwrap_or_else(|| "none".to_owned()))),
        ("Proved", Cell::text(if proved.is_empty() { "not yet".to_owned() } else { proved })),
        ("Since", Cell::text(shell.locale().date(account.created_at.date_naive()))),
        ("Role", Cell::text(if account.staff { "staff" } else { "member" })),
        ("As others see them", Cell::link("Profile", format!("/people/{id}"))),
    ];
    let mut own: Vec<Act> = standing(&account).into_iter().collect();
    own.push(super::coupons::grant(id));
    let account = Section { id: "account", heading: "Account", facts, own, ..Section::default() };
    let homes_shown = Section::table("homes", "Homes", &HOME_COLUMNS, home_rows(&shell, homes.data)).next(
        "/staff/homes",
        &first.with("host", id.to_string()),
        "cursor",
        homes.next_cursor,
    );
    let stays_shown = Section::table("stays", "Bookings as guest or host", &super::bookings::COLUMNS, stay_rows(&shell, stays.data)).next(
        "/staff/bookings",
        &first.with("person", id.to_string()),
        "cursor",
        stays.next_cursor,
    );
    let log = log_section(&shell, log);
    show(shell, "/staff/people", String::new(), Vec::new(), vec![account, homes_shown, stays_shown, log])
}

const HOME_COLUMNS: [&str; 4] = ["Home", "State", "Host", "Since"];

fn home_rows(shell: &Shell, homes: Vec<Home>) -> Vec<Row> {
    let row = |home: Home| {
        let pause = (home.status == ListingStatus::Published).then(|| Act::new("pause_listing", "Take out of search", home.id));
        let archive = (home.status != ListingStatus::Archived).then(|| Act::new("archive_listing", "Take down for good", home.id).grave());
        Row::new([
            Cell::link(&home.title, format!("/homes/{}", home.id)).note(&home.city),
            Cell::text(home.status),
            Cell::link(&home.host_name, format!("/staff/people/{}", home.host_id)),
            Cell::text(shell.locale().date(home.created_at.date_naive())),
        ])
        .act(pause)
        .act(archive)
    };
    homes.into_iter().map(row).collect()
}

async fn homes(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    visitor.logged_in()?;
    enter(&visitor)?;
    let wanted = (fields.read::<ListingStatus>("status"), fields.read::<UserId>("host"));
    let page = staff::homes(&app, &visitor.actor, wanted, asked(&fields, "cursor")?).await?;
    let shell = Shell::new(&app, &visitor, "Homes");
    let section = Section::table("homes", "Homes", &HOME_COLUMNS, home_rows(&shell, page.data));
    let section = section.next("/staff/homes", &fields, "cursor", page.next_cursor);
    let filters = vec![
        Filter::new(&fields, "status", "State", ListingStatus::ALL.iter().map(|status| status.as_str())),
        Filter::new(&fields, "host", "Host (id)", []),
    ];
    show(shell, "/staff/homes", String::new(), filters, vec![section])
}

async fn reports(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    visitor.logged_in()?;
    enter(&visitor)?;
    let reviews = staff::review_reports(&app, &visitor.actor, asked(&fields, "reviews")?).await?;
    let conversations = staff::conversation_reports(&app, &visitor.actor, asked(&fields, "conversations")?).await?;
    let shell = Shell::new(&app, &visitor, "Reports");
    let person = |name: &str, id: UserId| Cell::link(name, format!("/staff/people/{id}"));
    let rows = reviews.data.into_iter().map(|report| {
        let hide = (report.status != ReviewStatus::Hidden).then(|| Act::new("hide_review", "Hide the review", report.review_id).grave());
        Row::new([
            Cell::text(&report.reason).note(shell.moment(&report.reported_at, chrono_tz::UTC)),
            person(&report.reporter_name, report.reporter_id),
            Cell::link(&report.comment, format!("/homes/{}", report.listing_id)).note(format!("by {}", report.author_name)),
            Cell::text(report.status),
        ])
        .act(hide)
    });
    let about_reviews = Section::table("reviews", "About reviews", &["Why", "Who complains", "The review", "State"], rows.collect()).next(
        "/staff/reports",
        &fields,
        "reviews",
        reviews.next_cursor,
    );
    let rows = conversations.data.into_iter().map(|report| {
        Row::new([
            Cell::text(&report.reason).note(shell.moment(&report.reported_at, chrono_tz::UTC)),
            person(&report.reporter_name, report.reporter_id),
            Cell::text(report.conversation_id),
        ])
    });
    let about_conversations = Section::table(
        "conversations",
        "About conversations",
        &["Why", "Who complains", "Conversation"],
        rows.collect(),
    )
    .next("/staff/reports", &fields, "conversations", conversations.next_cursor);
    show(shell, "/staff/reports", String::new(), Vec::new(), vec![about_reviews, about_conversations])
}

async fn jobs(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    visitor.logged_in()?;
    enter(&visitor)?;
    let queue = staff::queue(&app, &visitor.actor, asked(&fields, "cursor")?).await?;
    let shell = Shell::new(&app, &visitor, "Jobs");
    let rows = queue.dead.data.into_iter().map(|job| {
        Row::new([
            Cell::text(&job.kind).note(job.id),
            Cell::text(job.last_error.unwrap_or_default()).note(job.payload),
            Cell::number(job.attempts),
            Cell::text(shell.moment(&job.created_at, chrono_tz::UTC)),
        ])
        .act(Some(Act::new("retry_job", "Try again", job.id)))
        .act(Some(Act::new("discard_job", "Throw away", job.id).grave()))
    });
    let dead = Section::table("dead", "Dead letters", &["Kind", "Why it failed", "Tries", "Since"], rows.collect());
    let dead = dead.next("/staff/jobs", &fields, "cursor", queue.dead.next_cursor);
    let rows = queue.depths.into_iter().map(|depth| {
        let due = depth.oldest.map(|at| shell.moment(&at, chrono_tz::UTC)).unwrap_or_default();
        Row::new([Cell::text(depth.kind), Cell::text(depth.status), Cell::number(shell.locale().number(depth.count)), Cell::text(due)])
    });
    let depths = Section::table("queue", "The queue", &["Kind", "State", "How many", "Earliest due"], rows.collect());
    show(shell, "/staff/jobs", String::new(), Vec::new(), vec![dead, depths])
}

/// Where a subject of the log is looked at.
fn subject_page(entry: &AuditEntry) -> Cell {
    let name = format!("{} {}", entry.subject, entry.subject_id);
    match entry.subject.as_str() {
        "user" => Cell::link(name, format!("/staff/people/{}", entry.subject_id)),
        "booking" => Cell::link(name, format!("/staff/bookings/{}", entry.subject_id)),
        "listing" => Cell::link(name, format!("/homes/{}", entry.subject_id)),
        _ => Cell::text(name),
    }
}

/// Entries of the audit log as a table.
pub(super) fn log_section(shell: &Shell, entries: Vec<AuditEntry>) -> Section {
    let row = |entry: AuditEntry| {
        let chosen =
            if entry.details.as_object().is_some_and(|details| !details.is_empty()) { entry.details.to_string() } else { String::new() };
        let ended = match entry.done {
            Some(true) => Cell::text("Done"),
            Some(false) => Cell::text("Refused").note(entry.answer.clone().unwrap_or_default()),
            None => Cell::text("No end written"),
        };
        Row::new([
            Cell::text(shell.moment(&entry.at, chrono_tz::UTC)),
            Cell::link(&entry.staff_name, format!("/staff/people/{}", entry.staff_id)),
            Cell::text(entry.action.meaning()).note(chosen),
            subject_page(&entry),
            Cell::text(&entry.reason),
            ended,
        ])
    };
    let rows = entries.into_iter().map(row).collect();
    Section::table("log", "Audit log", &["When (UTC)", "Who", "What", "To what", "Why", "How it ended"], rows)
}

async fn audit(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    visitor.logged_in()?;
    enter(&visitor)?;
    let page = staff::log(&app, &visitor.actor, fields.some("subject"), asked(&fields, "cursor")?).await?;
    let shell = Shell::new(&app, &visitor, "Audit log");
    let section = log_section(&shell, page.data).next("/staff/audit", &fields, "cursor", page.next_cursor);
    show(shell, "/staff/audit", String::new(), vec![Filter::new(&fields, "subject", "Id of the subject", [])], vec![section])
}
