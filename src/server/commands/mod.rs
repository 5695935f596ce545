//! What the command line does beside serving: one file per subcommand.

pub mod analyze;
