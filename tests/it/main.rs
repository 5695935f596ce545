//! The real clients against stand-ins of the platforms on loopback.

#![cfg(feature = "ssr")]

mod house;
mod intake;
mod routes;
mod vercel;
