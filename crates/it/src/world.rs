//! The whole server on a loopback port, with a clock that stands still and
//! mails that can be read.

use std::sync::{Arc, Mutex, OnceLock};

use app::accounts::SealingKey;
use app::clock::Clock;
use app::ids::Ids;
use app::listings::place::LocationKey;
use app::ports::blobs::Blobs;
use app::ports::mail::{Mail, Mailer};
use app::ports::payments::PaymentProvider;
use app::ports::sandbox::Sandbox;
use app::{App, Config, Parts};
use async_trait::async_trait;
use domain::actor::Actor;
use domain::ids::UserId;
use image::{ImageFormat, Rgb, RgbImage};
use jobs::WorkerSettings;
use platform::cache::Cache;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{Client, TestDb};

#[derive(Default)]
/// Every mail that was sent, the last of each message id.
pub struct Letterbox(Mutex<Vec<Mail>>);

#[async_trait]
impl Mailer for Letterbox {
    async fn send(&self, mail: &Mail) -> anyhow::Result<()> {
        let mut mails = self.0.lock().unwrap();
        mails.retain(|old| old.message_id != mail.message_id);
        mails.push(mail.clone());
        Ok(())
    }
}

/// An application on a database that exists, with the machine's clock: for
/// measurements.
pub fn bare(db: sqlx::PgPool) -> App {
    assemble(
        settings(&std::env::temp_dir(), "http://127.0.0.1:1"),
        db,
        (Clock::system(), Ids::seeded(7)),
        Arc::new(Letterbox::default()),
        None,
    )
}

/// An application without a server, its clock standing at `start` and as far
/// ahead as the database says.
pub fn headless(db: sqlx::PgPool, start: chrono::DateTime<chrono::Utc>, ids: Ids) -> App {
    let config = settings(&std::env::temp_dir(), "http://127.0.0.1:1");
    assemble(config, db, (Clock::standing(start), ids), Arc::new(Letterbox::default()), None)
}

fn settings(folder: &std::path::Path, base: &str) -> Config {
    let mut config = Config::from_layers(None, |_| None).unwrap();
    base.clone_into(&mut config.public_url);
    folder.clone_into(&mut config.data_dir);
    // Tests ask as fast as they can.
    config.rate_limit.enabled = false;
    config
}

/// Payments are the sandbox's unless there is an `other` provider.
fn assemble(
    config: Config,
    db: sqlx::PgPool,
    (clock, ids): (Clock, Ids),
    mails: Arc<Letterbox>,
    other: Option<Arc<dyn PaymentProvider>>,
) -> App {
    let late: Arc<OnceLock<App>> = Arc::default();
    let later = late.clone();
    let secret = b"a secret of the tests".to_vec();
    let sandbox = Sandbox::new(db.clone(), secret.clone(), &config.public_url, move || later.get().unwrap().clock.now());
    let blobs = Blobs::new("", &config.data_dir, "").unwrap();
    let app = App::new(Parts {
        config,
        db,
        clock,
        ids,
        cache: Cache::new(None, 16 << 20, false),
        mailer: mails,
        provider: other.unwrap_or_else(|| Arc::new(sandbox)),
        sandbox_secret: secret,
        sealing_key: SealingKey::new(b"a seal of the tests"),
        location_key: LocationKey::new(b"a place of the tests"),
        blobs,
        places: app::places::Places::default(),
        search: app::search::Live::default(),
        waker: OnceLock::new(),
        live: app::live::Live::default(),
    });
    let _ = late.set(app.clone());
    app
}

/// A marketplace of one's own. Its clock stands at 2030-01-01T10:00:00Z.
pub struct TestApp {
    pub app: App,
    pub base: String,
    mails: Arc<Letterbox>,
    folder: Arc<Folder>,
    db: Arc<TestDb>,
    start: chrono::DateTime<chrono::Utc>,
}

struct Folder(std::path::PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub const PASSWORD: &str = "open the garden gate";

impl TestApp {
    pub async fn new() -> Self {
        Self::with_connections(10).await
    }

    pub async fn with_connections(most: u32) -> Self {
        Self::at("2030-01-01T10:00:00Z".parse().unwrap(), most).await
    }

    /// With a clock that stands at another time.
    pub async fn at(start: chrono::DateTime<chrono::Utc>, most: u32) -> Self {
        Self::set_up(start, most, |_| {}, None).await
    }

    /// With other settings.
    pub async fn with_settings(change: impl FnOnce(&mut Config)) -> Self {
        Self::set_up("2030-01-01T10:00:00Z".parse().unwrap(), 10, change, None).await
    }

    /// One that fetches from loopback addresses too.
    pub async fn permissive() -> Self {
        Self::with_settings(|config| config.outbound.allow_private = true).await
    }

    /// With another payment provider than the sandbox.
    pub async fn paid_through(start: chrono::DateTime<chrono::Utc>, provider: Arc<dyn PaymentProvider>) -> Self {
        Self::set_up(start, 10, |_| {}, Some(provider)).await
    }

    async fn set_up(
        start: chrono::DateTime<chrono::Utc>,
        most: u32,
        change: impl FnOnce(&mut Config),
        other: Option<Arc<dyn PaymentProvider>>,
    ) -> Self {
        let db = Arc::new(TestDb::with_connections(most).await);
        let folder = Arc::new(Folder(std::env::temp_dir().join(format!("roost-it-{}", uuid::Uuid::new_v4().simple()))));
        std::fs::create_dir_all(&folder.0).unwrap();
        Self::on(db, folder, start, change, other).await
    }

    /// A second server of the same marketplace.
    pub async fn twin(&self) -> Self {
        Self::on(self.db.clone(), self.folder.clone(), self.start, |_| {}, None).await
    }

    async fn on(
        db: Arc<TestDb>,
        folder: Arc<Folder>,
        start: chrono::DateTime<chrono::Utc>,
        change: impl FnOnce(&mut Config),
        other: Option<Arc<dyn PaymentProvider>>,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let mails = Arc::new(Letterbox::default());
        let mut config = settings(&folder.0, &base);
        change(&mut config);
        let app = assemble(config, db.pool().clone(), (Clock::standing(start), Ids::seeded(7)), mails.clone(), other);
        tokio::spawn(web::serve(app.clone(), listener, std::future::pending()));
        Self { app, base, mails, folder, db, start }
    }

    /// Lets this server keep a search index until the token is cancelled; returns
    /// once searches are answered from it.
    pub async fn follow(&self) -> CancellationToken {
        let stop = CancellationToken::new();
        tokio::spawn(app::search::follow(self.app.clone(), stop.clone()));
        while !self.app.search.is_serving() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        stop
    }

    /// Asks for everything that recurs, now, and does it.
    pub async fn run_schedules(&self) {
        let mut connection = self.pool().acquire().await.unwrap();
        for schedule in app::worker::schedules().unwrap() {
            schedule.ask_now(&mut connection, self.app.clock.now()).await.unwrap();
        }
        drop(connection);
        self.run_jobs().await;
    }

    /// Another server of the same marketplace; its address.
    pub async fn second_server(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(web::serve(self.app.clone(), listener, std::future::pending()));
        base
    }

    pub fn db(&self) -> &TestDb {
        &self.db
    }

    pub fn pool(&self) -> &sqlx::PgPool {
        self.db.pool()
    }

    pub fn anonymous(&self) -> Client {
        Client::new(&self.base)
    }

    pub async fn get(&self, path: &str) -> crate::Answer {
        self.anonymous().get(path).await
    }

    /// Registered, proved and logged in.
    pub async fn user(&self, name: &str) -> Client {
        let client = self.newcomer(name).await;
        let id: UserId = client.id.parse().unwrap();
        app::accounts::confirm_email(&self.app, &Actor::System, id).await.unwrap();
        client
    }

    /// Registered and logged in; the address is not proved.
    pub async fn newcomer(&self, name: &str) -> Client {
        let mut client = self.anonymous();
        client.email = format!("{name}@example.org");
        client.post("/api/v1/users", json!({"email": client.email, "password": PASSWORD, "name": name})).await.expect(201);
        let login = client.post("/api/v1/sessions", json!({"email": client.email, "password": PASSWORD})).await.expect(201);
        client.id = login["user"]["id"].as_str().unwrap().to_owned();
        client.token = Some(login["access_token"].as_str().unwrap().to_owned());
        client
    }

    /// Logged in anew: tokens do not outlive a moved clock.
    pub async fn again(&self, person: &Client) -> Client {
        let login = self.anonymous().post("/api/v1/sessions", json!({"email": person.email, "password": PASSWORD})).await.expect(201);
        Client { token: login["access_token"].as_str().map(str::to_owned), ..person.clone() }
    }

    pub async fn staff(&self, name: &str) -> Client {
        let client = self.user(name).await;
        app::accounts::create_staff(&self.app, &client.email).await.unwrap();
        client
    }

    /// A published home in Lisbon at 100.00 EUR a night, changed by `overrides`.
    pub async fn listing(&self, host: &Client, overrides: Value) -> Value {
        let mut body = json!({
            "title": "Flat over the roofs", "description": "A long table and a balcony.", "property_type": "apartment", "room_type": "entire_place",
            "capacity": 4, "bedrooms": 2, "beds": 2, "bathrooms": 1.5, "amenities": ["wifi", "kitchen"], "currency": "EUR", "booking_mode": "instant",
            "cancellation_policy": "flexible",
            "location": {"latitude": 38.7139, "longitude": -9.1334, "address": {"line1": "3 Harbour Lane", "city": "Lisbon", "region": "Lisboa", "postal_code": "1100", "country": "PT"}},
            "pricing": {"nightly": 10000}, "arrival": {"instructions": "Green door", "door_code": "4711"}
        });
        if let (Some(body), Some(overrides)) = (body.as_object_mut(), overrides.as_object()) {
            body.extend(overrides.clone());
        }
        let listing = host.post("/api/v1/listings", body).await.expect(201);
        let id = listing["id"].as_str().unwrap();
        self.photo(host, id, picture(64, 48)).await.expect(201);
        host.post(&format!("/api/v1/listings/{id}/publish"), json!({})).await.expect(200)
    }

    pub async fn photo(&self, host: &Client, listing: &str, bytes: Vec<u8>) -> crate::Answer {
        let form = Form::new().part("file", Part::bytes(bytes).file_name("a.jpg")).text("caption", "A view");
        host.send(host.request(Method::POST, &format!("/api/v1/listings/{listing}/photos")).multipart(form)).await
    }

    pub async fn run_jobs(&self) {
        app::worker::worker(&self.app, WorkerSettings::default()).unwrap().run_due().await.unwrap();
    }

    /// Moves the clock on, stopping at every deadline.
    pub async fn advance(&self, span: &str) {
        self.anonymous().post("/api/v1/sandbox/clock", json!({"advance": span})).await.expect(200);
    }

    /// Moves the clock on by minutes; no job runs.
    pub async fn jump(&self, minutes: i64) {
        let target = self.app.clock.now() + chrono::TimeDelta::minutes(minutes);
        self.app.clock.move_to(self.pool(), target).await.unwrap();
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.mails.0.lock().unwrap().clone()
    }

    pub fn mails_to(&self, person: &Client) -> Vec<String> {
        self.mails().into_iter().filter(|mail| mail.to == person.email).map(|mail| mail.subject).collect()
    }

    /// How many rows each table has: to prove that nothing was written.
    pub async fn row_counts(&self) -> Vec<(String, i64)> {
        let tables: Vec<String> = sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'public' order by 1")
            .fetch_all(self.pool())
            .await
            .unwrap();
        let mut counts = Vec::new();
        for table in tables {
            let count: i64 =
                sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}"))).fetch_one(self.pool()).await.unwrap();
            counts.push((table, count));
        }
        counts
    }

    /// What stands on an account of the book: credits minus debits.
    pub async fn balance(&self, account: &str) -> i64 {
        let balances = app::payments::balances(&self.app).await.unwrap();
        balances.iter().filter(|balance| balance.account == account).map(|balance| balance.balance).sum()
    }
}

/// A small JPEG.
pub fn picture(width: u32, height: u32) -> Vec<u8> {
    let image = RgbImage::from_fn(width, height, |x, y| Rgb([(x * 3 % 256) as u8, (y * 5 % 256) as u8, 90]));
    let mut bytes = Vec::new();
    image.write_to(&mut std::io::Cursor::new(&mut bytes), ImageFormat::Jpeg).unwrap();
    bytes
}
