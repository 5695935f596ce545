//! Builds in Vercel Sandbox: commands, patches and networks as on this machine, and a whole story.

mod commands;
mod outages;
mod patches;
mod place;
mod story;
