//! What the schema promises.

use it::{Client, TestApp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn committed(name: &str) -> String {
    std::fs::read_to_string(format!("{}/../../{name}", env!("CARGO_MANIFEST_DIR"))).unwrap_or_default()
}

#[test]
fn the_committed_schema_is_the_generated_one() {
    let fresh = web::graphql::sdl() == committed("schema.graphql");
    assert!(fresh, "schema.graphql is out of date: cargo run -p cli -- schema graphql > schema.graphql");
}

#[test]
fn nothing_that_was_released_is_broken() {
    let faults = web::graphql::compare::breaking(&committed("schema.released.graphql"), &web::graphql::sdl()).unwrap();
    assert!(faults.is_empty(), "clients of the released schema would stumble:\n{}", faults.join("\n"));
}

#[tokio::test]
async fn every_type_field_and_argument_says_what_it_is() {
    let app = TestApp::new().await;
    let document = "{ __schema { types { name kind description inputFields { name description } enumValues { name description }
        fields { name description args { name description } } } } }";
    let answer = app.anonymous().graphql(document, json!({})).await;
    let mut silent = Vec::new();
    let says = |what: &Value| what["description"].as_str().is_some_and(|text| !text.trim().is_empty());
    for kind in Client::data(&answer)["__schema"]["types"].as_array().unwrap() {
        let name = kind["name"].as_str().unwrap();
        if name.starts_with("__") || ["Boolean", "Float", "ID", "Int", "String"].contains(&name) {
            continue;
        }
        if !says(kind) {
            silent.push(name.to_owned());
        }
        for part in ["fields", "inputFields", "enumValues"] {
            for field in kind[part].as_array().into_iter().flatten() {
                if !says(field) {
                    silent.push(format!("{name}.{}", field["name"]));
                }
                for argument in field["args"].as_array().into_iter().flatten().filter(|argument| !says(argument)) {
                    silent.push(format!("{name}.{}({})", field["name"], argument["name"]));
                }
            }
        }
    }
    assert!(silent.is_empty(), "without a description: {silent:#?}");
}

#[tokio::test]
async fn graphiql_comes_out_of_the_binary() {
    let app = TestApp::new().await;
    let page = app.get("/graphiql").await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{policy}");
    assert!(!page.text().contains("http://") && !page.text().contains("https://"), "{}", page.text());
    let readme = committed("crates/web/assets/graphiql/README.md");
    for (name, kind, content) in web::graphql::graphiql::FILES {
        let file = app.get(&format!("/graphiql/{name}")).await;
        assert_eq!((file.status, file.header("content-type"), file.body.as_slice()), (200, Some(kind), content), "{name}");
        if name.contains(".min.") {
            let sum: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(readme.contains(&format!("`{name}`")) && readme.contains(&sum), "{name} is not the vendored file of README.md");
        }
    }
    // Where the schema may not be asked for there is no page either.
    let closed = TestApp::with_settings(|config| config.graphql.introspection = Some(false)).await;
    assert_eq!(closed.get("/graphiql").await.status, 404);
    let asked = closed.anonymous().graphql("{ __schema { queryType { name } } }", json!({})).await;
    assert!(asked["data"]["__schema"].is_null(), "{asked}");
    let guessed = closed.anonymous().graphql("{ listingz { totalCount } }", json!({})).await;
    assert!(!guessed["errors"][0]["message"].as_str().unwrap().contains("mean"), "{guessed}");
}
