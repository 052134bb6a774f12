//! Documents that mean harm: each is refused before a statement runs.

use std::time::Instant;

use it::TestApp;
use serde_json::{Value, json};

use super::Statements;

fn repeat(n: usize, part: impl Fn(usize) -> String) -> String {
    (0..n).map(part).collect()
}

/// Name, request body, the code of its refusal.
fn abuses() -> Vec<(&'static str, Value, &'static str)> {
    let document = |text: String| json!({"query": text});
    let login = |n: usize| format!("a{n}: logIn(email: \"mia@example.org\", password: \"guess {n}\") {{ tokens {{ accessToken }} }} ");
    let deep = format!("{{ listing(id: \"x\") {} id {} }}", repeat(12, |_| "{ host { listings { edges { node ".into()), "} ".repeat(48));
    let mut doubling = String::from("{ ...f0 }");
    doubling.push_str(&repeat(60, |n| format!(" fragment f{n} on Query {{ ...f{} ...f{} }}", n + 1, n + 1)));
    doubling.push_str(" fragment f60 on Query { clock }");
    vec![
        ("deep", document(deep), "too_deep"),
        ("deeper than the text may nest", document("{a".repeat(20_000)), "too_deep"),
        ("wide", document(format!("{{ {} }}", repeat(1200, |_| "clock ".into()))), "too_many_fields"),
        ("long", document(format!("{{ {} }}", repeat(20_000, |_| "a ".into()))), "too_many_tokens"),
        ("alias flood", document(format!("{{ {} }}", repeat(100, |n| format!("a{n}: clock ")))), "too_many_aliases"),
        ("100 logins by alias", document(format!("mutation {{ {} }}", repeat(100, login))), "too_many_aliases"),
        ("11 logins by alias", document(format!("mutation {{ {} }}", repeat(11, login))), "too_many_changes"),
        ("fragment cycle", document("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }".into()), "fragment_cycle"),
        ("fragments that double 60 times", document(doubling), "too_many_fields"),
        ("directive flood", document(format!("{{ clock {} }}", "@include(if: true) ".repeat(300))), "too_many_directives"),
        ("connections in connections", document("{ listings(first: 100) { edges { node { reviews(first: 100) { edges { node { publicComment } } } } } } }".into()), "too_costly"),
        ("100 quotes", document("{ listings(first: 100) { edges { node { quote(stay: { checkIn: \"2030-02-01\", checkOut: \"2030-02-02\" }) { quote { total { amount } lines { label amount { amount } } } } calendar { date price { amount } } } } } }".into()), "too_costly"),
        ("many operations", document(repeat(11, |n| format!("query Q{n} {{ clock }} "))), "too_many_operations"),
        ("many subscriptions", document("subscription { a: bookingChanged { kind } b: bookingChanged { kind } }".into()), "too_many_subscriptions"),
        ("a batch of 11", Value::Array((0..11).map(|_| json!({"query": "{ clock }"})).collect()), "batch_size"),
        ("logins by batch", Value::Array((0..10).map(|n| json!({"query": format!("mutation {{ {} {} }}", login(n), login(n + 50))})).collect()), "too_many_changes"),
        ("a large body", json!({"query": "{ clock }", "variables": {"x": "y".repeat(101 * 1024)}}), "too_large"),
        ("nested lists in a variable", json!({"query": "query($x: [Int]) { clock }", "variables": {"x": serde_json::from_str::<Value>(&format!("{}{}", "[".repeat(100), "]".repeat(100))).unwrap()}}), ""),
        ("an unknown field", document("{ passwords }".into()), ""),
    ]
}

#[tokio::test]
async fn abusive_documents_are_refused_without_a_statement() {
    let app = TestApp::new().await;
    let nobody = app.anonymous();
    nobody.graphql("{ clock }", json!({})).await;
    let statements = Statements::default();
    let _guard = statements.count();
    nobody.graphql("{ listings { totalCount } }", json!({})).await;
    assert!(statements.take() > 0, "the counter counts");
    for (name, body, code) in abuses() {
        let started = Instant::now();
        let answer = nobody.post("/graphql", body).await;
        let taken = started.elapsed();
        let text = answer.json();
        let error = &text["errors"][0];
        assert!(error["message"].is_string(), "{name} was answered: {text}");
        assert_eq!(error["extensions"]["code"].as_str().unwrap_or_default(), code, "{name}: {text}");
        assert_eq!(statements.take(), 0, "{name} ran statements");
        println!("{name:<34} {code:<24} {:>8.2} ms", taken.as_secs_f64() * 1000.0);
    }
}
