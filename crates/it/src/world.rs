//! The whole server on a loopback port, with a clock that stands still and
//! mails that can be read.

use std::sync::{Arc, Mutex, OnceLock};

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

use crate::{Client, TestDb};

#[derive(Default)]
struct Letterbox(Mutex<Vec<Mail>>);

#[async_trait]
impl Mailer for Letterbox {
    async fn send(&self, mail: &Mail) -> anyhow::Result<()> {
        let mut mails = self.0.lock().unwrap();
        mails.retain(|old| old.message_id != mail.message_id);
        mails.push(mail.clone());
        Ok(())
    }
}

/// A marketplace of one's own. Its clock stands at 2030-01-01T10:00:00Z.
pub struct TestApp {
    pub app: App,
    pub base: String,
    mails: Arc<Letterbox>,
    _folder: Folder,
    db: TestDb,
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
        let db = TestDb::with_connections(most).await;
        let folder = Folder(std::env::temp_dir().join(format!("roost-it-{}", uuid::Uuid::new_v4().simple())));
        std::fs::create_dir_all(&folder.0).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let mut config = Config::from_layers(None, |_| None).unwrap();
        config.public_url.clone_from(&base);
        config.data_dir.clone_from(&folder.0);
        // Tests ask as fast as they can.
        config.rate_limit.enabled = false;
        change(&mut config);
        let mails = Arc::new(Letterbox::default());
        let late: Arc<OnceLock<App>> = Arc::default();
        let clock = late.clone();
        let secret = b"a secret of the tests".to_vec();
        let sandbox = Sandbox::new(db.pool().clone(), secret.clone(), &base, move || clock.get().unwrap().clock.now());
        let app = App::new(Parts {
            config,
            db: db.pool().clone(),
            clock: Clock::standing(start),
            ids: Ids::seeded(7),
            cache: Cache::new(None, 16 << 20, false),
            mailer: mails.clone(),
            provider: other.unwrap_or_else(|| Arc::new(sandbox)),
            sandbox_secret: secret,
            location_key: LocationKey::new(b"a place of the tests"),
            blobs: Blobs::new("", &folder.0, "").unwrap(),
            waker: OnceLock::new(),
            live: app::live::Live::default(),
        });
        let _ = late.set(app.clone());
        tokio::spawn(web::serve(app.clone(), listener, std::future::pending()));
        Self { app, base, mails, _folder: folder, db }
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
