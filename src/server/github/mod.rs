//! Turns an accepted patch into a pull request on GitHub, and GitHub's deliveries into facts about it.
//!
//! [`client`] speaks the REST API, [`git`] runs the real `git` on clean clones, [`pull_request`] and [`body`]
//! hand a fix in, [`webhooks`] reads what GitHub sends back.

pub mod account;
mod answer;
pub mod body;
pub mod client;
pub mod error;
pub mod facts;
pub mod git;
mod markdown;
pub mod oauth;
pub mod pull_request;
pub mod repository;
pub mod webhooks;
mod wire;

pub use client::Client;
pub use error::GithubError;
pub use facts::{
    Check, CheckState, CommitChecks, NewPullRequest, PullRequest, PullRequestState, Repository, User,
};
pub use repository::RepositoryName;

/// Chooses the cryptography for every TLS connection of this process. Later calls change nothing.
pub fn install_tls_provider() {
    // An error says that a provider is installed already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
