//! The real clients against stand-ins of the platforms on loopback.

#![cfg(feature = "ssr")]

mod github;
