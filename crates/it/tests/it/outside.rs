//! What lives in other houses: mail over SMTP and photographs in an S3 store,
//! asked for by the real program.

use std::process::Command;

use it::mail_server::MailServer;
use it::photo_store::{KEY, PhotoStore};
use it::program::{Program, binary, free_port};
use it::world::{PASSWORD, picture};
use it::{Client, TestDb};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;

/// The program on a fresh database, with further settings.
async fn serve(db: &TestDb, folder: &std::path::Path, settings: &[(&str, String)]) -> Program {
    let mut command = Command::new(binary());
    command.env("DATABASE_URL", db.url()).env("REDIS_URL", "redis://127.0.0.1:1/");
    command.envs(settings.iter().map(|(name, value)| (*name, value)));
    Program::start(command, folder, free_port()).await
}

fn folder() -> std::path::PathBuf {
    std::env::temp_dir().join(format!("roost-outside-{}", uuid::Uuid::new_v4().simple()))
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_goes_over_smtp_and_is_tried_again() {
    let (db, folder) = (TestDb::new().await, folder());
    let mails = MailServer::start(1).await;
    let program =
        serve(&db, &folder, &[("SMTP_URL", format!("smtp://{}", mails.address)), ("ROOST_MAIL_FROM", "Roost <post@roost.test>".into())])
            .await;
    let client = Client::new(&program.base);
    client
        .post("/api/v1/users", json!({"email": "mia@example.org", "password": PASSWORD, "name": "Mia \r\nBcc: all@example.org"}))
        .await
        .problem(422);
    client.post("/api/v1/users", json!({"email": "mia@example.org", "password": PASSWORD, "name": "Mía Ó"})).await.expect(201);
    let mail = mails.mail_to("mia@example.org").await;
    assert_eq!((mail.from.as_str(), mail.to.len()), ("post@roost.test", 1));
    assert!(mail.text.contains("multipart/alternative"), "{}", mail.text);
    // Long lines are folded on the way, with "=" at their end.
    let text = mail.text.replace("=\r\n", "").replace("=3D", "=");
    let (_, rest) = text.split_once("/verify?token=").unwrap();
    let token: String = rest.chars().take_while(|letter| letter.is_ascii_alphanumeric() || "-_".contains(*letter)).collect();
    client.post("/api/v1/email-verifications", json!({"token": token})).await.expect(204);
    assert_eq!(mails.count(), 1, "the first try was put off, the second taken");
    drop(program);
    let _ = std::fs::remove_dir_all(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn photographs_live_in_an_s3_store() {
    let (db, folder) = (TestDb::new().await, folder());
    let bucket = folder.join("store/photos-of-homes");
    std::fs::create_dir_all(&bucket).unwrap();
    let store = PhotoStore::start(&folder.join("store")).await;
    let outbox = folder.join("data/outbox");
    let settings = [
        ("ROOST_BLOBS_URL", "s3://photos-of-homes/lisbon".to_owned()),
        ("AWS_ENDPOINT", format!("http://{}", store.address)),
        ("AWS_ALLOW_HTTP", "true".into()),
        ("AWS_REGION", "eu-west-1".into()),
        ("AWS_ACCESS_KEY_ID", KEY.0.into()),
        ("AWS_SECRET_ACCESS_KEY", KEY.1.into()),
    ];
    let program = serve(&db, &folder.join("data"), &settings).await;
    let mut host = Client::new(&program.base);
    let mut person = json!({"email": "fergus@example.org", "password": PASSWORD, "name": "Fergus"});
    host.post("/api/v1/users", person.clone()).await.expect(201);
    person.as_object_mut().unwrap().remove("name");
    sqlx::query("update users set email_verified_at = now(), status = 'active'").execute(db.pool()).await.unwrap();
    host.token = Some(host.post("/api/v1/sessions", person).await.expect(201)["access_token"].as_str().unwrap().to_owned());
    let draft = json!({"title": "A loft", "property_type": "loft", "room_type": "entire_place", "capacity": 2});
    let listing = host.post("/api/v1/listings", draft).await.expect(201)["id"].as_str().unwrap().to_owned();
    let upload = async || {
        let form = Form::new().part("file", Part::bytes(picture(800, 600)).file_name("a.jpg"));
        host.send(host.request(Method::POST, &format!("/api/v1/listings/{listing}/photos")).multipart(form)).await
    };
    let photo = upload().await.expect(201);
    let kept: Vec<String> = std::fs::read_dir(bucket.join("lisbon"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".webp") || name.ends_with(".jpg"))
        .collect();
    assert!(kept.len() >= 4, "several sizes: {kept:?}");
    let path = photo["url"].as_str().unwrap().to_owned();
    let read = host.get(&path).await;
    assert_eq!((read.status, read.header("content-type")), (200, Some("image/webp")));
    host.get(&path.replace("-800.", "-801.")).await.problem(404);
    assert!(!outbox.parent().unwrap().join("photos").exists(), "nothing is kept here");

    // The store goes away: a refusal that says so, nothing half-written.
    store.stop().await;
    let refused = upload().await;
    assert_eq!(refused.problem(503), "busy", "{}", refused.text());
    let photos: i64 = sqlx::query_scalar("select count(*) from photos").fetch_one(db.pool()).await.unwrap();
    assert_eq!(photos, 1);
    drop(program);
    let _ = std::fs::remove_dir_all(folder);
}
