//! A line to a server that can be cut: nothing goes through, and nobody is told.

use std::net::SocketAddr;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};

pub struct Line {
    pub address: SocketAddr,
    cut: watch::Sender<bool>,
}

impl Line {
    pub async fn to(server: String) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (cut, is_cut) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (server, is_cut) = (server.clone(), is_cut.clone());
                tokio::spawn(async move {
                    if let Ok(far) = TcpStream::connect(&server).await {
                        let ((from_near, to_near), (from_far, to_far)) =
                            (near.into_split(), far.into_split());
                        tokio::spawn(pass(from_near, to_far, is_cut.clone()));
                        pass(from_far, to_near, is_cut).await;
                    }
                });
            }
        });
        Ok(Self { address, cut })
    }

    pub fn cut(&self, cut: bool) {
        self.cut.send_replace(cut);
    }
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut is_cut: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if is_cut.wait_for(|cut| !cut).await.is_err() || to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
