//! The private PostgreSQL: shared by a second process, there again after a kill
//! of either, and at home with root and with a plain account.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use it::program::{Program, binary, free_port};
use it::{Client, world};
use platform::postgres::{PostgresOptions, PrivatePostgres};
use serde_json::json;
use sqlx::{ConnectOptions, Connection};

/// A folder that other accounts can reach; its servers are ended with it.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("roost-private-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for folder in [self.join("postgres"), self.join("data/postgres")] {
            if let Some(pid) = postmaster(&folder) {
                signal(pid, "-QUIT");
            }
        }
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The server's process, as its own file names it.
fn postmaster(root: &Path) -> Option<u32> {
    std::fs::read_to_string(root.join("data/postmaster.pid")).ok()?.lines().next()?.trim().parse().ok()
}

fn signal(pid: u32, name: &str) {
    let _ = Command::new("kill").arg(name).arg(pid.to_string()).status();
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_is_there_after_the_server_is_killed() {
    let place = Place::new();
    let root = place.join("postgres");
    let options = PostgresOptions { shared_buffers: "16MB".into(), ..PostgresOptions::default() };
    let server = PrivatePostgres::start(&root, &options).unwrap();
    server.ensure_database("roost").await.unwrap();
    let mut connection = server.connect_options("roost").connect().await.unwrap();
    sqlx::raw_sql("create table kept (n integer); insert into kept values (7)").execute(&mut connection).await.unwrap();

    // A second process shares it, and leaves it running when it goes.
    let guest = PrivatePostgres::start(&root, &options).unwrap();
    guest.stop().unwrap();
    assert_eq!(sqlx::query_scalar::<_, i32>("select n from kept").fetch_one(&mut connection).await.unwrap(), 7);
    let settings: (String, String) =
        sqlx::query_as("select current_setting('fsync'), current_setting('listen_addresses')").fetch_one(&mut connection).await.unwrap();
    assert_eq!(settings, ("on".to_owned(), String::new()), "durable, and on no network");

    signal(postmaster(&root).unwrap(), "-KILL");
    let again = PrivatePostgres::start(&root, &options).unwrap();
    let mut connection = again.connect_options("roost").connect().await.unwrap();
    assert_eq!(sqlx::query_scalar::<_, i32>("select n from kept").fetch_one(&mut connection).await.unwrap(), 7);
    connection.close().await.unwrap();
    again.stop().unwrap();
    assert_eq!(postmaster(&root), None, "whoever started it has stopped it");
}

/// The program as a plain account: `nobody` where the tests run as root, with a
/// copy of the binary that it can reach.
fn plain(place: &Place) -> Command {
    let copy = place.join("roost");
    if !copy.exists() {
        std::fs::copy(binary(), &copy).unwrap();
        std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::create_dir_all(place.join("data")).unwrap();
        if is_root() {
            std::os::unix::fs::chown(place.join("data"), Some(65534), Some(65534)).unwrap();
        }
    }
    let mut command = Command::new(copy);
    for name in ["DATABASE_URL", "REDIS_URL"] {
        command.env_remove(name);
    }
    if is_root() {
        command.uid(65534).gid(65534);
    }
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_account_runs_it_all_and_a_kill_of_the_program_loses_nothing() {
    let place = Place::new();
    let (data, port) = (place.join("data"), free_port());
    let mut program = Program::start(plain(&place), &data, port).await;
    let client = Client::new(&program.base);
    let person = json!({"email": "mia@example.org", "password": world::PASSWORD, "name": "Mia"});
    client.post("/api/v1/users", person.clone()).await.expect(201);
    let owner = std::fs::metadata(data.join("postgres/data")).unwrap().uid();
    assert_ne!(owner, 0);

    program.kill();
    let survivor = postmaster(&data.join("postgres"));
    assert!(survivor.is_some(), "the database outlives the program");
    let mut program = Program::start(plain(&place), &data, port).await;
    assert_eq!(postmaster(&data.join("postgres")), survivor, "the next start finds it running");
    let login = json!({"email": "mia@example.org", "password": world::PASSWORD});
    client.post("/api/v1/sessions", login.clone()).await.expect(201);

    // The database dies under the running program: refusals that say so, then
    // service again, without anybody's doing.
    signal(survivor.unwrap(), "-KILL");
    let mut statuses = Vec::new();
    for _ in 0..1200 {
        let answer = client.post("/api/v1/sessions", login.clone()).await;
        statuses.push(answer.status);
        if answer.status == 201 && postmaster(&data.join("postgres")) != survivor {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert_eq!(statuses.last(), Some(&201), "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 503].contains(status)), "{statuses:?}");

    assert!(program.terminate().success());
    assert_eq!(postmaster(&data.join("postgres")), None, "who started the database stops it");
}
