//! Parse, run, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(clipcensus::run(std::env::args_os()) as u8)
}
