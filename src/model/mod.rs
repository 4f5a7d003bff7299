//! Plain data that more than one room speaks of: spans of time, and what is known of them.

pub mod chain;
pub mod window;

pub use chain::{ChainOutcome, ChainRecord, Shared};
pub use window::Window;
