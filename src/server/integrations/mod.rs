//! Platforms: turns Vercel's, Cloudflare's and Render's REST APIs and webhooks into one vocabulary.
//!
//! [`TokenProvider`] is what a platform can do, [`Registry`] finds it by name. The platforms' folders have
//! the same files: `client` (calls), `wire` (their JSON), `token`, `webhooks`.

pub mod build_log;
pub mod http;
pub mod json_items;
pub mod provider;
pub mod registry;
pub mod vercel;

pub use provider::{
    Access, BuildLog, CreatedWebhook, DeliveredDeployment, DeploymentsQuery, MalformedDelivery,
    PlatformError, Project, ProviderUser, RegisteredWebhook, RepositoryLink, Team, TokenFormatError,
    TokenProvider, WebhookEvent, WebhookKind,
};
pub use registry::Registry;
