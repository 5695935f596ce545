//! The stand-ins, as one program.
fn main() {}
