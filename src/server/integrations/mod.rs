//! Platforms: turns Vercel's, Cloudflare's and Render's REST APIs and webhooks into one vocabulary.
//!
//! [`TokenProvider`] is what a platform can do, [`Registry`] finds it by name, [`connection_manager`] turns a
//! user's token into watched projects. The platforms' folders have the same files: `client` (calls), `wire`
//! (their JSON), `convert` (their words into ours), `logs`, `token`, `webhooks`.

pub mod build_log;
pub mod cloudflare;
pub mod connection_manager;
pub mod context;
pub mod http;
pub mod json_items;
pub mod lenient;
pub mod provider;
pub mod registry;
pub mod render;
pub mod vercel;

pub use context::PlatformContext;
pub use provider::{
    Access, BuildLog, BuildSettings, CreatedWebhook, DeliveredDeployment, DeploymentsQuery, Look,
    MalformedDelivery, PlatformError, Probe, Project, ProjectRef, ProviderUser, RateBudget,
    RegisteredWebhook, RepositoryFiles, RepositoryLink, Team, TokenProvider, WebhookEvent, WebhookKind,
};
pub use registry::Registry;
