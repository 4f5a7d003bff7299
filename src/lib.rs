//! clipcensus takes a complete, verified census of every Zoom Clip in an account.
//!
//! The rooms of the house, in the order of the data: a file imports only from rooms that stand
//! above its own.

pub mod event;

pub mod clip;
