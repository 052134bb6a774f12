//! `roost serve` and `roost worker`: running until told to stop, then stopping
//! in order.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use app::App;
use jobs::WorkerSettings;
use platform::telemetry;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::boot::Booted;

/// Ends when the process is asked to stop.
async fn asked_to_stop() {
    let Ok(mut term) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = term.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    tracing::info!("stopping: no new requests, those under way may finish");
}

/// What every process does beside its work: following the sandbox's clock,
/// showing figures.
fn housekeeping(app: &App) -> anyhow::Result<Vec<JoinHandle<()>>> {
    let mut tasks = Vec::new();
    if app.config.sandbox {
        let app = app.clone();
        tasks.push(tokio::spawn(async move {
            let mut tick = tokio::time::interval(Duration::from_millis(250));
            loop {
                tick.tick().await;
                if let Err(error) = app.clock.follow(&app.db).await {
                    tracing::debug!(%error, "could not follow the marketplace's clock");
                }
            }
        }));
    }
    if let Some(address) = app.config.metrics_listen {
        let handle = telemetry::install_metrics()?;
        tasks.push(tokio::spawn(telemetry::upkeep(handle.clone())));
        tasks.push(tokio::spawn(gauges(app.clone())));
        tasks.push(tokio::spawn(metrics_page(address, handle)));
    }
    Ok(tasks)
}

/// Figures that are looked up rather than counted.
async fn gauges(app: App) {
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    loop {
        tick.tick().await;
        for (space, rate) in app.cache.hit_rates() {
            metrics::gauge!("cache_hit_rate", "space" => space).set(rate);
        }
        app::search::gauges(&app);
        metrics::gauge!("database_connections").set(f64::from(app.db.size()));
        if let Ok(depths) = jobs::depths(&app.db).await {
            for depth in depths {
                #[expect(clippy::cast_precision_loss, reason = "a gauge for people")]
                metrics::gauge!("jobs_waiting", "kind" => depth.kind, "status" => depth.status).set(depth.count as f64);
            }
        }
    }
}

async fn metrics_page(address: SocketAddr, handle: metrics_exporter_prometheus::PrometheusHandle) {
    match TcpListener::bind(address).await {
        Ok(listener) => {
            let page = web::metrics_router(move || handle.render());
            if let Err(error) = web::serve_router(page, listener).await {
                tracing::warn!(%error, "the metrics listener ended");
            }
        }
        // A second process on this machine: its figures are not shown.
        Err(error) => {
            tracing::warn!(%address, %error, "metrics are not served: set ROOST_METRICS_LISTEN to another address, or to nothing")
        }
    }
}

fn worker_task(app: &App, stop: &CancellationToken) -> anyhow::Result<JoinHandle<()>> {
    let settings =
        WorkerSettings { concurrency: app.config.worker.concurrency, schedules: app::worker::schedules()?, ..WorkerSettings::default() };
    let worker = app::worker::worker(app, settings)?;
    let _ = app.waker.set(worker.waker());
    let stop = stop.clone();
    Ok(tokio::spawn(async move { worker.run(stop).await }))
}

/// Serves the API, and does background work unless told not to.
pub async fn serve(booted: Booted, with_worker: bool) -> anyhow::Result<()> {
    let app = booted.app.clone();
    let stop = CancellationToken::new();
    let listener = TcpListener::bind(app.config.listen).await.with_context(|| format!("cannot listen on {}", app.config.listen))?;
    let mut tasks = housekeeping(&app)?;
    tasks.extend(booted.supervise());
    let warm = app.clone();
    tokio::spawn(async move {
        if let Err(error) = app::places::warm_up(&warm).await {
            tracing::warn!(%error, "the gazetteer is loaded at the first search for a place");
        }
    });
    let follower = tokio::spawn(app::search::follow(app.clone(), stop.clone()));
    let worker = if with_worker { Some(worker_task(&app, &stop)?) } else { None };
    tracing::info!(url = %app.config.public_url, sandbox = app.config.sandbox, "Roost is ready");
    web::serve(app.clone(), listener, asked_to_stop()).await?;
    stop.cancel();
    if let Some(worker) = worker {
        worker.await?;
    }
    follower.await?;
    for task in tasks {
        task.abort();
    }
    booted.stop().await;
    Ok(())
}

/// Does background work only.
pub async fn work(booted: Booted) -> anyhow::Result<()> {
    let app = booted.app.clone();
    let stop = CancellationToken::new();
    let mut tasks = housekeeping(&app)?;
    tasks.extend(booted.supervise());
    let worker = worker_task(&app, &stop)?;
    tracing::info!("the worker is ready");
    asked_to_stop().await;
    stop.cancel();
    worker.await?;
    for task in tasks {
        task.abort();
    }
    booted.stop().await;
    Ok(())
}
