//! The one binary: `roost serve`, `worker`, `migrate`, `seed`, `admin`,
//! `search`, `clock`, `schema`.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done with rejected rows.

mod boot;
mod import;
mod money;
mod search_bench;
mod seed;
mod serve;

use app::Config;
use clap::{Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A home-sharing marketplace that anyone can run.
#[derive(Parser)]
#[command(name = "roost", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the marketplace: the API and, unless split off, background work.
    Serve {
        /// Leave background work to `roost worker`.
        #[arg(long)]
        no_worker: bool,
    },
    /// Do background work only.
    Worker,
    /// Bring the database up to date and exit.
    Migrate,
    /// Fill the marketplace with examples.
    Seed {
        /// Homes, hosts, guests and reviews to look at. Doing it twice adds nothing.
        #[arg(long, required = true)]
        demo: bool,
    },
    /// Bring in homes from elsewhere.
    Import {
        #[command(subcommand)]
        command: import::ImportCommand,
    },
    /// Exchange rates, for showing prices in a reader's own currency.
    Rates {
        #[command(subcommand)]
        command: import::RatesCommand,
    },
    /// Manage the people who run the marketplace.
    Admin {
        #[command(subcommand)]
        command: AdminCommand,
    },
    /// The book: prove it.
    Ledger {
        #[command(subcommand)]
        command: money::LedgerCommand,
    },
    /// Payments: compare with the provider.
    Payments {
        #[command(subcommand)]
        command: money::PaymentsCommand,
    },
    /// The projection and the index of search.
    Search {
        #[command(subcommand)]
        command: SearchCommand,
    },
    /// The clock of a sandbox marketplace.
    Clock {
        #[command(subcommand)]
        command: ClockCommand,
    },
    /// Print what is generated from the code.
    Schema {
        #[command(subcommand)]
        command: SchemaCommand,
    },
}

#[derive(Subcommand)]
enum AdminCommand {
    /// Make somebody staff and print a one-time link to set a password.
    Create {
        /// Their e-mail address.
        #[arg(long)]
        email: String,
    },
}

#[derive(Subcommand)]
enum SearchCommand {
    /// Compare the projection with the truth, and put right what differs.
    Check,
    /// Write the projection anew; running servers rebuild their indexes from it while they serve.
    Rebuild,
    /// Time the index beside the best SQL, over a made-up world.
    Bench(search_bench::BenchArguments),
}

#[derive(Subcommand)]
enum ClockCommand {
    /// Move the clock on; every deadline on the way fires in order.
    Advance {
        /// E.g. 15d, 36h, P15D.
        span: String,
    },
}

#[derive(Subcommand)]
enum SchemaCommand {
    /// The OpenAPI document.
    Openapi,
    /// The GraphQL schema.
    Graphql,
    /// The reference of all settings, in Markdown.
    Config,
}

fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    if let Command::Schema { command } = &arguments.command {
        return print_schema(command);
    }
    let config = match Config::read() {
        Ok(config) => config,
        Err(mistakes) => {
            eprintln!("{mistakes}");
            return std::process::ExitCode::from(2);
        }
    };
    if let Err(error) = platform::telemetry::init_logging(&config.log.format, &config.log.filter) {
        eprintln!("ROOST_LOG_FILTER={:?}: {error:#}", config.log.filter);
        return std::process::ExitCode::from(2);
    }
    // Every TLS client of ours uses ring.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run(config, arguments.command)));
    match done {
        Ok(code) => std::process::ExitCode::from(code),
        Err(error) => {
            eprintln!("roost: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn print_schema(command: &SchemaCommand) -> std::process::ExitCode {
    let text = match command {
        SchemaCommand::Openapi => web::openapi_json().map_err(|error| error.to_string()),
        SchemaCommand::Graphql => Ok(web::graphql::sdl()),
        SchemaCommand::Config => platform::settings::reference(app::config::DEFAULTS).map_err(|error| error.to_string()),
    };
    match text {
        Ok(text) => {
            print!("{text}");
            std::process::ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// Does what was asked; the exit code.
async fn run(config: Config, command: Command) -> anyhow::Result<u8> {
    let mut code = 0;
    if let Command::Search { command: SearchCommand::Bench(arguments) } = &command {
        return search_bench::run(&config, arguments).await;
    }
    let booted = boot::boot(config).await?;
    match command {
        Command::Serve { no_worker } => return serve::serve(booted, !no_worker).await.map(|()| 0),
        Command::Worker => return serve::work(booted).await.map(|()| 0),
        Command::Migrate => println!("The database is up to date."),
        Command::Seed { .. } => seed::demo(&booted.app).await?,
        Command::Import { command } => code = import::run(&booted.app, command).await?,
        Command::Rates { command: import::RatesCommand::Import { file } } => code = import::rates(&booted.app, &file).await?,
        Command::Admin { command: AdminCommand::Create { email } } => {
            let link = app::accounts::create_staff(&booted.app, &email).await?;
            println!("{link}");
        }
        Command::Ledger { command } => code = money::ledger(&booted.app, command).await?,
        Command::Payments { command } => code = money::payments(&booted.app, command).await?,
        Command::Search { command: SearchCommand::Check } => {
            let found = app::search::check_projection(&booted.app).await?;
            println!("{} homes compared, {} were wrong and have been put right.", found.rows, found.wrong.len());
            code = u8::from(!found.wrong.is_empty());
        }
        Command::Search { command: SearchCommand::Rebuild } => {
            println!("{} homes written anew.", app::search::rewrite_all(&booted.app).await?);
        }
        Command::Clock { command: ClockCommand::Advance { span } } => {
            let span = app::clock::parse_advance(&span)?;
            let now = app::worker::advance_clock(&booted.app, span).await?;
            println!("It is now {} in this marketplace.", now.to_rfc3339());
        }
        // Done above, without a marketplace.
        Command::Search { command: SearchCommand::Bench(_) } | Command::Schema { .. } => {}
    }
    booted.stop().await;
    Ok(code)
}
