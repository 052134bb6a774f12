//! Logs and metrics.

use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

/// Starts logging: `json` (a line of JSON each, for machines) or `text`.
/// `filter` is a tracing directive, e.g. `info,sqlx=warn`.
///
/// # Errors
/// When the filter cannot be read or logging has been started before.
pub fn init_logging(format: &str, filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter)?;
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let builder =
        tracing_subscriber::fmt().with_ansi(colours).with_env_filter(filter).with_span_events(FmtSpan::NONE).with_writer(std::io::stderr);
    let done = if format == "json" {
        builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
    } else {
        builder.with_target(false).try_init()
    };
    done.map_err(|error| anyhow::anyhow!("logging: {error}"))
}

/// Starts counting; the handle renders the Prometheus text.
///
/// # Errors
/// When counting has been started before.
pub fn install_metrics() -> anyhow::Result<PrometheusHandle> {
    let buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
    let handle = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("seconds".into()), &buckets)?.install_recorder()?;
    Ok(handle)
}

/// Keeps the histograms small, for ever.
pub async fn upkeep(handle: PrometheusHandle) {
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    loop {
        tick.tick().await;
        handle.run_upkeep();
    }
}
