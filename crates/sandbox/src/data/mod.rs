//! What the simulated accounts hold: pure functions of the options, and of how many changes were
//! made so far.

pub(crate) mod texts;

pub(crate) mod directory;

pub(crate) mod record;

pub(crate) mod dataset;

pub(crate) mod drift;

pub(crate) mod truth;
