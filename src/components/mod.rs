//! Parts that several pages share. Each turns a model type into what people see; none of them asks the server.

pub mod activity;
pub mod badge;
pub mod browser;
pub mod connect;
pub mod connection;
pub mod copy;
pub mod diagnosis;
pub mod diff;
pub mod facts;
pub mod html;
pub mod icon;
pub mod keyboard;
pub mod layout;
pub mod live;
pub mod log;
pub mod notice;
pub mod panel;
pub mod project;
pub mod rail;
pub mod row;
pub mod rules;
pub mod settings;
pub mod stats;
pub mod time;
pub mod verification;
pub mod wizard;
