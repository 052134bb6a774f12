//! A server that only says hello: what HTTP alone costs on this machine.
#![allow(clippy::unwrap_used, reason = "a baseline of benchmarks")]

#[tokio::main]
async fn main() {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8091".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let router = axum::Router::new().route("/", axum::routing::get(async || "hello"));
    axum::serve(listener, router).await.unwrap();
}
