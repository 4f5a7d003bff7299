//! Tests of all forms, and the audit that they share.

mod lines;
mod made_up;
mod ocsf;
mod pages;
