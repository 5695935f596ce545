//! The command line of Deploymend.
fn main() {}
