//! One file per route.

pub mod audit;
pub mod connect;
pub mod deployment;
pub mod deployments;
pub mod integrations;
pub mod invitation;
pub mod lazy;
pub mod not_found;
pub mod notifications;
pub mod project;
pub mod projects;
pub mod repository;
pub mod rules;
pub mod settings;
pub mod setup;
pub mod sign_in;
