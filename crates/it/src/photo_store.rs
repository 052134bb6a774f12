//! An S3 server of a test's own: it checks signatures and keeps files in a folder.

use std::net::SocketAddr;
use std::path::PathBuf;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Who may write into it.
pub const KEY: (&str, &str) = ("test-key", "test-secret");

/// A running store; gone at the end, its files stay in the folder.
pub struct PhotoStore {
    /// Where it listens.
    pub address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl PhotoStore {
    /// Keeps what it is given in `folder`, a bucket being a folder in it.
    pub async fn start(folder: &PathBuf) -> Self {
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder).unwrap());
        service.set_auth(SimpleAuth::from_single(KEY.0, KEY.1));
        let service = service.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepting = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                let service = service.clone();
                connections.spawn(async move {
                    let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        Self { address, accepting }
    }

    /// Nobody answers from now on.
    pub async fn stop(self) {
        self.accepting.abort();
        let _ = self.accepting.await;
    }
}
