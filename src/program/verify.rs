//! The commands `list` and `verify`: what is published, and whether it is as it was.

use std::path::Path;

use jiff::civil::Date;

use crate::disk::{Layout, Table};
use crate::error::Error;
use crate::model::exit_code::ExitCode;
use crate::program::list;
use crate::program::stdout::{print, print_json_line, print_line};
use crate::report::numbers::things;
use crate::settings::args::{ListArgs, ListFormat, VerifyArgs};
use crate::snapshot::{Manifest, locate};
use crate::verify::{Finding, History, history, manifest_hash, verify};

/// Findings that the last word names; more would hide what to do.
const MOST_NAMED: usize = 20;

pub(super) fn run_list(args: &ListArgs) -> Result<ExitCode, Error> {
    let history = settled_history(&Layout::new(&args.out, Table::Clips))?;
    for other in &history.others {
        tracing::warn!("left alone: {other}");
    }
    match args.format {
        ListFormat::Text => list::text(&history)
            .iter()
            .try_for_each(|it| print_line(it))?,
        ListFormat::Json => {
            let lines = list::json_lines(&history);
            lines.iter().try_for_each(|it| print_json_line(it))?;
        }
    }
    let problems = list::problems(&history);
    if problems.is_empty() {
        return Ok(ExitCode::Success);
    }
    Err(not_as_published(
        format!("{} is not as its manifests say", args.out.display()),
        problems.into_iter(),
    ))
}

/// The snapshots of an output folder. Where something is wrong it is looked at again, since an export
/// may have been about to publish.
fn settled_history(layout: &Layout) -> Result<History, Error> {
    let mut former = history(layout)?;
    while former.has_problems() {
        let now = history(layout)?;
        if now.snapshots == former.snapshots && now.findings == former.findings {
            break;
        }
        former = now;
    }
    Ok(former)
}

pub(super) fn run_verify(args: &VerifyArgs) -> Result<ExitCode, Error> {
    if args.all {
        return run_verify_all(&args.snapshot);
    }
    let (verified, findings) = verified(&args.snapshot, true)?;
    for finding in &findings {
        print_line(&list::told(finding))?;
    }
    if !findings.is_empty() {
        let what = format!("the snapshot {} is not as its manifest says", verified.date);
        return Err(not_as_published(what, findings.iter().map(list::told)));
    }
    print(&format!(
        "{}\nmanifest sha256: {}\n",
        verified.what, verified.manifest_sha256
    ))?;
    Ok(ExitCode::Success)
}

/// The last word on what was found: the first of the findings, and how many more there are.
fn not_as_published(what: String, findings: impl ExactSizeIterator<Item = String>) -> Error {
    let more = findings.len().saturating_sub(MOST_NAMED);
    let rest = (more > 0).then(|| format!("{} more", things(more as u64, "finding")));
    let why: Vec<String> = findings.take(MOST_NAMED).chain(rest).collect();
    Error::NotAsPublished {
        what,
        why: why.join("; "),
    }
}

/// A snapshot whose files are as its manifest says.
struct Verified {
    date: Date,
    /// What was looked at, in a line.
    what: String,
    manifest_sha256: String,
}

/// Looks at one snapshot, and at what is on record of its manifest if that is asked for.
fn verified(snapshot: &Path, with_record: bool) -> Result<(Verified, Vec<Finding>), Error> {
    let look = |layout: &Layout, manifest: &Manifest| -> Result<(String, Vec<Finding>), Error> {
        let mut findings = verify(layout, manifest)?;
        let (sha256, finding) = manifest_hash(layout, manifest.date())?;
        findings.extend(finding.filter(|_| with_record));
        Ok((sha256, findings))
    };
    let (layout, mut manifest) = locate(snapshot)?;
    let (mut manifest_sha256, mut findings) = look(&layout, &manifest)?;
    // A snapshot that was replaced meanwhile is looked at as it is now.
    while !findings.is_empty() {
        let (_, now) = locate(snapshot)?;
        if now == manifest {
            break;
        }
        manifest = now;
        (manifest_sha256, findings) = look(&layout, &manifest)?;
    }
    let owners = manifest.owners().map(|owners| things(owners, "owner"));
    let what = format!(
        "{}: {} with {}{} are as the manifest says",
        manifest.date(),
        things(manifest.files.len() as u64, "file"),
        things(manifest.totals.written, "row"),
        owners.map_or_else(String::new, |owners| format!(" and {owners}")),
    );
    let verified = Verified {
        date: manifest.date(),
        what,
        manifest_sha256,
    };
    Ok((verified, findings))
}

/// Looks at every snapshot of an output folder, the newest first, and at their manifests together.
fn run_verify_all(out: &Path) -> Result<ExitCode, Error> {
    let layout = Layout::new(out, Table::Clips);
    let history = settled_history(&layout)?;
    for other in &history.others {
        tracing::warn!("left alone: {other}");
    }
    let mut faulty = 0;
    let mut problems = Vec::new();
    for listed in &history.snapshots {
        let date = listed.date;
        let mut lines: Vec<String> = listed
            .problems
            .iter()
            .map(|problem| format!("{date}: {problem}"))
            .collect();
        if listed.about.is_some() {
            let (verified, findings) = verified(&layout.snapshot_dir(date), false)?;
            let told = |it: &Finding| format!("{date}: {}", list::told(it));
            lines.extend(findings.iter().map(told));
            if lines.is_empty() {
                print(&format!("{}\n", verified.what))?;
                continue;
            }
        }
        faulty += 1;
        for line in &lines {
            print_line(line)?;
        }
        problems.append(&mut lines);
    }
    for line in history.findings.iter().map(list::told) {
        print_line(&line)?;
        problems.push(line);
    }
    let all = things(history.snapshots.len() as u64, "snapshot");
    if !problems.is_empty() {
        print(&format!("{all}, {faulty} of them not as published\n"))?;
        let what = format!("{} is not as its manifests say", out.display());
        return Err(not_as_published(what, problems.into_iter()));
    }
    print(&format!(
        "{all}, all as published; each manifest is the one that those after it name\n"
    ))?;
    if let Some(about) = history.snapshots.first().and_then(|it| it.about.as_ref()) {
        print(&format!("manifest sha256: {}\n", about.sha256))?;
    }
    Ok(ExitCode::Success)
}
