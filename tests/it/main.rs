//! The real clients against stand-ins of the platforms on loopback.

#![cfg(feature = "ssr")]

mod github;
mod house;
mod intake;
mod routes;
mod vercel;
