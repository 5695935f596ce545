//! Loopback stand-ins: turns a handful of in-memory facts (users, projects, deployments, bare git
//! repositories) into the servers that the product talks to: the REST APIs of Vercel, Cloudflare and Render
//! with their webhook deliveries, GitHub's REST API with real git over HTTP, and an OpenAI-compatible model.
//!
//! They refuse what the platforms refuse, so that a wrong request fails here and not in production.

pub mod build;
pub mod cloudflare;
pub mod control;
pub mod demo;
pub mod faults;
pub mod garbage;
pub mod git;
pub mod github;
pub mod handle;
pub mod ids;
pub mod model;
pub mod record;
pub mod render;
pub mod scenario;
pub mod serve;
pub mod snapshot;
pub mod vercel;
pub mod webhook;
pub mod world;

pub use handle::Standins;
pub use world::{Options, World};
