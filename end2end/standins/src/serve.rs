//! Binds the servers to loopback and runs them until told to stop.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::middleware::from_fn_with_state;
use tokio::sync::watch;

use crate::record::Server;
use crate::world::{Addresses, World};
use crate::{cloudflare, control, faults, github, model, record, render, vercel};

/// Bound sockets, not yet served.
#[derive(Debug)]
pub struct Bound {
    vercel: TcpListener,
    cloudflare: TcpListener,
    render: TcpListener,
    github: TcpListener,
    model: TcpListener,
}

impl Bound {
    /// Binds all of them on 127.0.0.1 and tells the world where they are.
    ///
    /// # Errors
    /// A port is taken.
    pub fn new(world: &World) -> anyhow::Result<Bound> {
        let options = &world.options;
        let bind = |port: u16| -> anyhow::Result<TcpListener> {
            let listener =
                TcpListener::bind((Ipv4Addr::LOCALHOST, port)).with_context(|| format!("port {port}"))?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        };
        let bound = Bound {
            vercel: bind(options.vercel_port)?,
            cloudflare: bind(options.cloudflare_port)?,
            render: bind(options.render_port)?,
            github: bind(options.github_port)?,
            model: bind(options.model_port)?,
        };
        world.set_addresses(Addresses {
            vercel: bound.vercel.local_addr()?,
            cloudflare: bound.cloudflare.local_addr()?,
            render: bound.render.local_addr()?,
            github: bound.github.local_addr()?,
            model: bound.model.local_addr()?,
        });
        Ok(bound)
    }

    /// Serves until `stop` turns true or its sender is gone.
    ///
    /// # Errors
    /// A socket cannot be handed to the runtime.
    pub async fn serve(self, world: Arc<World>, stop: watch::Receiver<bool>) -> anyhow::Result<()> {
        let servers = [
            (self.vercel, Server::Vercel, vercel::router(world.clone())),
            (self.cloudflare, Server::Cloudflare, cloudflare::router(world.clone())),
            (self.render, Server::Render, render::router(world.clone())),
            (self.github, Server::Github, github::router(world.clone())),
            (self.model, Server::Model, model::router(world.clone())),
        ];
        let mut tasks = tokio::task::JoinSet::new();
        for (listener, server, router) in servers {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let app = around(router, &world, server);
            tasks.spawn(async move { axum::serve(listener, app).await });
        }
        let mut stop = stop;
        // Streams may be open for ever, so stopping means dropping the servers, not waiting for them.
        let _ = stop.wait_for(|stopped| *stopped).await;
        tasks.shutdown().await;
        Ok(())
    }
}

fn around(router: Router, world: &Arc<World>, server: Server) -> Router {
    router
        .layer(from_fn_with_state((world.clone(), server), faults::inject))
        .layer(from_fn_with_state((world.clone(), server), record::record))
        .merge(control::router(world.clone()))
}
