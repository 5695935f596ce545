//! What the server takes on at once: so many connections, bodies, bytes and deliveries, each for so long. Beyond it the
//! answer is a refusal that says when to come again, and memory stays what it was.
//!
//! [`connections`] is around everything, [`deliveries`] around the endpoints that anybody may call without a session.

mod body;
pub mod connections;
pub mod deliveries;
mod gate;
mod refusal;
mod shares;
mod suspects;

#[cfg(test)]
mod tests;
