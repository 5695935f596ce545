//! Loopback stand-ins.
