//! One file per route.
