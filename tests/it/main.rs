//! Black-box tests: the real program against the sandbox over loopback, and the rules of the house.
//!
//! | suite | about |
//! |---|---|
//! | `house` | which room may import which; first lines; samples |
//! | `docs` | README and `docs/`: links, command lines, flags, messages, columns
//! | `browser` | `report.html` in a headless Chromium, where there is one |
//! | `export` | what is listed, for all sizes, histories, formats and bounds |
//! | `settings` | flags, environment, file: wrong ones are refused before anything is sent |
//! | `accounts` | several accounts in one census; one that fails |
//! | `drift` | clips that move while they are listed, counts that do not agree |
//! | `faults` | what goes wrong on the way: each passes, or ends the run and publishes nothing |
//! | `doubts` | a service that does not do as its document says is never verified
//! | `service` | credentials, scopes, accounts, limits |
//! | `records` | records that are no clips, or odd ones |
//! | `check` | a look before an export |
//! | `log` | what is said on stderr |
//! | `monitor` | a metrics file, and an address that is called |
//! | `help` | help, completions, man pages, suggestions |
//! | `samples` | the files of `samples/` for cron, systemd, containers, orchestrators |
//! | `queries` | the README's, over snapshots of two versions, where there is a Python |
//! | `diff` | what changed from one snapshot to a later one |
//! | `owners` | who the owners are, where that is asked for |
//! | `list` | the snapshots of a folder, and their manifests against each other |
//! | `prune` | which snapshots are removed, and how |
//! | `output` | files, manifests, resuming, locks |
//! | `replacing` | what is there already: nothing worse takes its place, and a fall is told |
//! | `disk` | full, not writable, in the way, another export |
//! | `neighbours` | other users who can write into the output folder, and other machines |
//! | `two_users` | another user of the same machine, with a group in common: by real user ids, where root runs the tests |
//! | `handed_over` | snapshots and answers that nobody of ours made: nothing hangs, memory holds |
//! | `clock` | a census ends at the present of the service |
//! | `secrets` | passcodes, signed links, tokens: in no byte that a run leaves |
//! | `signals` | stopped by a signal, whatever command it is and whatever it waits for |
//! | `network` | proxies, certificates, windows that are refused |
//! | `kill` | killed or stopped at any moment, and run again |
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod accounts;
mod browser;
mod check;
mod clock;
mod diff;
mod disk;
mod docs;
mod doubts;
mod drift;
mod export;
mod faults;
mod handed_over;
mod help;
mod house;
mod kill;
mod list;
mod log;
mod monitor;
mod neighbours;
mod network;
mod output;
mod owners;
mod prune;
mod queries;
mod records;
mod replacing;
mod samples;
mod secrets;
mod service;
mod settings;
mod signals;
mod support;
mod two_users;
