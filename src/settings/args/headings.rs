//! The groups that flags are shown in, and what stands below a short help.

pub(super) const WHAT: &str = "What to list";
pub(super) const WHEN: &str = "When";
pub(super) const LIMITS: &str = "Limits";
pub(super) const OUTPUT: &str = "Output";
pub(super) const PUBLISHING: &str = "Publishing and going on";
pub(super) const MESSAGES: &str = "Messages";
pub(super) const SERVICE: &str = "Service and settings";

/// What stands below the short help of a command.
pub(super) const MORE: &str = "--help shows all flags, their variables, and examples.";
