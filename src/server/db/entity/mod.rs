//! The tables as SeaORM entities, column for column as the migrations make them. What a column holds is said in the
//! design of each table: ids are ULIDs, times UTC in milliseconds, enumerations the `as_str` of the shared model.

#![expect(missing_docs, reason = "columns are documented by the tables they mirror")]

pub mod account;
pub mod api_token;
pub mod audit_entry;
pub mod deployment;
pub mod fix_count;
pub mod fix_event;
pub mod fix_rule;
pub mod incident;
pub mod integration;
pub mod invitation;
pub mod left_out_project;
pub mod notification;
pub mod outgoing_delivery;
pub mod outgoing_webhook;
pub mod session;
pub mod setting;
pub mod subscription;
pub mod task;
pub mod user;
pub mod webhook_delivery;
