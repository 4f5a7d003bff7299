//! The command `prune`.

use std::collections::BTreeSet;

use crate::disk::{DiskError, Layout, OutputLock, Table};
use crate::error::Error;
use crate::model::exit_code::ExitCode;
use crate::program::confined;
use crate::program::stdout::print;
use crate::report::Bytes;
use crate::report::numbers::{size, things};
use crate::settings::args::PruneArgs;
use crate::snapshot;
use crate::snapshot::retain::reasons;
use crate::snapshot::{RetentionPolicy, prune, recover};

/// Says what goes and why the rest stays, then does it.
pub(super) fn run_prune(args: &PruneArgs) -> Result<ExitCode, Error> {
    let layout = Layout::new(&args.out, Table::Clips);
    // Taking the lock makes the folder.
    if !layout.snapshots_dir().is_dir() {
        let path = args.out.clone();
        return Err(DiskError::NoOutput { path }.into());
    }
    let _confined = confined::write_only_below([layout.out()]);
    let lock = if args.dry_run {
        None
    } else {
        let lock = OutputLock::acquire(&layout)?;
        if let Some(message) = recover(&layout)?.message() {
            tracing::warn!("{message}");
        }
        Some(lock)
    };
    let (held, others) = snapshot::held(&layout)?;
    for error in others {
        tracing::warn!("left alone: {error}");
    }
    let count = |number: Option<u32>| number.map_or(0, |number| number as usize);
    let keep = RetentionPolicy {
        daily: count(args.keep_daily),
        monthly: count(args.keep_monthly),
    };
    let reasons = reasons(&held, snapshot::prune::named(&layout)?, keep);
    for (held, reasons) in held.iter().zip(&reasons) {
        let verb = if reasons.is_empty() { "remove" } else { "keep" };
        let size = size(Bytes(held.bytes.into()));
        let mut why: Vec<&str> = reasons.iter().map(|reason| reason.name()).collect();
        if let Some(damage) = &held.damage {
            why.push("DAMAGED");
            if !reasons.is_empty() {
                tracing::warn!(
                    "the snapshot of {} is damaged, so that it takes no place of those to keep: {damage}; \
                     bring its files back from a copy, or export that date again; delete it when another \
                     one serves as well",
                    held.date
                );
            }
        }
        let line = format!("{verb:<6}  {}  {size:>9}  {}", held.date, why.join(", "));
        print(&format!("{}\n", line.trim_end()))?;
    }
    let mut reasons = reasons.iter();
    let mut old = held;
    old.retain(|_| reasons.next().is_some_and(BTreeSet::is_empty));
    let verb = if args.dry_run {
        "would remove"
    } else {
        "removed"
    };
    if let Some(lock) = lock.filter(|_| !old.is_empty()) {
        prune(&layout, &old, &lock)?;
    }
    let bytes = old.iter().map(|held| u128::from(held.bytes)).sum();
    print(&format!(
        "{verb} {} with {}\n",
        things(old.len() as u64, "snapshot"),
        size(Bytes(bytes)),
    ))?;
    Ok(ExitCode::Success)
}
