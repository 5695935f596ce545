//! The real clients, and whole stories with the real program, against stand-ins of the platforms on loopback.

mod account;
mod app;
mod callers;
mod choices;
mod cloudflare;
mod contract;
mod crash;
mod dashboard;
mod endings;
mod flood;
mod github;
mod house;
mod intake;
mod links;
mod live;
mod notifications;
mod platforms;
mod receiver;
mod render;
mod routes;
mod rules;
mod sign_in;
mod story;
mod vercel;
mod wizard;
mod world;
